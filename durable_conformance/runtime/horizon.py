"""How far an execution is followed past its interruption, where following each to its end would take too long.

To its end, each of a workflow's interrupted executions costs as much as the workflow is long, and all of them its
square. With a horizon, an execution begins a few operations before its interruption, where the baseline recorded a
state that it can begin with, and stops a few after it; what it has done by then is held against the baseline.

A prompt or operation that replay changes is found however far its cause is from it: an interruption shortly before
that place replays everything that came before. Not so what an interruption leaves behind, in the process or in a
checkpoint, that shows only further on: for that, `sweep` follows other executions to their ends, and one that does not
go as the baseline did (`drifted`) is followed to its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aws_durable_execution_sdk_python.lambda_service import (
    Operation,
    OperationAction,
    OperationStatus,
    OperationType,
    OperationUpdate,
)

from durable_conformance.execution.operations import BATCHES, TERMINAL, OperationRecord, path_order, place
from durable_conformance.execution.run import Prefix, Run, Start, with_parents
from durable_conformance.rules.normal_form import TAG, Canonical
from durable_conformance.runtime.branch_order import BRANCHES
from durable_conformance.runtime.observer import ModelCall

AT_HORIZON = "HORIZON: not followed any further"
"""The status of an execution that was stopped there."""

_ENDED = frozenset(status.value for status in TERMINAL)
_ENDINGS = frozenset({"SUCCEED", "FAIL"})


class Horizon:
    """Counts the operations that one execution comes to after its interruption.

    Args:
        operations: How many it may begin; None follows it to its end.
        anchor: The operation that it is interrupted at; None if it has not been yet.
    """

    def __init__(self, operations: int | None, anchor: str | None = None) -> None:
        self._operations = operations
        self._anchor = anchor
        self._begun: set[str] = set()

    def interrupted(self, path: str) -> None:
        """The execution is interrupted at the operation at `path`: what comes after it counts."""
        self._anchor = path

    def passed_with(self, update: OperationUpdate, path: str) -> bool:
        """Whether what `update` begins, at `path`, is one operation too many."""
        if self._operations is None or self._anchor is None or update.action is not OperationAction.START:
            return False
        if update.sub_type in BRANCHES:
            return False  # it runs beside the others, and may begin at any time
        if path in self._begun or not comes_later(path, self._anchor):
            return False
        if len(self._begun) == self._operations:
            return True
        self._begun.add(path)
        return False


def comes_later(path: str, anchor: str) -> bool:
    """Whether the code comes to the operation at `path` after the one at `anchor`, in a context they both stand in.

    Branches of a batch do not come one after the other, and what stands deeper counts with the context it stands in.
    """
    *context, position = place(path).split("/")
    there = place(anchor).split("/")
    if len(there) <= len(context) or there[: len(context)] != context:
        return False
    branch, number = _numbers(position)
    their_branch, their_number = _numbers(there[len(context)])
    return branch == their_branch and number > their_number


def _numbers(position: str) -> tuple[str, int]:
    """A position in its context: the branch, if it is in one that has no operation of its own, and the number there."""
    branch, _, number = position.rpartition(".")
    return branch, int(number) if number.isdigit() else -1


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
        far_enough = len(begun) >= operations and update.action in _ENDINGS
        if far_enough and not _under_way(baseline.after_update(earlier), baseline.calls):
            return baseline.until_update(earlier)
        if update.action == OperationAction.START.value and update.path != path:
            begun.add(update.path)
    return None


def _under_way(state: Start, calls: Sequence[ModelCall]) -> bool:
    """Whether a step has begun there and not ended. It may ask the model before the service knows that it has begun.

    What a batch that has ended left open does not count: nothing comes back to it.
    """
    ids = {operation.operation_id: operation for operation in state.operations}

    def left_behind(operation: Operation) -> bool:
        parent = ids.get(operation.parent_id or "")
        return parent is not None and (parent.status in TERMINAL or left_behind(parent))

    asking = [call.path for call in calls[: state.calls] if call.path is not None]
    return any(state.completed.isdisjoint(with_parents(path)) for path in asking) or any(
        operation.operation_type is OperationType.STEP
        and operation.status is OperationStatus.STARTED
        and not left_behind(operation)
        for operation in state.operations
    )


def drifted(baseline: Run, run: Run) -> bool:
    """Whether `run`, followed so far only, does not go as `baseline` did: what comes of that may show further on.

    An operation of it ended otherwise, or has not ended though later ones have begun. How the branches of a batch ended
    is a matter of timing, and left out.
    """
    if run.status != AT_HORIZON:
        return False
    theirs = {operation.path: operation for operation in baseline.operations}
    for operation in run.operations:
        if operation.status not in _ENDED:
            otherwise = any(comes_later(later.path, operation.path) for later in run.operations)
        else:
            known = theirs.get(operation.path, operation)  # equal, mostly: then payloads need not be searched for tags
            otherwise = (
                operation != known and operation.sub_type not in BATCHES and _ending(operation) != _ending(known)
            )
        if otherwise:
            return True
    return False


def _ending(operation: OperationRecord) -> tuple[str, ...]:
    """How it ended, but for what makes the answers of a never-twice model unique."""
    return operation.status, *(TAG.sub("", text or "") for text in (operation.result, operation.error_message))


def as_followed(baseline: Canonical, run: Canonical) -> Canonical:
    """`run` as it would be if it went on as `baseline` did from where it was stopped, if it was stopped."""
    if run.run.status != AT_HORIZON:
        return run
    expected = {row[0]: row for row in baseline.history}
    known = {row[0] for row in run.history}
    ended = {operation.path for operation in run.run.operations if operation.status in _ENDED}
    history = []
    for operation, row in zip(run.run.operations, run.history, strict=True):
        theirs = expected.get(row[0])
        same = theirs is not None and theirs[1:3] == row[1:3]
        history.append(theirs if theirs and same and operation.path not in ended else row)
    rest = (row for row in baseline.history if row[0] not in known)
    return replace(
        run,
        run=replace(run.run, status=baseline.run.status),
        result=baseline.result,
        error=baseline.error,
        history=tuple(sorted((*history, *rest), key=lambda row: path_order(row[0]))),
        # An operation may have begun to ask when the execution was stopped, or not: that is a matter of timing.
        requests={path: texts for path, texts in run.requests.items() if path in known or path not in expected},
    )
