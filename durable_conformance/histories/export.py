"""Makes a golden history of one that the service exports: of an execution that ran there.

An export does not say what the model was asked: whoever replays it takes the answers from what the steps recorded. Nor
does it say whether a context's payload is a summary of what is inside; that shows in the payload.
"""

from __future__ import annotations

import json
from pathlib import Path

from aws_durable_execution_sdk_python.lambda_service import ErrorObject, OperationAction, OperationStatus, OperationType
from pydantic import JsonValue, ValidationError

from durable_conformance.execution import OperationPaths, path_order
from durable_conformance.histories.exported_events import (
    ABOUT_NO_OPERATION,
    EVENT_TYPES,
    INVOCATION_COMPLETED,
    Content,
    Event,
    Export,
)
from durable_conformance.histories.file import (
    Change,
    History,
    HistoryError,
    HistoryOperation,
    Provenance,
    RecordedError,
    describe,
)
from durable_conformance.histories.payload import Payload

_ACTIONS = {
    OperationStatus.STARTED: OperationAction.START,
    OperationStatus.SUCCEEDED: OperationAction.SUCCEED,
    OperationStatus.FAILED: OperationAction.FAIL,
}
_ENDED_BY_HANDLER = frozenset({OperationType.STEP, OperationType.CONTEXT})
_SUMMARY = "totalCount"
"""A key of the summary that stands for a large batch's result; the result itself has no such key."""


def import_history(path: Path, recorded: Provenance) -> History:
    """Read an export as a history.

    Args:
        path: What `aws lambda get-durable-execution-history --include-execution-data` printed.
        recorded: What the history says about itself.

    Raises:
        HistoryError: It is no export, not a whole one, one without data, or of an execution that has not ended.
    """
    try:
        export = Export.model_validate_json(path.read_bytes())
        return _Import(export, recorded).history()
    except OSError as error:
        raise HistoryError(f"Cannot read the export {path}: {error.strerror}.") from error
    except ValidationError as error:
        raise HistoryError(f"{path} is no exported execution history: {describe(error)}.") from error
    except _UnusableError as error:
        raise HistoryError(f"{path} cannot be made a history: {error}") from error


class _UnusableError(Exception):
    """Why an export is of no use, and what to do."""


class _Import:
    """Walks through the events in their order."""

    def __init__(self, export: Export, recorded: Provenance) -> None:
        if export.next_marker:
            raise _UnusableError("it is one page of several (it has a NextMarker); export them all into one.")
        self._events = sorted(export.events, key=lambda event: event.event_id)
        self._recorded = recorded.model_copy(update={"source": "export"})
        self._paths = OperationPaths()
        self._path_of: dict[str, str] = {}
        self._operations: dict[str, HistoryOperation] = {}
        self._changes: list[Change] = []
        self._last: dict[str, Change] = {}
        self._invocation = 1

    def history(self) -> History:
        started = self._first("ExecutionStarted")
        ended = self._first("ExecutionSucceeded", "ExecutionFailed")
        last = {event.id: position for position, event in enumerate(self._events)}
        for position, event in enumerate(self._events):
            if event.details.left_out:
                raise _UnusableError(
                    f"event {event.event_id} comes without its payload; export with --include-execution-data."
                )
            seconds = max(0.0, round((event.event_timestamp - started.event_timestamp).total_seconds(), 1))
            self._take(event, seconds, again=last[event.id] > position)
        return History(
            recorded=self._recorded,
            event=_json(started, started.details.input),
            status="SUCCEEDED" if ended.event_type == "ExecutionSucceeded" else "FAILED",
            result=_json(ended, ended.details.result),
            error=_error(ended.details.error),
            operations=tuple(sorted(self._operations.values(), key=lambda operation: path_order(operation.path))),
            changes=tuple(self._changes),
        )

    def _first(self, *types: str) -> Event:
        for event in self._events:
            if event.event_type in types:
                return event
        raise _UnusableError(f"it has no {' or '.join(types)} event; export the whole history of an ended execution.")

    def _take(self, event: Event, seconds: float, *, again: bool) -> None:
        if event.event_type == INVOCATION_COMPLETED:
            self._invocation += 1
        if event.event_type in ABOUT_NO_OPERATION:
            return
        if event.event_type not in EVENT_TYPES:
            raise _UnusableError(f"event {event.event_id} is of the unknown type {event.event_type!r}.")
        type_, status = EVENT_TYPES[event.event_type]
        if type_ is OperationType.EXECUTION:
            return
        path = self._path(event, type_)
        before = self._last.get(path)
        if before and before.status is OperationStatus.PENDING:  # no event says that the time for it has come
            ready = {"at": seconds, "action": None, "status": OperationStatus.READY, "due": None, "delay_seconds": None}
            self._add(before.model_copy(update=ready))
        extra = _extra(event, self._operations[path], status, seconds, again=again)
        attempts = (before.attempt or 0) if before else 0
        change = Change(
            invocation=self._invocation,
            at=seconds,
            path=path,
            action=_ACTIONS.get(status) if status is OperationStatus.STARTED or type_ in _ENDED_BY_HANDLER else None,
            status=status,
            attempt=attempts + (status is not OperationStatus.STARTED) if type_ is OperationType.STEP else None,
            result=_payload(event.details.result),
            error=_error(event.details.error),
        )
        self._add(change.model_copy(update=extra))

    def _add(self, change: Change) -> None:
        self._changes.append(change)
        self._last[change.path] = change

    def _path(self, event: Event, type_: OperationType) -> str:
        if event.id is None:
            raise _UnusableError(f"event {event.event_id} names no operation.")
        parent = self._operations.get(self._path_of.get(event.parent_id or "", ""))
        if parent is None and event.parent_id not in {None, "", self._events[0].id}:
            raise _UnusableError(f"event {event.event_id} stands in a context that no event is about.")
        label = event.name or event.sub_type or type_.value.lower()
        path = self._path_of[event.id] = self._paths.register(event.id, parent.id if parent else None, label)
        self._operations.setdefault(
            path,
            HistoryOperation(
                path=path,
                id=event.id,
                parent=parent.path if parent else None,
                type=type_,
                sub_type=event.sub_type,
                name=event.name,
            ),
        )
        return path


