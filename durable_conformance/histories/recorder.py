"""Records an execution as a golden history."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
from collections.abc import Iterable
from typing import Any

from aws_durable_execution_sdk_python.lambda_service import Operation, OperationAction, OperationType

from durable_conformance.errors import CannotRunError
from durable_conformance.execution import (
    ENDINGS,
    EPOCH,
    Checkpointed,
    Conditions,
    OperationPaths,
    Run,
    Start,
    path_order,
    recorded,
    sub_type_of,
)
from durable_conformance.histories.file import (
    Call,
    Change,
    History,
    HistoryOperation,
    Provenance,
    RecordedError,
    by_path,
)
from durable_conformance.histories.payload import Payload
from durable_conformance.identity import EXECUTION_ID
from durable_conformance.model import ANSWERED, ModelCall
from durable_conformance.subject import HandlerFactory, Reference, Scenario
from durable_conformance.workers import PATIENCE_SECONDS, Experiment, Pool, not_judged

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
    handler: Reference | HandlerFactory,
    scenario: Scenario,
    provenance: Provenance,
    *,
    patience: float = PATIENCE_SECONDS,
) -> History:
    """Run `scenario`, uninterrupted, in a process of its own, for `patience` seconds of real time at most; record it.

    Raises:
        CannotRunError: The execution does not end, or whoever answers its model calls has no answer.
    """
    conditions = Conditions(keep_snapshots=True, execution_id=EXECUTION_ID)  # delays may depend on its ARN
    experiment = Experiment("recorded", "the execution", None, conditions, not_judged)
    with Pool(handler, scenario, patience=patience) as pool:
        pool.start()
        ((_, outcome),) = pool.run([experiment])
    if not isinstance(outcome, Run):
        raise CannotRunError(f"{provenance.handler} cannot be recorded: {outcome.why}.", outcome.detail)
    return history_of(outcome, scenario.event, provenance)


def history_of(run: Run, event: Any, provenance: Provenance) -> History:
    """The history of an execution, whose snapshots must have been kept.

    Raises:
        CannotRunError: The execution does not end, or whoever answered its model calls had no answer.
    """
    calls = [_call(call, provenance) for call in run.calls]
    if run.status not in ENDINGS:
        raise CannotRunError(f"{provenance.handler} cannot be recorded, because it does not end: {run.status}.")
    succeeded = run.status == "SUCCEEDED"
    held = (run.snapshots or run.starts)[-1].operations
    paths = OperationPaths()
    recorded(held, paths)
    return History(
        recorded=provenance,
        event=event,
        status="SUCCEEDED" if succeeded else "FAILED",
        result=run.result,
        error=None if succeeded else RecordedError(type=run.error_type, message=run.error_message),
        operations=tuple(_identities(held, paths)),
        changes=tuple(_changes(run, paths)),
        calls=tuple(sorted(calls, key=lambda call: (path_order(call.path or ""), call.attempt or 0))),
    )


def alike(one: History, other: History) -> bool:
    """Whether two recordings say the same, whenever they were made and however siblings took turns."""
    return _settled(one) == _settled(other)


def _settled(history: History) -> dict[str, object]:
    """What does not depend on when it was recorded, and on which sibling came first."""
    changes = [change.model_copy(update={"invocation": 1, "at": 0, "due": None}) for change in history.changes]
    return {**history.model_dump(exclude={"recorded", "changes"}), "changes": by_path(changes)}


def _call(call: ModelCall, provenance: Provenance) -> Call:
    error = None
    if call.outcome != ANSWERED:
        if call.failure is None:
            raise CannotRunError(f"{provenance.handler} cannot be recorded: {call.error_message}")
        error = RecordedError(type=call.failure.type, message=call.failure.message)
    return Call(
        path=call.path,
        attempt=call.attempt,
        request_digest=call.request.digest,
        request=json.loads(call.request.text),
        response=json.loads(call.answer.text) if call.answer else None,
        error=error,
    )


def _identities(operations: Iterable[Operation], paths: OperationPaths) -> Iterable[HistoryOperation]:
    """Every operation, in the order of paths: the same however its siblings took turns."""
    known = [one for one in operations if one.operation_type is not OperationType.EXECUTION]
    for operation in sorted(known, key=lambda one: path_order(paths[one.operation_id])):
        yield HistoryOperation(
            path=paths[operation.operation_id],
            id=operation.operation_id,
            parent=paths[operation.parent_id] if operation.parent_id else None,
            type=operation.operation_type,
            sub_type=sub_type_of(operation),
            name=operation.name,
        )


def _changes(run: Run, paths: OperationPaths) -> Iterable[Change]:
    """What differs between one state of the service and the next, in order."""
    held: dict[str, Operation] = {}
    for state, update in _states(run):
        for operation in state.operations:
            if operation.operation_type is not OperationType.EXECUTION and operation != held.get(
                operation.operation_id
            ):
                held[operation.operation_id] = operation
                yield _change(paths[operation.operation_id], operation, state, update)


def _states(run: Run) -> Iterable[tuple[Start, Checkpointed | None]]:
    """Every state that the service held, in order: whenever an invocation began, and after each update, with that."""
    starts = {start.events: start for start in run.starts}
    snapshots = iter(run.snapshots)
    for position, event in enumerate((*run.events, None)):
        if start := starts.get(position):
            yield start, None
        if isinstance(event, Checkpointed):
            yield next(snapshots), event


def _change(path: str, operation: Operation, state: Start, made: Checkpointed | None) -> Change:
    update = made if made and made.path == path else None
    step, context = operation.step_details, operation.context_details
    details = step or context or operation.callback_details or operation.chained_invoke_details
    wait = operation.wait_details
    due = (step and step.next_attempt_timestamp) or (wait and wait.scheduled_end_timestamp)
    awaited = state.awaited.get(operation.operation_id) if update else None
    return Change(
        invocation=max(1, state.invocation - 1),  # the last one that had begun
        at=_seconds(state.now),
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
        error=RecordedError.of(details.error) if details else None,
        replay_children=True if context and context.replay_children else None,
    )


def _seconds(moment: dt.datetime) -> float:
    """Since the execution's start, without the microseconds by which the virtual clock tells its readings apart."""
    seconds = round((moment - EPOCH).total_seconds(), 1)
    return int(seconds) if seconds.is_integer() else seconds
