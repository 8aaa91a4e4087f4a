"""The state of a recorded execution after each of its changes: where an execution that was running then goes on."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence

from aws_durable_execution_sdk_python.exceptions import StepInterruptedError
from aws_durable_execution_sdk_python.lambda_service import (
    CallbackDetails,
    ChainedInvokeDetails,
    ContextDetails,
    ErrorObject,
    Operation,
    OperationType,
    StepDetails,
    WaitDetails,
)
from aws_durable_execution_sdk_python_testing.token import CallbackToken

from durable_conformance.execution.operations import BATCHES, TERMINAL, path_order
from durable_conformance.execution.run import Awaited, Prefix, Start
from durable_conformance.histories.file import Change, History, HistoryOperation, RecordedError
from durable_conformance.runtime.clock import EPOCH
from durable_conformance.runtime.observer import CheckpointUpdate
from durable_conformance.runtime.service import ARN


def prefix_after(history: History, changes: int, fresh: Start) -> Prefix:
    """What an execution did when the first `changes` of `history` had happened: another can begin there.

    Args:
        history: The recorded execution.
        changes: How many, from 0.
        fresh: The state in which an execution of the same event begins.
    """
    happened = history.changes[:changes]
    operations = operations_after(history, changes)
    ended = [operation.operation_id for operation in operations if operation.status in TERMINAL]
    updates = updates_of(history)[: sum(change.action is not None for change in happened)]
    paths = {operation.id: operation.path for operation in history.operations}
    start = dataclasses.replace(
        fresh,
        invocation=happened[-1].invocation + 1 if happened else 1,
        operations=(*fresh.operations, *operations),
        now=max(fresh.now, _moment(happened[-1].at)) if happened else fresh.now,
        awaited=_awaited(history, happened),
        updates=len(updates),
        completed=frozenset(paths[operation] for operation in ended),
        # The SDK tells its plugins about a finished operation that it meets on replay only if the service says that it
        # has changed meanwhile: that is how replaying one is noticed.
        changed=tuple(ended),
    )
    return Prefix(start, updates, calls=(), effects=())


def operations_after(history: History, changes: int) -> list[Operation]:
    """What the service held after the first `changes`, in the order in which it came to hold it."""
    known = {operation.path: operation for operation in history.operations}
    happened: dict[str, list[Change]] = {}
    for change in history.changes[:changes]:
        happened.setdefault(change.path, []).append(change)
    return [
        _operation(known[path], known.get(known[path].parent or ""), its_changes)
        for path, its_changes in happened.items()
    ]


def updates_of(history: History) -> tuple[CheckpointUpdate, ...]:
    """The updates that the handler checkpointed, as an observer would have seen them."""
    known = {operation.path: operation for operation in history.operations}
    seen: Counter[tuple[str, str]] = Counter()
    updates = []
    for change in history.changes:
        if change.action is None:
            continue
        action = change.action.value
        updates.append(
            CheckpointUpdate(
                invocation=change.invocation,
                path=change.path,
                action=action,
                occurrence=seen[change.path, action],
                delay_seconds=change.delay_seconds,
                payload_bytes=len(str(change.result or "").encode(errors="surrogatepass")),
                name=known[change.path].name,
                timeout_seconds=change.timeout_seconds,
                interrupted=bool(change.error and (change.error.type or "").endswith(StepInterruptedError.__name__)),
                function_name=change.function_name,
            )
        )
        seen[change.path, action] += 1
    return tuple(updates)


def _awaited(history: History, happened: Sequence[Change]) -> Mapping[str, Awaited]:
    ids = {operation.path: operation.id for operation in history.operations}
    return {
        ids[change.path]: Awaited(change.timeout_seconds or 0, change.heartbeat_seconds or 0, change.function_name)
        for change in happened
        if change.timeout_seconds is not None or change.function_name is not None
    }


def _operation(identity: HistoryOperation, parent: HistoryOperation | None, changes: Sequence[Change]) -> Operation:
    first, last = changes[0], changes[-1]
    operation = Operation(
        operation_id=identity.id,
        operation_type=identity.type,
        status=last.status,
        parent_id=parent.id if parent else None,
        name=identity.name,
        start_timestamp=_moment(first.at),
        end_timestamp=_moment(last.at) if last.status in TERMINAL else None,
        sub_type=identity.sub_type,
    )
    result = None if last.result is None else str(last.result)
    error = _error(last.error)
    due = None if last.due is None else _moment(last.due)
    match identity.type:
        case OperationType.STEP:
            return dataclasses.replace(operation, step_details=StepDetails(last.attempt or 0, due, result, error))
        case OperationType.CONTEXT:
            details = ContextDetails(bool(last.replay_children), result, error)
            return dataclasses.replace(operation, context_details=details)
        case OperationType.WAIT:
            return dataclasses.replace(operation, wait_details=WaitDetails(due))
        case OperationType.CALLBACK:
            token = CallbackToken(ARN, identity.id).to_str()
            return dataclasses.replace(operation, callback_details=CallbackDetails(token, result, error))
        case _:
            return dataclasses.replace(operation, chained_invoke_details=ChainedInvokeDetails(result, error))


def _moment(seconds: float) -> dt.datetime:
    return EPOCH + dt.timedelta(seconds=seconds)


def _error(error: RecordedError | None) -> ErrorObject | None:
    return None if error is None else ErrorObject(error.message, error.type, error.data, stack_trace=None)


def met_on_replay(history: History, changes: int) -> frozenset[str]:
    """Ids of the operations that code which replays the first `changes` tells of coming by.

    The SDK tells plugins what a context replays up to its first operation that has not ended, that one included. Of
    finished branches, and of what stands in finished contexts, it tells nothing.
    """
    operations = {operation.operation_id: operation for operation in operations_after(history, changes)}
    paths = {operation.id: operation.path for operation in history.operations}
    met: set[str] = set()
    replayed_to: dict[str | None, bool] = {None: True}
    for operation in sorted(operations.values(), key=lambda operation: path_order(paths[operation.operation_id])):
        parent = operations.get(operation.parent_id or "")
        reached = replayed_to.get(operation.parent_id, False)
        ended = operation.status in TERMINAL
        if parent and parent.sub_type in BATCHES:
            reached = reached and not ended
        else:
            replayed_to[operation.parent_id] = reached and ended
        if reached:
            met.add(operation.operation_id)
            replayed_to[operation.operation_id] = not ended
    return frozenset(met)
