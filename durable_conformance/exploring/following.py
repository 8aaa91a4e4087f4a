"""How an execution is followed past its interruption where following each to its end would take too long.

It begins a few operations before its interruption, where the baseline recorded a state that it can begin with, and
stops a few after it (`runtime.crashing.Horizon`); what it has done by then is held against the baseline.

A prompt or operation that replay changes is found however far its cause is from it: an interruption shortly before
that place replays everything that came before. Not so what an interruption leaves behind, in the process or in a
checkpoint, that shows only further on: for that, `sweep` follows other executions to their ends, and one that does not
go as the baseline did (`diverged`) is followed to its own.
"""

from __future__ import annotations

from aws_durable_execution_sdk_python.lambda_service import Operation, OperationStatus, OperationType

from durable_conformance.execution import (
    AT_HORIZON,
    BATCHES,
    ENDED,
    ENDS,
    TERMINAL,
    Action,
    OperationRecord,
    Prefix,
    Run,
    Start,
    comes_later,
    with_parents,
)
from durable_conformance.model import ModelCall, comparable


def begun_before(baseline: Run, position: int, operations: int) -> Prefix | None:
    """The last state of `baseline` that lies so many operations before its update at `position`, in one invocation.

    No step is under way in it, nor a model call: an execution that begins there does nothing again. None if there is no
    such state.
    """
    if position >= len(baseline.updates):
        return None
    invocation, path = baseline.updates[position].invocation, baseline.updates[position].path
    begun: set[str] = set()
    for earlier in range(position - 1, -1, -1):
        update = baseline.updates[earlier]
        if update.invocation != invocation:
            return None
        far_enough = len(begun) >= operations and update.action in ENDS
        if far_enough and not _under_way(baseline, baseline.after_update(earlier)):
            return baseline.until_update(earlier)
        if update.action == Action.START and update.path != path:
            begun.add(update.path)
    return None


def _under_way(baseline: Run, state: Start) -> bool:
    """Whether a step has begun there and not ended. It may ask the model before the service knows that it has begun.

    What a batch that has ended left open does not count: nothing comes back to it.
    """
    ids = {operation.operation_id: operation for operation in state.operations}

    def left_behind(operation: Operation) -> bool:
        parent = ids.get(operation.parent_id or "")
        return parent is not None and (parent.status in TERMINAL or left_behind(parent))

    events = baseline.events[: state.events]
    asking = [event.path for event in events if isinstance(event, ModelCall) and event.path is not None]
    return any(state.completed.isdisjoint(with_parents(path)) for path in asking) or any(
        operation.operation_type is OperationType.STEP
        and operation.status is OperationStatus.STARTED
        and not left_behind(operation)
        for operation in state.operations
    )


def diverged(baseline: Run, run: Run) -> bool:
    """Whether `run`, followed so far only, does not go as `baseline` did: what comes of that may show further on.

    An operation of it ended otherwise, or has not ended though later ones have begun. How the branches of a batch ended
    is a matter of timing, and left out.
    """
    if run.status != AT_HORIZON:
        return False
    theirs = {operation.path: operation for operation in baseline.operations}

    def otherwise(mine: OperationRecord) -> bool:
        if mine.status not in ENDED:
            return any(comes_later(later.path, mine.path) for later in run.operations)
        known = theirs.get(mine.path, mine)  # equal, mostly: then payloads need not be searched for tags
        return mine != known and mine.sub_type not in BATCHES and _ending(mine) != _ending(known)

    return any(map(otherwise, run.operations))


def _ending(operation: OperationRecord) -> tuple[str, ...]:
    """How it ended, but for what makes the answers of a never-twice model unique."""
    return operation.status, *(comparable(text or "") for text in (operation.result, operation.error_message))