def _extra(
    event: Event, operation: HistoryOperation, status: OperationStatus, seconds: float, *, again: bool
) -> dict[str, object]:
    """What a change says beside how the operation ended, or that it started."""
    details = event.details
    extra: dict[str, object] = {}
    match operation.type, status:
        case OperationType.STEP, OperationStatus.SUCCEEDED | OperationStatus.FAILED:
            delay = details.delay or 0
            if delay or again:
                extra = {"action": OperationAction.RETRY, "status": OperationStatus.PENDING}
                extra |= {"due": seconds + delay, "delay_seconds": delay}
        case OperationType.CALLBACK, OperationStatus.STARTED:
            extra = {"timeout_seconds": details.timeout or 0, "heartbeat_seconds": details.heartbeat_timeout}
        case OperationType.CHAINED_INVOKE, OperationStatus.STARTED:
            extra = {"function_name": details.function_name}
        case OperationType.WAIT, OperationStatus.STARTED:
            extra = {"due": seconds + (details.duration or 0)}
        case OperationType.WAIT, OperationStatus.CANCELLED:
            extra = {"action": OperationAction.CANCEL}
        case OperationType.CONTEXT, OperationStatus.SUCCEEDED if _is_a_summary(event, operation):
            extra = {"replay_children": True}
    return extra


def _is_a_summary(event: Event, operation: HistoryOperation) -> bool:
    """Whether a context's payload stands for a result that was too large to store."""
    payload = _payload(event.details.result)
    if payload is None or payload.text is not None:
        return payload is not None and payload.text == ""
    return isinstance(payload.json_, dict) and _SUMMARY in payload.json_ and operation.sub_type in {"Map", "Parallel"}


def _payload(content: Content[str] | None) -> Payload | None:
    return None if content is None or content.payload is None else Payload.of(content.payload)


def _error(content: Content[dict[str, JsonValue]] | None) -> RecordedError | None:
    if content is None or content.payload is None:
        return None
    return RecordedError.of(ErrorObject.from_dict(content.payload))


def _json(event: Event, content: Content[str] | None) -> JsonValue:
    """An execution's input or result."""
    if content is None or not content.payload:
        return None
    try:
        value: JsonValue = json.loads(content.payload)
    except ValueError as error:
        raise _UnusableError(f"event {event.event_id} has a payload that is no JSON: {error}.") from error
    return value
