"""What a handler does whatever people answer, where nobody says what they do.

An undisturbed execution that is answered as usual shows one way. Refusals, and callbacks that time out, are others: the
handler's own code may handle them, and then what it does is explored, too. It may as well fail: then there is nothing
to explore, and the report says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from durable_conformance.exploring.exploration import Exploration
from durable_conformance.exploring.explore import ExplorationInterrupted
from durable_conformance.rules import Report, in_words, of_every_way
from durable_conformance.subject import OK, Answered, ByName, CallbackAnswer, Refused, Scenario, Silence

type Explore = Callable[[Scenario, Exploration, str | None], Report]
"""Explores how a scenario can be interrupted. The words tell it from others of the same check, and may be empty; None
is for one that is not shown."""

USUAL = (
    '{"approved": true}',
    '{"approved": true, "status": "approved", "decision": "approve"}',
    "true",
    *("Approved", "approved", "approve", "APPROVED", "yes", "ok", "{}"),
)
"""What people and systems answer where `"ok"` makes the execution fail: the first that the handler takes is used."""


def bare(case: str) -> str:
    """The id of a case without what tells the way in which people answer."""
    return next((case.removeprefix(way.id) for way in WAYS if case.startswith(way.id)), case)


UNDISTURBED = Exploration(points=(), never_twice=False, faults=False, orders=False)
"""As little as says how an execution ends."""


@dataclass(frozen=True)
class _Way:
    """What all callbacks are answered."""

    words: str
    answer: CallbackAnswer
    id: str  # what the ids of its cases begin with


WAYS = (
    _Way("every callback refused", Refused("refused"), "refused:"),
    _Way("no callback answered in time", Silence(), "silent:"),
)


def explore_every_answer(scenario: Scenario, exploration: Exploration, explore: Explore) -> Report:
    """Explore `scenario`, whose callbacks nobody has said the answers to, in every way in which people may answer.

    Raises:
        ExplorationInterrupted: Somebody has interrupted it; it holds what is known by then.
    """
    for way in WAYS:
        if exploration.only and exploration.only.startswith(way.id):
            return _explored(scenario, way, exploration, explore)

    def ends_with(answer: CallbackAnswer) -> str:
        undisturbed = replace(UNDISTURBED, shard=exploration.shard)
        return explore(_answered(scenario, answer), undisturbed, None).undisturbed

    report = explore(scenario, exploration, "")
    if not report.callbacks or scenario.expect != "SUCCEEDED":
        return report
    said = f"answered {OK}"
    if report.undisturbed != "SUCCEEDED":
        usual = next((one for one in USUAL if ends_with(Answered(one)) == "SUCCEEDED"), None)
        if usual is None:
            return replace(report, answers=(f"{said}; the handler fails, and with other usual answers, too",))
        said = f"answered {usual}, since the handler fails with {OK}"
        report = explore(_answered(scenario, Answered(usual)), exploration, "")
    reports = [replace(report, answers=(said,))]
    if exploration.only:
        return reports[0]
    for way in WAYS:
        found = (found for one in reports for found in one.findings)
        if any(one.rule in exploration.until and one.severity in exploration.until_severities for one in found):
            break
        try:
            ends = ends_with(way.answer)
        except ExplorationInterrupted as stopped:
            raise ExplorationInterrupted(of_every_way([*reports, in_words(way.words, stopped.report)])) from stopped
        if ends != "SUCCEEDED":
            why = f"{way.words}, which is not explored: the execution ends {ends}"
            if ends.startswith("FAILED"):
                why += ", as it may"
            reports.append(replace(reports[0], findings=(), runs=0, points=0, seconds=0.0, answers=(why,), pieces=()))
            continue
        try:
            reports.append(_explored(scenario, way, exploration, explore))
        except ExplorationInterrupted as stopped:
            raise ExplorationInterrupted(of_every_way([*reports, in_words(way.words, stopped.report)])) from stopped
    return of_every_way(reports)


def _explored(scenario: Scenario, way: _Way, exploration: Exploration, explore: Explore) -> Report:
    return in_words(way.words, explore(_answered(scenario, way.answer), replace(exploration, way=way.id), way.words))


def _answered(scenario: Scenario, answer: CallbackAnswer) -> Scenario:
    return replace(scenario, ask=ByName(otherwise=answer), ask_invokes=scenario.ask_invokes or scenario.ask)
