"""The durable execution service in this process: the testing SDK's checkpoint processor and store on our clock.

It persists one update at a time, so that where an execution can be interrupted does not depend on how the SDK happened
to batch its checkpoints.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from dataclasses import replace

from aws_durable_execution_sdk_python.execution import (
    DurableExecutionInvocationInputWithClient,
    InitialExecutionState,
)
from aws_durable_execution_sdk_python.lambda_service import (
    CallbackTimeoutType,
    CheckpointOutput,
    CheckpointUpdatedExecutionState,
    DurableServiceClient,
    ErrorObject,
    Operation,
    OperationStatus,
    OperationType,
    OperationUpdate,
)

from durable_conformance.execution import (
    EPOCH,
    TERMINAL,
    AnswerCame,
    Awaited,
    Prefix,
    Start,
    TimePassed,
    callbacks_in_order,
    in_order,
    recorded,
)
from durable_conformance.identity import ARN, EXECUTION_ID, arn_of
from durable_conformance.runtime.observer import Observer
from durable_conformance.runtime.testing_sdk import (
    CheckpointProcessor,
    Execution,
    InMemoryExecutionStore,
    StartDurableExecutionInput,
)
from durable_conformance.subject import Answered, CallbackAnswer, Refused, Scenario, Silence


class VirtualClock:
    """The testing SDK's clock protocol, moved by hand. Every reading is later than the one before."""

    def __init__(self) -> None:
        self._now = EPOCH
        self._lock = threading.Lock()

    def now(self) -> dt.datetime:
        with self._lock:
            self._now += dt.timedelta(microseconds=1)
            return self._now

    def advance_to(self, moment: dt.datetime) -> dt.timedelta:
        """Let time pass until `moment`, if it is still to come; returns how much has passed."""
        with self._lock:
            passed = max(moment - self._now, dt.timedelta())
            self._now += passed
            return passed

    def arm(self, wake: dt.datetime) -> float:
        """Seconds of real time to wait until `wake`: none."""
        self.advance_to(wake)
        return 0.0


