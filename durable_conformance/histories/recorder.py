"""Records an execution as a golden history."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aws_durable_execution_sdk_python.lambda_service import (
    ErrorObject,
    Operation,
    OperationAction,
    OperationType,
)

from durable_conformance.errors import CannotRunError
from durable_conformance.execution.operations import OperationPaths, path_order, recorded
from durable_conformance.execution.run import Awaited, Run, Start
from durable_conformance.exploring.exploration import PATIENCE_SECONDS
from durable_conformance.histories.file import Call, Change, History, HistoryOperation, Provenance, RecordedError
from durable_conformance.histories.payload import Payload
from durable_conformance.rules.endings import ENDED
from durable_conformance.runtime.answering import raised_again
from durable_conformance.runtime.clock import EPOCH
from durable_conformance.runtime.driver import Conditions, run_in_process
from durable_conformance.runtime.observer import CheckpointUpdate, ModelCall, Observer
from durable_conformance.subject.scenario import HandlerFactory, Scenario
from durable_conformance.workers.side_by_side import Done, run_all

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
    handler_for: HandlerFactory,
    scenario: Scenario,
    provenance: Provenance,
    *,
    observer: Observer | None = None,
    patience: float = PATIENCE_SECONDS,
) -> History:
    """Run `scenario` in process, uninterrupted, and record it.

    Args:
        handler_for: Makes the handler under test.
        scenario: What the execution meets.
        provenance: What the history says about itself.
        observer: Watches the execution; a new one unless given.
        patience: Seconds that the execution may take in real time.

    Raises:
        CannotRunError: The execution does not end, or whoever answers its model calls has no answer.
    """

    def execution() -> Run:
        return run_in_process(handler_for, scenario, Conditions(keep_snapshots=True), observer)

    (fate,) = run_all([execution], threads=1, patience=patience)
    if not isinstance(fate, Done):
        raise CannotRunError(f"{provenance.handler} cannot be recorded: it is still running after {patience:g} s.")
    if isinstance(fate.outcome, BaseException):
        raise fate.outcome
    run = fate.outcome
    calls = [_call(call, provenance) for call in run.calls]
    if run.status not in ENDED:
        raise CannotRunError(f"{provenance.handler} cannot be recorded, because it does not end: {run.status}.")
    succeeded = run.status == "SUCCEEDED"
    moments = _moments(run)
    return History(
        recorded=provenance,
        event=scenario.event,
        status="SUCCEEDED" if succeeded else "FAILED",
        result=run.result,
        error=None if succeeded else RecordedError(type=run.error_type, message=run.error_message),
        operations=tuple(_identities(moments[-1].operations)),
        changes=tuple(_changes(moments)),
        calls=tuple(sorted(calls, key=lambda call: (path_order(call.path or ""), call.attempt or 0))),
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
    """What the service held at one time.

    Attributes:
        invocation: The last one that had begun.
        now: The time.
        operations: The operations by path.
        update: The update that made it so; None if the service did.
        awaited: What was known about callbacks and chained invocations, by operation id.
    """

    invocation: int
    now: dt.datetime
    operations: Mapping[str, Operation]
    update: CheckpointUpdate | None
    awaited: Mapping[str, Awaited]


def _moments(run: Run) -> list[_Moment]:
    """Every state that the service held, in order: after each update, and whenever an invocation began."""
    paths = OperationPaths()
    last = (run.snapshots or run.starts)[-1]
    recorded(last.operations, paths)
    moments: list[_Moment] = []
    for updates in range(len(run.updates) + 1):
        if updates:
            moments.append(_moment(run.snapshots[updates - 1], paths, run.updates[updates - 1]))
        moments += (_moment(start, paths, None) for start in run.starts if start.updates == updates)
    return moments


def _moment(start: Start, paths: OperationPaths, update: CheckpointUpdate | None) -> _Moment:
    operations = {
        paths[operation.operation_id]: operation
        for operation in start.operations
        if operation.operation_type is not OperationType.EXECUTION
    }
    return _Moment(max(1, start.invocation - 1), start.now, operations, update, start.awaited)


def _call(call: ModelCall, provenance: Provenance) -> Call:
    error = None
    if call.response is None:
        raised = raised_again(call.outcome, call.error_message)
        if type(raised).__name__ != call.outcome:
            raise CannotRunError(f"{provenance.handler} cannot be recorded: {call.error_message}")
        error = RecordedError(type=ErrorObject.from_exception(raised).type, message=call.error_message)
    return Call(
        path=call.path,
        attempt=call.attempt,
        request_digest=call.request.digest(),
        request=call.request.model_dump(mode="json", exclude_defaults=True),
        response=call.response,
        error=error,
    )


def _identities(operations: Mapping[str, Operation]) -> Iterable[HistoryOperation]:
    """Every operation, in the order of paths: the same however its siblings took turns."""
    paths = {operation.operation_id: path for path, operation in operations.items()}
    for path in sorted(operations, key=path_order):
        operation = operations[path]
        yield HistoryOperation(
            path=path,
            id=operation.operation_id,
            parent=paths[operation.parent_id] if operation.parent_id else None,
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
    awaited = moment.awaited.get(operation.operation_id) if update else None
    return Change(
        invocation=moment.invocation,
        at=_seconds(moment.now),
        path=path,
        action=OperationAction(update.action) if update else None,
        status=operation.status,
        attempt=step.attempt if step else None,
        due=_seconds(due) if due else None,
        delay_seconds=update.delay_seconds if update else None,
        timeout_seconds=awaited.timeout_seconds if awaited and operation.callback_details else None,
        heartbeat_seconds=awaited.heartbeat_seconds or None if awaited else None,
        function_name=awaited.function_name if awaited else None,
        result=None if details is None or details.result is None else Payload.of(details.result),
        error=RecordedError(type=error.type, message=error.message, data=error.data) if error else None,
        replay_children=True if context and context.replay_children else None,
    )


def _seconds(moment: dt.datetime) -> float:
    """Since the execution's start, without the microseconds by which the virtual clock tells its readings apart."""
    seconds = round((moment - EPOCH).total_seconds(), 1)
    return int(seconds) if seconds.is_integer() else seconds
