"""The durable execution service in this process: the testing SDK's checkpoint processor and store on our clock.

It persists one update at a time, so that where an execution can be interrupted does not depend on how the SDK happened
to batch its checkpoints.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from typing import Any

from aws_durable_execution_sdk_python.execution import (
    DurableExecutionInvocationInputWithClient,
    InitialExecutionState,
)
from aws_durable_execution_sdk_python.lambda_service import (
    CheckpointOutput,
    CheckpointUpdatedExecutionState,
    DurableServiceClient,
    ErrorObject,
    Operation,
    OperationStatus,
    OperationType,
    OperationUpdate,
    StateOutput,
)
from aws_durable_execution_sdk_python_testing.checkpoint.processor import CheckpointProcessor
from aws_durable_execution_sdk_python_testing.execution import Execution
from aws_durable_execution_sdk_python_testing.model import StartDurableExecutionInput
from aws_durable_execution_sdk_python_testing.stores.memory import InMemoryExecutionStore

from conformance.clock import VirtualClock
from conformance.observer import Observer
from conformance.operations import TERMINAL, callbacks_in_order, recorded
from conformance.run import Start
from conformance.scenario import Answered, CallbackAnswer, Refused, Scenario, Silence

EXECUTION_ID = "execution"
ARN = f"arn:aws:lambda:us-east-1:000000000000:function:conformance:1/durable-execution/conformance/{EXECUTION_ID}"
"""Every execution has the same ARN, so that whatever a handler derives from it is the same in every run."""


class InProcessService:
    """One execution's service: starts it, persists its checkpoints, lets its time pass and answers its callbacks.

    Args:
        scenario: The event and the callbacks' answers.
        observer: Told about every update that persists.
    """

    def __init__(self, scenario: Scenario, observer: Observer) -> None:
        self._scenario = scenario
        self._observer = observer
        self._clock = VirtualClock()
        self._store = InMemoryExecutionStore()
        # The processor keeps its scheduler parameter for compatibility and never uses it.
        self._processor = CheckpointProcessor(self._store, None, self._clock)  # type: ignore[arg-type]
        self._lock = threading.Lock()
        self._timeouts: dict[str, int] = {}
        self._execution = Execution.new(_start_input(scenario.event))
        self._execution.durable_execution_arn = ARN
        self._execution.start(now=self._clock.now())
        self._store.save(self._execution)

    def start(self) -> Start:
        """The state now, between two invocations."""
        start = Start(
            invocation=self._observer.invocation,
            operations=tuple(self.operations),
            now=self._clock.now(),
            timeouts=dict(self._timeouts),
            updates=tuple(self._observer.updates),
            calls=tuple(self._observer.calls),
            changed=tuple(self._execution.updated_operation_ids),
        )
        self._observer.held(start.operations, start.now)
        return start

    def resume(self, start: Start) -> None:
        """Take up the state `start`, as if everything before it had happened here."""
        self._clock.advance_to(start.now)
        self._timeouts.update(start.timeouts)
        self._execution.operations = list(start.operations)
        self._execution.updated_operation_ids = list(start.changed)
        self._observer.resume(start.updates, start.calls)
        recorded(start.operations, self._observer.paths)

    @property
    def operations(self) -> list[Operation]:
        """Everything persisted so far, the execution itself first."""
        return self._execution.get_navigable_operations()

    def completed_paths(self) -> frozenset[str]:
        """The paths of the operations that have ended."""
        return frozenset(
            self._observer.paths[operation.operation_id]
            for operation in self.operations
            if operation.status in TERMINAL
        )

    def invocation_input(self, client: DurableServiceClient) -> DurableExecutionInvocationInputWithClient:
        """What the next invocation is given. Tokens of earlier invocations stop working."""
        execution = self._execution
        execution.begin_new_invocation()
        state = InitialExecutionState(operations=self.operations, next_marker="")
        invocation = DurableExecutionInvocationInputWithClient(
            durable_execution_arn=ARN,
            checkpoint_token=execution.get_new_checkpoint_token(),
            initial_execution_state=state,
            updated_operation_ids=list(execution.updated_operation_ids),
            service_client=client,
        )
        execution.mark_state_delivered()
        execution.handler_seen_seq = execution.seq_counter
        return invocation

    def persist(self, token: str, update: OperationUpdate) -> CheckpointOutput:
        """Persist one update."""
        with self._lock:
            if update.callback_options:
                self._timeouts[update.operation_id] = update.callback_options.timeout_seconds
            output = self._processor.process_checkpoint(token, [update], None)
            self._observer.persisted(update)
            self._observer.held(self.operations, self._clock.now())
            return output

    def refresh(self, token: str) -> CheckpointOutput:
        """What has changed since the handler last looked."""
        with self._lock:
            return self._processor.process_checkpoint(token, [], None)

    def state(self) -> StateOutput:
        """Every operation, on one page."""
        return StateOutput(operations=self.operations, next_marker=None)

    def progress(self) -> bool:
        """Let happen what happens next while nobody runs: an answer to a callback, or else the next timer.

        Returns:
            Whether anything could happen; if not, the execution waits for ever.
        """
        if self._execution.has_unseen_changes():
            return True
        return self._answer_callback() or self._fire_timer()

    def _answer_callback(self) -> bool:
        for operation, name, occurrence in callbacks_in_order(self.operations, self._observer.paths):
            if operation.status is OperationStatus.STARTED:
                return self._answer(operation, self._scenario.answer(name, occurrence))
        return False

    def _answer(self, operation: Operation, answer: CallbackAnswer) -> bool:
        assert operation.callback_details is not None
        callback_id, now = operation.callback_details.callback_id, self._clock.now()
        match answer:
            case Answered(payload):
                self._execution.complete_callback_success(callback_id, _encoded(payload), now=now)
            case Refused(message):
                self._execution.complete_callback_failure(callback_id, ErrorObject.from_message(message), now=now)
            case Silence():
                timeout = dt.timedelta(seconds=self._timeouts.get(operation.operation_id, 0))
                if not timeout:
                    return False  # nobody answers, and nothing ends the wait
                assert operation.start_timestamp is not None
                self._clock.advance_to(operation.start_timestamp + timeout)
                self._execution.complete_callback_timeout(callback_id, TIMED_OUT, now=self._clock.now())
        self._execution.updated_operation_ids.append(operation.operation_id)
        return True

    def _fire_timer(self) -> bool:
        due = [moment for operation in self.operations if (moment := _due(operation))]
        if not due:
            return False
        self._clock.advance_to(min(due))
        return self._execution.complete_due_operations(self._clock.now())


TIMED_OUT = ErrorObject(message="Callback timed out", type="Callback.Timeout", data=None, stack_trace=None)
"""What the testing SDK's own runner records for a callback that nobody answers."""


