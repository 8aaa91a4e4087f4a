"""Runs one execution on the testing SDK's public local runner, and records it as the in-process service would."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import queue
from collections.abc import Sequence
from typing import Any

from aws_durable_execution_sdk_python.execution import DurableExecutionInvocationInputWithClient
from aws_durable_execution_sdk_python.lambda_service import (
    CheckpointOutput,
    DurableServiceClient,
    Operation,
    OperationStatus,
    OperationType,
    OperationUpdate,
    StateOutput,
)
from aws_durable_execution_sdk_python_testing import DurableFunctionTestRunner
from aws_durable_execution_sdk_python_testing.execution import Execution
from aws_durable_execution_sdk_python_testing.stores.memory import InMemoryExecutionStore

from durable_conformance import Scenario
from durable_conformance.execution import (
    TERMINAL,
    InvocationBegan,
    InvocationEnded,
    Run,
    callbacks_in_order,
    parsed_result,
    recorded,
)
from durable_conformance.identity import ARN, EXECUTION_ID
from durable_conformance.rules import MAX_TIMEOUT_SECONDS
from durable_conformance.runtime import CallGate, Crashes, Horizon, Observer, observed
from durable_conformance.subject import HandlerFactory
from tests.wire.answering import send

EXECUTION_TIMEOUT_SECONDS = MAX_TIMEOUT_SECONDS
"""How long the runner lets an execution take in real time: no limit but the service's. A person may think it over."""

POLL_SECONDS = 0.01
"""How often the runner looks, where it polls."""


def run_on_public_runner(handler_for: HandlerFactory, scenario: Scenario) -> Run:
    """Run `scenario` on `DurableFunctionTestRunner`, waits and retries skipped.

    A callback's `Silence` lasts as long as its timeout in real time there: use the in-process service for that.

    Args:
        handler_for: Makes the handler under test.
        scenario: What the execution meets.
    """
    observer = Observer()
    gate = CallGate(observer, Crashes([], observer, Horizon(None)), scenario.source())
    handler = observed(handler_for, observer, gate)
    ended: queue.SimpleQueue[str] = queue.SimpleQueue()

    def watched(event: DurableExecutionInvocationInputWithClient, context: Any) -> Any:
        _begin(observer, event.initial_execution_state.operations)
        client = _WatchedClient(observer, event.service_client, event.durable_execution_arn)
        status = "DIED"
        try:
            output = handler(_renamed(event, client), context)
            status = output["Status"]
            observer.tell(InvocationEnded(status))
        finally:
            ended.put(status)
        return output

    store = InMemoryExecutionStore()
    with DurableFunctionTestRunner(watched, poll_interval=POLL_SECONDS, store=store) as runner:
        arn = runner.run_async(input=json.dumps(scenario.event), execution_timeout=EXECUTION_TIMEOUT_SECONDS)
        answered: set[str] = set()
        while True:
            try:
                status = ended.get(timeout=POLL_SECONDS)
            except queue.Empty:
                if store.load(arn).is_complete:  # by a last invocation, or by the runner, which gives up on deaths
                    break
                continue
            if status == "PENDING":
                _answer_callbacks(runner, store.load(arn), observer, scenario, answered)
        result = runner.wait_for_result(arn)
        operations = recorded(store.load(arn).get_navigable_operations(), observer.paths)
    return Run(
        status=result.status.value,
        result=parsed_result(result.result),
        error_type=result.error.type if result.error else None,
        error_message=result.error.message if result.error else None,
        operations=operations,
        events=tuple(observer.events),
    )


def _begin(observer: Observer, operations: Sequence[Operation]) -> None:
    """An invocation begins with these operations."""
    recorded(operations, observer.paths)
    observer.invocation += 1
    ended = (observer.paths[operation.operation_id] for operation in operations if operation.status in TERMINAL)
    observer.tell(InvocationBegan(observer.invocation, dt.datetime.now(dt.UTC), frozenset(ended)))


def _renamed(
    event: DurableExecutionInvocationInputWithClient, client: DurableServiceClient
) -> DurableExecutionInvocationInputWithClient:
    """The invocation input under the ARN that the in-process service uses, so that both runs derive the same from it.

    The SDK finds the execution's input in the operation whose id is the ARN's last part.
    """
    operations = [
        dataclasses.replace(operation, operation_id=EXECUTION_ID)
        if operation.operation_type is OperationType.EXECUTION
        else operation
        for operation in event.initial_execution_state.operations
    ]
    state = dataclasses.replace(event.initial_execution_state, operations=operations)
    return dataclasses.replace(event, service_client=client, durable_execution_arn=ARN, initial_execution_state=state)


def _answer_callbacks(
    runner: DurableFunctionTestRunner, execution: Execution, observer: Observer, scenario: Scenario, answered: set[str]
) -> None:
    """Answer every open callback once, in the order of paths."""
    for operation, name, occurrence in callbacks_in_order(execution.get_navigable_operations(), observer.paths):
        if operation.status is not OperationStatus.STARTED or operation.operation_id in answered:
            continue
        answered.add(operation.operation_id)
        assert operation.callback_details is not None
        callback_id = operation.callback_details.callback_id
        send(runner, callback_id, scenario.answer(name, occurrence))  # the runner's own timer ends silence


class _WatchedClient:
    """The runner's service client, with every persisted update observed, and the ARN that the handler knows undone."""

    def __init__(self, observer: Observer, client: DurableServiceClient, arn: str) -> None:
        self._observer = observer
        self._client = client
        self._arn = arn

    def checkpoint(
        self,
        durable_execution_arn: str,  # noqa: ARG002  # the handler knows the execution under another
        checkpoint_token: str,
        updates: list[OperationUpdate],
        client_token: str | None,
    ) -> CheckpointOutput:
        output = self._client.checkpoint(self._arn, checkpoint_token, updates, client_token)
        for update in updates:
            self._observer.persisted(update)
        return output

    def get_execution_state(
        self,
        durable_execution_arn: str,  # noqa: ARG002
        checkpoint_token: str,
        next_marker: str,
        max_items: int = 1000,
    ) -> StateOutput:
        return self._client.get_execution_state(self._arn, checkpoint_token, next_marker, max_items)
