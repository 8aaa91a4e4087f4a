"""Records an execution as a golden history."""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib.metadata
import itertools
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aws_durable_execution_sdk_python.lambda_service import (
    ErrorObject,
    Operation,
    OperationAction,
    OperationType,
)

from conformance.clock import EPOCH
from conformance.errors import CannotRunError
from conformance.history import Call, Change, History, HistoryOperation, Provenance, RecordedError
from conformance.in_process import run_in_process
from conformance.observer import CheckpointUpdate, Observer
from conformance.operations import path_order
from conformance.payload import Payload
from conformance.rules.endings import ENDED
from conformance.scenario import HandlerFactory, Scenario
from providers import ModelError, ModelProvider, ModelRequest, ModelResponse

_DISTRIBUTIONS = (
    "durable-ai-patterns",
    "aws-durable-execution-sdk-python",
    "aws-durable-execution-sdk-python-testing",
)


def provenance(handler: str, scenario: str, now: dt.datetime) -> Provenance:
    """What a history that is recorded `now`, with the installed libraries, says about itself."""
    versions = {name: importlib.metadata.version(name) for name in _DISTRIBUTIONS}
    return Provenance(handler=handler, scenario=scenario, at=now.replace(microsecond=0), versions=versions)


def record(
    handler_for: HandlerFactory, scenario: Scenario, recorded: Provenance, recorder: Recorder | None = None
) -> History:
    """Run `scenario` in process, uninterrupted, and record it.

    Args:
        handler_for: Makes the handler under test.
        scenario: What the execution meets.
        recorded: What the history says about itself.
        recorder: Watches the execution; a new one unless given.

    Raises:
        CannotRunError: The execution does not end, or whoever answers its model calls has no answer.
    """
    recorder = recorder or Recorder()
    calls = _Calls(recorder)
    heard = dataclasses.replace(scenario, model=lambda: calls.answered_by(scenario.model()))
    run = run_in_process(handler_for, heard, observer=recorder)
    if calls.unanswered:
        raise CannotRunError(f"{recorded.handler} cannot be recorded: {calls.unanswered}")
    if run.status not in ENDED:
        raise CannotRunError(f"{recorded.handler} cannot be recorded, because it does not end: {run.status}.")
    succeeded = run.status == "SUCCEEDED"
    return History(
        recorded=recorded,
        event=scenario.event,
        status="SUCCEEDED" if succeeded else "FAILED",
        result=run.result,
        error=None if succeeded else RecordedError(type=run.error_type, message=run.error_message),
        operations=tuple(_identities(recorder)),
        changes=tuple(_changes(recorder.moments)),
        calls=tuple(sorted(calls.made, key=lambda call: (path_order(call.path or ""), call.attempt or 0))),
    )


def alike(one: History, other: History) -> bool:
    """Whether two recordings say the same, whenever they were made and however siblings took turns."""
    return _settled(one) == _settled(other)


def _settled(history: History) -> dict[str, object]:
    """What does not depend on when it was recorded, and on which sibling came first."""
    changes: dict[str, list[Change]] = {}
    for change in history.changes:
        changes.setdefault(change.path, []).append(change.model_copy(update={"invocation": 1, "at": 0, "due": None}))
    return {**history.model_dump(exclude={"recorded", "changes"}), "changes": changes}


@dataclass(frozen=True)
class _Moment:
    """What the service held at one time, by path, and the update that made it so; None if the service did."""

    invocation: int
    now: dt.datetime
    operations: Mapping[str, Operation]
    update: CheckpointUpdate | None


class Recorder(Observer):
    """Keeps what the service held after each update, and whenever an invocation started."""

    def __init__(self) -> None:
        super().__init__()
        self.moments: list[_Moment] = []
        self._told = 0

    def held(self, operations: Sequence[Operation], now: dt.datetime) -> None:
        update = self.updates[-1] if len(self.updates) > self._told else None
        self._told = len(self.updates)
        # What changed while nobody ran belongs to the invocation that ended before.
        invocation = self.invocation if update else max(1, self.invocation - 1)
        by_path = {
            self.paths[operation.operation_id]: operation
            for operation in operations
            if operation.operation_type is not OperationType.EXECUTION
        }
        self.moments.append(_Moment(invocation, now, by_path, update))


class _Calls:
    """The model calls that the execution makes, and how each ends."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._lock = threading.Lock()
        self._provider: ModelProvider
        self.made: list[Call] = []
        self.unanswered = ""

    def answered_by(self, provider: ModelProvider) -> ModelProvider:
        self._provider = provider
        return self

    def converse(self, request: ModelRequest) -> ModelResponse:
        try:
            response = self._provider.converse(request)
        except ModelError as error:
            failure = ErrorObject.from_exception(error)
            self._add(request, error=RecordedError(type=failure.type, message=failure.message))
            raise
        except Exception as error:
            self.unanswered = self.unanswered or str(error)
            raise
        self._add(request, response=response)
        return response

    def _add(
        self, request: ModelRequest, response: ModelResponse | None = None, error: RecordedError | None = None
    ) -> None:
        info = self._observer.running()
        call = Call(
            path=self._observer.seen(info) if info else None,
            attempt=info.attempt if info else None,
            request_digest=request.digest(),
            request=request.model_dump(mode="json", exclude_defaults=True),
            response=response,
            error=error,
        )
        with self._lock:
            self.made.append(call)


def _identities(recorder: Recorder) -> Iterable[HistoryOperation]:
    """Every operation, in the order of paths: the same however its siblings took turns."""
    operations = recorder.moments[-1].operations
    for path in sorted(operations, key=path_order):
        operation = operations[path]
        yield HistoryOperation(
            path=path,
            id=operation.operation_id,
            parent=recorder.paths[operation.parent_id] if operation.parent_id else None,
            type=operation.operation_type,
            sub_type=operation.sub_type,
            name=operation.name,
        )


def _changes(moments: Sequence[_Moment]) -> Iterable[Change]:
    for before, after in itertools.pairwise(moments):
        for path, operation in after.operations.items():
            if operation != before.operations.get(path):
                yield _change(path, operation, after)


def _change(path: str, operation: Operation, moment: _Moment) -> Change:
    update = moment.update if moment.update and moment.update.path == path else None
    step, context = operation.step_details, operation.context_details
    details = step or context or operation.callback_details or operation.chained_invoke_details
    wait = operation.wait_details
    due = (step and step.next_attempt_timestamp) or (wait and wait.scheduled_end_timestamp)
    error = details.error if details else None
    return Change(
        invocation=moment.invocation,
        at=_seconds(moment.now),
        path=path,
        action=OperationAction(update.action) if update else None,
        status=operation.status,
        attempt=step.attempt if step else None,
        due=_seconds(due) if due else None,
        delay_seconds=update.delay_seconds if update else None,
        timeout_seconds=update.timeout_seconds if update else None,
        result=None if details is None or details.result is None else Payload.of(details.result),
        error=RecordedError(type=error.type, message=error.message, data=error.data) if error else None,
        replay_children=True if context and context.replay_children else None,
    )


def _seconds(moment: dt.datetime) -> float:
    """Since the execution's start, without the microseconds by which the virtual clock tells its readings apart."""
    seconds = round((moment - EPOCH).total_seconds(), 1)
    return int(seconds) if seconds.is_integer() else seconds