def merged(outputs: list[CheckpointOutput], token: str | None) -> CheckpointOutput:
    """One response for a batch that was persisted update by update: the newest state of each operation."""
    newest = {
        operation.operation_id: operation for output in outputs for operation in output.new_execution_state.operations
    }
    state = CheckpointUpdatedExecutionState(operations=list(newest.values()), next_marker=None)
    return CheckpointOutput(checkpoint_token=token, new_execution_state=state)


def _start_input(event: Any) -> StartDurableExecutionInput:
    return StartDurableExecutionInput(
        account_id="000000000000",
        function_name="conformance",
        function_qualifier="1",
        execution_name="conformance",
        execution_timeout_seconds=0,
        execution_retention_period_days=1,
        invocation_id=EXECUTION_ID,
        input=json.dumps(event),
    )


def _encoded(payload: str | None) -> bytes | None:
    return None if payload is None else payload.encode()


def _due(operation: Operation) -> dt.datetime | None:
    if operation.operation_type is OperationType.WAIT and operation.status is OperationStatus.STARTED:
        return operation.wait_details.scheduled_end_timestamp if operation.wait_details else None
    if operation.operation_type is OperationType.STEP and operation.status is OperationStatus.PENDING:
        return operation.step_details.next_attempt_timestamp if operation.step_details else None
    return None
