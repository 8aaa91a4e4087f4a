"""Handlers as others write them (`as_found`): each is explored, and what must be said about it is said.

One test a handler, all of a file in one group. A correct handler is interrupted before and after each checkpoint, its
model never answers twice the same; of a broken one, an exploration ends with the first error that is looked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from durable_conformance import CrashKind, Exploration, Report, Scenario, explore, handler_factory
from durable_conformance.model import scripted
from durable_conformance.subject import OK, Always, Reference, reference_to
from providers.scripted import ScriptedProvider
from tests.conformance.as_found import (  # noqa: F401  # importing them writes down what must be said
    broken,
    correct_calls,
    correct_flow,
    effects_outside,
    outside_the_process,
    own_clients,
    plain_forms,
    races,
    sample,
    sdk_examples,
    state_in_steps,
    strands_agents,
    swallowed,
)
from tests.conformance.as_found.says import FOUND, Found, Verdict

AT_IMPORT = (
    Found("clients_at_import", "asks_twice", Verdict.CONFORMS, models=2, aws=()),
    Found(
        "clients_at_import", "keeps_an_order", Verdict.CONFORMS, models=0, aws=("dynamodb.PutItem", "sqs.SendMessage")
    ),
    Found("clients_at_import", "mails_in_a_step", Verdict.CONFORMS, models=1, aws=("sesv2.SendEmail",)),
    Found("clients_at_import", "asks_outside_any_step", Verdict.ERROR, frozenset({"durable-calls"})),
    Found(
        "clients_at_import",
        "keeps_an_order_outside_any_step",
        Verdict.ERROR,
        frozenset({"side-effects", "durable-calls"}),
    ),
)
"""A module that cannot be imported here: its clients want a region, which the check's own processes have."""

ALL = (*FOUND, *AT_IMPORT)


def explored(found: Found) -> Report:
    """What the check says about it."""
    place = f"{Found.__module__.rpartition('.')[0]}.{found.module}:{found.name}"
    kinds = (CrashKind.BEFORE_PERSIST, CrashKind.AFTER_PERSIST)
    if found.verdict is Verdict.ERROR:
        kinds = (CrashKind.AFTER_PERSIST, CrashKind.DURING_CALL)
    exploration = Exploration(
        kinds=kinds,
        side_by_side=2,
        pure=False,
        orders=not found.order_matters,
        until=found.rules if found.verdict is Verdict.ERROR else frozenset(),
    )
    scenario = Scenario(
        found.event,
        (lambda: ScriptedProvider(found.script)) if found.script else scripted,
        found.callbacks,
        ask=Always(OK),
        invokes=found.invokes,
        answers=found.answers,
        environment=found.environment,
        expect=found.expect,
    )
    if found.handler is None:
        return explore(Reference(place), scenario, exploration, elsewhere=None)
    elsewhere = reference_to(found.handler) if found.elsewhere else None
    return explore(handler_factory(found.handler, found.name), scenario, exploration, elsewhere=elsewhere)


def params(all_: Sequence[Found]) -> list[object]:
    """A parameter for each; those that need other sandboxes share one worker, which starts them once."""
    return [
        pytest.param(
            found,
            id=found.id,
            marks=pytest.mark.xdist_group("fresh-interpreters" if found.elsewhere else f"as-found-{found.module}"),
        )
        for found in all_
    ]


@pytest.mark.parametrize("found", params(ALL))
def test_what_is_said_about_a_handler_as_found(found: Found) -> None:
    report = explored(found)
    if found.verdict is Verdict.CANNOT_RUN:
        assert report.could_not_run
        assert found.mentions in " ".join(report.could_not_run)
        return
    assert report.could_not_run == ()
    assert was_seen(found, report)
    looked_for = [one for one in report.findings if not found.rules or one.rule in found.rules]
    match found.verdict:
        case Verdict.ERROR:
            assert set(looked_for) & set(report.errors), report.findings
        case Verdict.EITHER:
            assert looked_for
            assert found.mentions in str(report.findings)
        case _:
            assert report.errors == ()
            assert report.points > 0, "there was something to interrupt"
    if found.verdict is Verdict.WARNING:
        assert {one.rule for one in looked_for} == found.rules


def was_seen(found: Found, report: Report) -> bool:
    """Whether the report tells of the calls that the undisturbed execution makes, as far as that is known."""
    names = {seen.partition(" ")[2]: int(seen.partition(" ")[0]) for seen in report.seen}
    models = names.get("model calls", names.get("model call", 0))
    aws = tuple(sorted(name for name in names if "." in name))
    return found.models in {None, models} and found.aws in {None, aws}


def test_every_kind_is_there() -> None:
    broken_ones = [found for found in ALL if found.verdict in {Verdict.ERROR, Verdict.EITHER}]
    correct_ones = [found for found in ALL if found.verdict in {Verdict.CONFORMS, Verdict.WARNING}]
    assert len({found.id for found in ALL}) == len(ALL)
    assert len(broken_ones) >= 80
    assert len(correct_ones) >= 150
    assert all(found.rules or found.mentions for found in broken_ones), "an error is looked for by its rule"