class Service:
    """One execution's service: starts it, persists its checkpoints, lets its time pass and answers its callbacks."""

    def __init__(
        self,
        scenario: Scenario,
        observer: Observer,
        *,
        keep_snapshots: bool = False,
        execution_id: str = EXECUTION_ID,
    ) -> None:
        self.snapshots: list[Start] = []  # the state after each update that persisted here
        self._keep_snapshots = keep_snapshots
        self._scenario = scenario
        self._observer = observer
        self._clock = VirtualClock()
        self._store = InMemoryExecutionStore()
        # The processor keeps its scheduler parameter for compatibility and never uses it.
        self._processor = CheckpointProcessor(self._store, None, self._clock)  # type: ignore[arg-type]
        self._lock = threading.Lock()
        self._awaited: dict[str, Awaited] = {}
        self._execution = Execution.new(
            StartDurableExecutionInput(
                account_id="000000000000",
                function_name="conformance",
                function_qualifier="1",
                execution_name="conformance",
                execution_timeout_seconds=0,
                execution_retention_period_days=1,
                invocation_id=execution_id,
                input=json.dumps(scenario.event),
            )
        )
        self._id = execution_id
        # What the service derives from it, such as callback ids, is the same in every execution.
        self._execution.durable_execution_arn = ARN
        self._execution.start(now=self._clock.now())
        self._store.save(self._execution)

    def start(self, invocation: int) -> Start:
        """The state now, with which invocation number `invocation` begins."""
        return Start(
            invocation=invocation,
            operations=tuple(self.operations),
            now=self._clock.now(),
            awaited=dict(self._awaited),
            events=len(self._observer.events),
            completed=self.completed_paths(),
            changed=tuple(self._execution.updated_operation_ids),
            execution_id=self._id,
        )

    def resume(self, prefix: Prefix) -> None:
        """Take up what another execution did, as if it had happened here."""
        start = prefix.start
        self._id = start.execution_id
        self._clock.advance_to(start.now)
        self._awaited.update(start.awaited)
        self._execution.operations = list(start.operations)
        self._execution.updated_operation_ids = list(start.changed)
        self._observer.resume(prefix.events)
        recorded(start.operations, self._observer.paths)

    @property
    def operations(self) -> list[Operation]:
        """Everything persisted so far, the execution itself first."""
        return self._execution.get_navigable_operations()

    def completed_paths(self) -> frozenset[str]:
        paths = self._observer.paths
        return frozenset(paths[one.operation_id] for one in self.operations if one.status in TERMINAL)

    def invocation_input(self, client: DurableServiceClient) -> DurableExecutionInvocationInputWithClient:
        """What the next invocation is given. Tokens of earlier invocations stop working."""
        execution = self._execution
        execution.begin_new_invocation()
        state = InitialExecutionState(operations=self.operations, next_marker="")
        changed = list(execution.updated_operation_ids)
        if self._observer.wants_replays:
            # The SDK tells its plugins about a finished operation that it meets on replay only if it is among these.
            changed += (one.operation_id for one in self.operations if one.status in TERMINAL)
        invocation = DurableExecutionInvocationInputWithClient(
            durable_execution_arn=arn_of(self._id),
            checkpoint_token=execution.get_new_checkpoint_token(),
            initial_execution_state=state,
            updated_operation_ids=changed,
            service_client=client,
        )
        execution.mark_state_delivered()
        execution.handler_seen_seq = execution.seq_counter
        return invocation

    def persist(self, token: str, update: OperationUpdate) -> CheckpointOutput:
        with self._lock:
            if options := update.callback_options:
                self._awaited[update.operation_id] = Awaited(options.timeout_seconds, options.heartbeat_timeout_seconds)
            elif invoked := update.chained_invoke_options:
                self._awaited[update.operation_id] = Awaited(function_name=invoked.function_name)
            output = self._processor.process_checkpoint(token, [update], None)
            self._observer.persisted(update)
            if self._keep_snapshots:
                self.snapshots.append(self.start(self._observer.invocation + 1))
            return output

    def refresh(self, token: str) -> CheckpointOutput:
        """What has changed since the handler last looked."""
        with self._lock:
            return self._processor.process_checkpoint(token, [], None)

    def progress(self) -> bool:
        """Let happen what happens next while nobody runs: an answer to a callback, or else the next timer.

        Returns whether anything could happen; if not, the execution waits for ever.
        """
        if self._execution.has_unseen_changes():
            return True
        return self._answer_callback() or self._finish_invoke() or self._fire_timer()

    def _answer_callback(self) -> bool:
        return any(
            self._answer(operation, self._scenario.answer(name, occurrence))
            for operation, name, occurrence in callbacks_in_order(self.operations, self._observer.paths)
            if operation.status is OperationStatus.STARTED
        )

    def _answer(self, operation: Operation, answer: CallbackAnswer) -> bool:
        assert operation.callback_details is not None
        callback_id, now = operation.callback_details.callback_id, self._clock.now()
        match answer:
            case Answered(payload):
                data = None if payload is None else payload.encode()
                self._execution.complete_callback_success(callback_id, data, now=now)
            case Refused():
                self._execution.complete_callback_failure(callback_id, _error_of(answer), now=now)
            case Silence():
                awaited = self._awaited[operation.operation_id]
                timeouts = {awaited.timeout_seconds: TIMED_OUT, awaited.heartbeat_seconds: NO_HEARTBEAT}
                timeouts.pop(0, None)
                if not timeouts:
                    return False  # nobody answers, and nothing ends the wait
                seconds, error = min(timeouts.items())
                assert operation.start_timestamp is not None
                moment = operation.start_timestamp + dt.timedelta(seconds=seconds)
                if any(due < moment for due in self._timers()):
                    return False  # a wait or a retry comes before
                self._pass_time_until(moment)
                self._execution.complete_callback_timeout(callback_id, error, now=self._clock.now())
        self._execution.updated_operation_ids.append(operation.operation_id)
        self._observer.tell(_came(self._observer.paths[operation.operation_id], answer))
        return True

    def _finish_invoke(self) -> bool:
        for operation, name, occurrence in in_order(
            self.operations, self._observer.paths, OperationType.CHAINED_INVOKE, self._invoke_name
        ):
            if operation.status is OperationStatus.STARTED:
                return self._finish(operation, self._scenario.result(name, occurrence))
        return False

    def _finish(self, operation: Operation, result: CallbackAnswer) -> bool:
        invocation, now = operation.operation_id, self._clock.now()
        match result:
            case Answered(payload):
                self._execution.complete_chained_invoke(invocation, OperationStatus.SUCCEEDED, payload, now=now)
            case Refused():
                self._execution.complete_chained_invoke(
                    invocation, OperationStatus.FAILED, error=_error_of(result), now=now
                )
            case Silence():
                return False  # the other function never ends
        self._observer.tell(_came(self._observer.paths[invocation], result))
        return True

    def _invoke_name(self, operation: Operation) -> str:
        return operation.name or self._awaited[operation.operation_id].function_name or ""

    def _fire_timer(self) -> bool:
        due = self._timers()
        if not due:
            return False
        self._pass_time_until(min(due))
        return self._execution.complete_due_operations(self._clock.now())

    def _timers(self) -> list[dt.datetime]:
        """When waits end, and steps are tried again."""
        return [moment for operation in self.operations if (moment := _due(operation))]

    def _pass_time_until(self, moment: dt.datetime) -> None:
        if seconds := round(self._clock.advance_to(moment).total_seconds()):
            self._observer.tell(TimePassed(seconds))


TIMED_OUT = ErrorObject("Callback timed out", CallbackTimeoutType.TIMEOUT.value, data=None, stack_trace=None)
NO_HEARTBEAT = replace(TIMED_OUT, message="Callback timed out on heartbeat", type=CallbackTimeoutType.HEARTBEAT.value)
"""What the testing SDK's own runner records for a callback that nobody answers, or keeps alive."""


def merged(outputs: list[CheckpointOutput], token: str | None) -> CheckpointOutput:
    """One response for a batch that was persisted update by update: the newest state of each operation."""
    newest = {
        operation.operation_id: operation for output in outputs for operation in output.new_execution_state.operations
    }
    state = CheckpointUpdatedExecutionState(operations=list(newest.values()), next_marker=None)
    return CheckpointOutput(checkpoint_token=token, new_execution_state=state)


def _error_of(answer: Refused) -> ErrorObject:
    return ErrorObject(answer.message, answer.type, data=None, stack_trace=None)


def _came(path: str, answer: CallbackAnswer) -> AnswerCame:
    match answer:
        case Answered(payload):
            return AnswerCame(path, payload)
        case Refused(message):
            return AnswerCame(path, refused=message)
        case Silence():
            return AnswerCame(path, in_time=False)


def _due(operation: Operation) -> dt.datetime | None:
    if operation.operation_type is OperationType.WAIT and operation.status is OperationStatus.STARTED:
        return operation.wait_details.scheduled_end_timestamp if operation.wait_details else None
    if operation.operation_type is OperationType.STEP and operation.status is OperationStatus.PENDING:
        return operation.step_details.next_attempt_timestamp if operation.step_details else None
    return None
