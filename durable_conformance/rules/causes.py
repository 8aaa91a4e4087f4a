"""Why a run differs from the baseline: what code outside steps has read, and what it has changed."""

from __future__ import annotations

from collections.abc import Iterator

from durable_conformance.execution import (
    EXECUTION,
    Checkpointed,
    ModuleChanged,
    OperationBegan,
    ReadOutside,
    Run,
    VariableChanged,
)
from durable_conformance.rules.findings import Cause, Finding
from durable_conformance.rules.stability import (
    ENVIRONMENT,
    HISTORY_STABILITY,
    NO_INVOCATION_STATE,
    REPLAY_IDENTITY,
    REQUEST_STABILITY,
    RESULT_STABILITY,
)

DIFFER = frozenset(
    {
        one.name
        for one in (
            REPLAY_IDENTITY,
            RESULT_STABILITY,
            HISTORY_STABILITY,
            REQUEST_STABILITY,
            NO_INVOCATION_STATE,
            ENVIRONMENT,
        )
    }
)
"""The rules whose findings say that two runs differ. The line of any other finding is its cause."""


def cause_of(found: Finding, run: Run, baseline: Run) -> Cause | None:
    """The cause of a difference: what was read and is in what differs; else what was changed, or what was read last.

    Which of these comes first is a matter of how the difference was shown: in a second execution, what the first has
    left in the module; in other sandboxes, what was read; after an interruption, what a step has changed.
    """
    if found.rule not in DIFFER:
        return None
    reads = list(_reads(found, run)) or list(_reads(found, baseline))
    if reached := [one for one in reads if _shows(one, run, baseline, found)]:
        return _read(reached[-1])  # the nearest, where several read the same, such as the time
    events = (*run.events, *baseline.events)
    module = next((_module(one) for one in events if isinstance(one, ModuleChanged)), None)
    changed = next((_variable(one) for one in events if isinstance(one, VariableChanged)), None)
    last = _read(reads[-1], likely=True) if reads else None
    match found.rule:
        case NO_INVOCATION_STATE.name:
            return module or changed or last
        case ENVIRONMENT.name:
            return last or changed or module
    return changed or last or module


def _variable(changed: VariableChanged) -> Cause:
    name = changed.name
    why = (
        f"`{name}` is changed by the function of {changed.path} at {changed.line}, and replay skips that: return what "
        "it holds from the step, and set it from the result"
    )
    return Cause(name, changed.line, why)


def _module(changed: ModuleChanged) -> Cause:
    why = (
        f"`{changed.name}` of the module is changed at {changed.line} in every invocation, and a warm process keeps "
        "it: keep what must be remembered in a step's result"
    )
    return Cause(changed.name, changed.line, why)


def _reads(found: Finding, run: Run) -> Iterator[ReadOutside]:
    """What was read before the finding's operation was come to, or at all; the same once."""
    told: set[tuple[str, str]] = set()
    for event in run.events:
        if isinstance(event, OperationBegan | Checkpointed) and event.path == found.path != EXECUTION:
            return
        if isinstance(event, ReadOutside) and (event.what, event.line) not in told:
            told.add((event.what, event.line))
            yield event


def _shows(read: ReadOutside, run: Run, baseline: Run, found: Finding) -> bool:
    """Whether what differs holds what was read."""
    marks = {
        mark
        for one in (run, baseline)
        for other in one.events
        if isinstance(other, ReadOutside) and (other.what, other.line) == (read.what, read.line)
        for mark in other.marks
    }
    in_path = found.path != EXECUTION and any(mark in found.path for mark in marks)
    return in_path or any((mark in found.actual) is not (mark in found.expected) for mark in marks)


def _read(read: ReadOutside, *, likely: bool = False) -> Cause:
    why = (
        f"`{read.what}` at {read.line} reads {read.source}, again on every replay: read it in a step, "
        f"`context.step(lambda _: {read.what})`"
    )
    return Cause(read.what, read.line, why, likely)
