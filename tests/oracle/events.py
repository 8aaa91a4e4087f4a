"""A run in process as the service exports it: the events of GetDurableExecutionHistory.

Written down from what the simulated service persisted, step by step: order, attempts and invocations are the service's
own. What it does not know stands in `UNKNOWN`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aws_durable_execution_sdk_python.lambda_service import (
    ErrorObject,
    Operation,
    OperationStatus,
    OperationType,
    OperationUpdate,
)

from durable_conformance.execution import EPOCH, Checkpointed, Death, InvocationEnded, Run, Start
from durable_conformance.runtime import Observer

UNKNOWN = {
    "ChainedInvokeStartedDetails": frozenset({"ExecutedVersion", "DurableExecutionArn"}),
}
"""Facts that an export has and the simulated service does not keep: a scenario answers for the function invoked."""

Json = dict[str, Any]


class Watching(Observer):
    """Keeps what the service is told and forgets: what a chained invocation gives to whom.

    Attributes:
        invoked: The update that began each chained invocation, by operation id.
    """

    def __init__(self) -> None:
        super().__init__()
        self.invoked: dict[str, OperationUpdate] = {}

    def persisted(self, update: OperationUpdate) -> None:
        if update.chained_invoke_options and update.operation_id:
            self.invoked[update.operation_id] = update
        super().persisted(update)


def exported(run: Run, event: Any, invoked: Mapping[str, OperationUpdate]) -> list[Json]:
    """The events of a run whose snapshots were kept, and whose chained invocations were watched."""
    given = {"Input": {"Payload": json.dumps(event)}}
    events: list[Json] = [{"EventType": "ExecutionStarted", "ExecutionStartedDetails": given}]
    for one in _between(run):
        if one["EventType"] == "ChainedInvokeStarted":
            one["ChainedInvokeStartedDetails"] |= _given(invoked[one["Id"]])
        events.append(one)
    if run.status == "SUCCEEDED":
        result = {"Result": {"Payload": json.dumps(run.result)}}
        events.append({"EventType": "ExecutionSucceeded", "ExecutionSucceededDetails": result})
    else:
        error = {"Error": {"Payload": {"ErrorType": run.error_type, "ErrorMessage": run.error_message}}}
        events.append({"EventType": "ExecutionFailed", "ExecutionFailedDetails": error})
    at = EPOCH.isoformat()
    numbered = []
    for number, one in enumerate(events, 1):
        at = one.get("EventTimestamp", at)
        numbered.append({"EventId": number, **one, "EventTimestamp": at})
    return numbered


def _given(update: OperationUpdate) -> Json:
    """What a chained invocation gives: its payload, and whose it is."""
    assert update.chained_invoke_options is not None
    tenant = update.chained_invoke_options.tenant_id
    return {"Input": {"Payload": update.payload}} | ({"TenantId": tenant} if tenant else {})


def _between(run: Run) -> Iterator[Json]:
    starts = {start.events: start for start in run.starts}
    snapshots = iter(run.snapshots)
    held: dict[str, Operation] = {}
    for position, event in enumerate(run.events):
        if start := starts.get(position):
            yield from _changes(held, start, None)
        match event:
            case Checkpointed():
                yield from _changes(held, next(snapshots), event)
            case InvocationEnded():
                yield {"EventType": "InvocationCompleted", "InvocationCompletedDetails": {}}
            case Death():
                error = {"ErrorType": "Runtime.ExitError", "ErrorMessage": "Runtime exited"}
                details = {"Error": {"Payload": error}}
                yield {"EventType": "InvocationCompleted", "InvocationCompletedDetails": details}
            case _:
                pass


def _changes(held: dict[str, Operation], state: Start, update: Checkpointed | None) -> Iterator[Json]:
    """What a state says that the one before did not."""
    for operation in state.operations:
        before = held.get(operation.operation_id)
        held[operation.operation_id] = operation
        if operation.operation_type is OperationType.EXECUTION or operation == before:
            continue
        if (told := _event(operation, state, update)) is not None:
            kind, details = told
            named = {
                "SubType": operation.sub_type,
                "Id": operation.operation_id,
                "Name": operation.name,
                "ParentId": operation.parent_id,
            }
            present = {key: value for key, value in named.items() if value is not None}
            yield {"EventType": kind, "EventTimestamp": state.now.isoformat(), **present, f"{kind}Details": details}


_WORDS = {
    OperationType.STEP: "Step",
    OperationType.CONTEXT: "Context",
    OperationType.WAIT: "Wait",
    OperationType.CALLBACK: "Callback",
    OperationType.CHAINED_INVOKE: "ChainedInvoke",
}
_ENDS = {
    OperationStatus.STARTED: "Started",
    OperationStatus.SUCCEEDED: "Succeeded",
    OperationStatus.FAILED: "Failed",
    OperationStatus.TIMED_OUT: "TimedOut",
    OperationStatus.CANCELLED: "Cancelled",
    OperationStatus.STOPPED: "Stopped",
}


def _event(operation: Operation, state: Start, update: Checkpointed | None) -> tuple[str, Json] | None:
    """The type and the details of the event that told of an operation's new state; None where none does."""
    word = _WORDS[operation.operation_type]
    if operation.status is OperationStatus.READY:
        return None  # no event says that the time for another attempt has come
    if operation.status is OperationStatus.PENDING:  # an attempt ended, and another is due
        failed = operation.step_details is not None and operation.step_details.error is not None
        end = "Failed" if failed else "Succeeded"
    else:
        end = _ENDS[operation.status]
    return f"{word}{end}", _details(operation, end, state, update)


def _details(operation: Operation, end: str, state: Start, update: Checkpointed | None) -> Json:
    details: Json = {}
    awaited = state.awaited.get(operation.operation_id)
    match operation.operation_type, end:
        case OperationType.WAIT, _:
            wait = operation.wait_details
            assert wait is not None
            assert wait.scheduled_end_timestamp is not None
            assert operation.start_timestamp is not None
            duration = wait.scheduled_end_timestamp - operation.start_timestamp
            return {"Duration": round(duration.total_seconds())}
        case OperationType.CALLBACK, "Started":
            assert operation.callback_details is not None
            details = {"CallbackId": operation.callback_details.callback_id}
            if awaited and awaited.timeout_seconds:
                details["Timeout"] = awaited.timeout_seconds
            if awaited and awaited.heartbeat_seconds:
                details["HeartbeatTimeout"] = awaited.heartbeat_seconds
        case OperationType.CHAINED_INVOKE, "Started":
            assert awaited is not None
            details = {"FunctionName": awaited.function_name}
        case OperationType.STEP, "Succeeded" | "Failed":
            assert operation.step_details is not None
            retry: Json = {"CurrentAttempt": operation.step_details.attempt}
            if operation.status is OperationStatus.PENDING and update is not None:
                retry["NextAttemptDelaySeconds"] = update.delay_seconds
            details = {"RetryDetails": retry}
    if end != "Started":
        details |= _outcome(operation, end)
    return details


def _outcome(operation: Operation, end: str) -> Json:
    held: Any = (
        operation.step_details
        or operation.context_details
        or operation.callback_details
        or operation.chained_invoke_details
    )
    error: ErrorObject | None = held.error if held else None
    if end != "Succeeded":
        told: Mapping[str, Any] = error.to_dict() if error else {}
        return {"Error": {"Payload": dict(told)}}
    return {"Result": {"Payload": held.result if held else None, "Truncated": False}}
