"""What is wrong with an execution on the wire: the engine's rules, and what nothing but a real process can break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from durable_conformance import Finding
from durable_conformance.execution import Run
from durable_conformance.rules import EXECUTION, PAIR_RULES, REQUEST_STABILITY, RUN_RULES, Rule, canonical, finding
from tests.wire.playing import Played

SAME_CHECKPOINTS = Rule(
    "same-checkpoints",
    breaks_it="an operation holds another payload, error or number of attempts than on this machine",
    matters="the models answer as they do here, so nothing but the interruption can have changed it",
    remedy="build what a step returns from the event, from step results and from the model's answer only",
)
EXACT_CALLS = Rule(
    "exact-calls",
    breaks_it="a call that died with its process is not made again once, or another one is",
    matters="an answer is paid for twice, or comes from somewhere else than its checkpoint",
    remedy="call the model in steps, and take its answers from them",
)


def findings(baseline: Run, played: Played, where: str = "undisturbed") -> list[Finding]:
    """What an execution on the wire broke; empty if it ended, and paid, as if nothing had happened.

    Args:
        baseline: The scenario's run on this machine, undisturbed.
        played: The execution.
        where: What happened to it.
    """
    run, expected = played.run, canonical(baseline)
    actual = canonical(run)
    return [
        *(found for rule in RUN_RULES for found in rule(run, where)),
        *(found for rule in PAIR_RULES for found in rule(expected, actual, where)),
        *_checkpoints(baseline, run, where),
        *_calls(baseline, run, where),
        *_unknown_requests(played, where),
    ]


def _checkpoints(baseline: Run, run: Run, where: str) -> Iterator[Finding]:
    """What the engine leaves open, because its models need not answer twice the same."""
    theirs = {record.path: record for record in baseline.operations}
    for record in run.operations:
        known = theirs.get(record.path, record)
        if record != known:
            yield finding(SAME_CHECKPOINTS, record.path, where, expected=str(known), actual=str(record))


def _calls(baseline: Run, run: Run, where: str) -> Iterator[Finding]:
    made = Counter(call.path for call in run.calls)
    due = Counter(call.path for call in baseline.calls) + lost_calls(run)
    for path in sorted(made.keys() | due.keys(), key=lambda path: path or ""):
        if made[path] != due[path]:
            expected, actual = f"{due[path]} calls", f"{made[path]} calls"
            yield finding(EXACT_CALLS, path or EXECUTION, where, expected=expected, actual=actual)


def _unknown_requests(played: Played, where: str) -> Iterator[Finding]:
    for request in played.execution.unknown:
        actual = f"{request.label} {request.body}"
        yield finding(REQUEST_STABILITY, EXECUTION, where, expected="what an operation asks here", actual=actual)


def lost_calls(run: Run) -> Counter[str | None]:
    """The model calls that died with an invocation, by path: made, and their answers not checkpointed when it died."""
    return Counter(
        call.path
        for death in run.deaths
        for call in run.calls
        if call.invocation == death.invocation and call.path not in death.completed
    )
