"""What a change of the code must not do to executions that were running before it."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from pydantic import JsonValue

from durable_conformance.execution import TERMINAL, Run, path_order, place
from durable_conformance.histories.golden import Golden
from durable_conformance.rules import (
    EXECUTION,
    GUIDE,
    Finding,
    Rule,
    canonical,
    difference,
    finding,
    history_stability,
    replay_identity,
    result_stability,
)

UPGRADE = Rule(
    "upgrade",
    breaks_it="an execution that was recorded on other code does not go on as it did from some point on",
    matters="executions that are running when you deploy fail, or mix old answers with new questions",
    remedy="deploy it as a new version and let running executions end on theirs, or have the code do as it did up to "
    "there; once no execution of the old code is left, record the history anew",
    source=f"{GUIDE}#durable-versioning",
)

_POLLING = frozenset({"START", "RETRY"})
_ID = re.compile(r"id='([0-9a-f]{64})'")


@dataclass(frozen=True)
class Replayed:
    """A recorded execution that went on, on today's code, when some of its changes had happened.

    Attributes:
        changes: How many of its changes had happened.
        run: What had happened, and what followed.
    """

    golden: Golden
    changes: int
    run: Run

    @property
    def where(self) -> str:
        """Which prefix, in words."""
        return self.golden.where(self.changes)

    @property
    def before(self) -> int:
        """How many of the run's updates had been made before it went on."""
        return self.golden.before(self.changes)

    @property
    def interrupted(self) -> bool:
        """Whether a step that may not be repeated was half-way: that it was interrupted is then recorded."""
        return any(update.interrupted for update in self.run.updates[self.before :])

    @property
    def racing(self) -> bool:
        """Whether a batch was open that ends before its branches do: with which of them is open, then."""
        changes = self.golden.history.changes[: self.changes]
        ended = {change.path for change in changes if change.status in TERMINAL}
        return not self.golden.canonical.decided_early <= ended


def upgrade(replayed: Replayed) -> Iterable[Finding]:
    """The first thing that differs from the recorded execution, if anything does."""
    for rule in _rules(replayed):
        for found in rule(replayed):
            line = found.line or replayed.run.line_of(found.path)
            yield dataclasses.replace(found, rule=UPGRADE.name, crash=replayed.where, remedy=UPGRADE.remedy, line=line)
            return  # what follows differs because of this


def _rules(replayed: Replayed) -> Sequence[Callable[[Replayed], Iterable[Finding]]]:
    if replayed.racing or (replayed.interrupted and replayed.run.interrupted_for_good):
        return (_identity,)  # how it goes on is not settled by what was recorded
    if replayed.interrupted:
        return (_identity, _requests, _ending, _met, _operations, _result)
    return (_identity, _requests, _ending, _met, _operations, _updates, _result)


def _identity(replayed: Replayed) -> Iterable[Finding]:
    """The code reaches another operation than was recorded at this place, and the SDK says so."""
    for found in replay_identity(replayed.run, replayed.where):
        which = _ID.search(replayed.run.error_message or "")
        path = replayed.golden.paths.get(which[1], EXECUTION) if which else EXECUTION
        yield dataclasses.replace(found, path=path, actual=_ID.sub(path, found.actual))


def _requests(replayed: Replayed) -> Iterable[Finding]:
    """The model is asked what it was not asked by the operation at this place."""
    known = replayed.golden.calls_at
    if known is None:
        return
    for call in replayed.run.calls:
        recorded = known.get(place(call.path or ""), ())
        if call.request.digest in {one.request_digest for one in recorded}:
            continue
        asked = call.request.text
        expected, actual = difference(_text(recorded[0].request) if recorded else "no request", asked)
        if expected == actual:  # the model layer digests requests otherwise than it did
            expected = f"request {recorded[0].request_digest}"
            actual = f"the same, digested as {call.request.digest}"
        yield finding(UPGRADE, call.path or EXECUTION, replayed.where, expected=expected, actual=actual)


def _ending(replayed: Replayed) -> Iterable[Finding]:
    """It succeeds where it failed, or fails where it succeeded, or does not end."""
    return _result(replayed) if replayed.run.status != replayed.golden.run.status else ()


def _met(replayed: Replayed) -> Iterable[Finding]:
    """The code does not come by an operation that was recorded."""
    due = replayed.golden.met_on_replay(replayed.changes) - replayed.run.met
    for id_, path in replayed.golden.paths.items():
        if id_ in due:
            expected, actual = "replayed, as it was recorded", "the code does not come by it"
            yield finding(UPGRADE, path, replayed.where, expected=expected, actual=actual)


def _operations(replayed: Replayed) -> Iterable[Finding]:
    return history_stability(replayed.golden.canonical, canonical(replayed.run), replayed.where)


def _updates(replayed: Replayed) -> Iterable[Finding]:
    """What the code checkpoints from here on is not what was checkpointed."""
    expected, actual = (
        _actions(run, replayed.before, replayed.golden.canonical.decided_early)
        for run in (replayed.golden.run, replayed.run)
    )
    for path in sorted(expected.keys() | actual.keys(), key=path_order):
        if expected.get(path) != actual.get(path):
            one, two = (_listed(actions.get(path)) for actions in (expected, actual))
            yield finding(UPGRADE, path, replayed.where, expected=one, actual=two)


def _result(replayed: Replayed) -> Iterable[Finding]:
    return result_stability(replayed.golden.canonical, canonical(replayed.run), replayed.where)


def _actions(run: Run, before: int, decided_early: Set[str]) -> Mapping[str, Counter[str]]:
    """For each operation, what is checkpointed after the first `before` updates, and how often.

    What branches do that a batch leaves behind is a matter of timing, and how often a condition is polled is the
    world's.
    """
    polled = {operation.path for operation in run.operations if operation.sub_type == "WaitForCondition"}
    actions: dict[str, Counter[str]] = {}
    for update in run.updates[before:]:
        left_behind = any(update.path.startswith(f"{batch}/") for batch in decided_early)
        if not left_behind and not (update.path in polled and update.action in _POLLING):
            actions.setdefault(update.path, Counter())[update.action] += 1
    return actions


def _listed(actions: Counter[str] | None) -> str:
    return ", ".join(sorted(actions.elements())) if actions else "no update"


def _text(request: JsonValue) -> str:
    return json.dumps(request, sort_keys=True, ensure_ascii=False)
