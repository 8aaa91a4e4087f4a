"""Watches one execution across all its invocations: which operation made which model call, and what was checkpointed.

It stands in three public places of the SDK: an instrumentation plugin that says which operation's function runs on
which thread, the model provider that the handler is given, and the service client that the invocation input carries.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from aws_durable_execution_sdk_python.exceptions import StepInterruptedError
from aws_durable_execution_sdk_python.lambda_service import Operation, OperationUpdate
from aws_durable_execution_sdk_python.plugin import (
    DurableInstrumentationPlugin,
    InvocationStartInfo,
    OperationEndInfo,
    OperationInfo,
    OperationStartInfo,
    UserFunctionEndInfo,
    UserFunctionStartInfo,
)

from conformance.operations import OperationPaths
from providers import ModelProvider, ModelRequest, ModelResponse

DIED = "died"


@dataclass(frozen=True)
class ModelCall:
    """One call of the model.

    Attributes:
        invocation: In which invocation, from 1.
        path: The operation whose function made it; None outside any operation.
        operation_id: The SDK's id of that operation.
        operation_type: Such as STEP; None outside any operation.
        attempt: The operation's attempt, from 1; None where there is none.
        request: What was asked.
        outcome: `answered`, the name of the error that was raised, or `died` when the invocation did during the call.
    """

    invocation: int
    path: str | None
    operation_id: str | None
    operation_type: str | None
    attempt: int | None
    request: ModelRequest
    outcome: str
    response: ModelResponse | None = None


@dataclass(frozen=True)
class CheckpointUpdate:
    """One update that the service has persisted.

    Attributes:
        invocation: In which invocation, from 1.
        path: The operation it is about.
        action: START, SUCCEED, FAIL, RETRY or CANCEL.
        occurrence: Which update of this path and action it is, from 0.
        delay_seconds: For RETRY, how long until the next attempt.
        payload_bytes: Size of what it stores, in bytes of UTF-8.
        name: The operation's name; None if it has none.
        timeout_seconds: For a callback's START, how long it waits; 0 is for ever.
        interrupted: Whether it says that an at-most-once step died half-way.
    """

    invocation: int
    path: str
    action: str
    occurrence: int
    delay_seconds: int | None
    payload_bytes: int
    name: str | None
    timeout_seconds: int | None
    interrupted: bool = False


class Observer:
    """The record of one execution. Safe from any number of threads.

    Attributes:
        paths: The paths of all operations seen so far.
        invocation: The number of the running invocation, from 1.
        calls: Every model call, in order.
        updates: Every persisted update, in order.
    """

    def __init__(self) -> None:
        self.paths = OperationPaths()
        self.invocation = 0
        self.calls: list[ModelCall] = []
        self.updates: list[CheckpointUpdate] = []
        self._lock = threading.Lock()
        self._threads = threading.local()

    def create_plugin(self, info: InvocationStartInfo, /) -> DurableInstrumentationPlugin:  # noqa: ARG002
        """The SDK's plugin factory interface: one plugin an invocation, all reporting here."""
        return _Watch(self)

    def watched(self, provider: ModelProvider) -> ModelProvider:
        """`provider`, with every call recorded."""
        return _WatchedModel(self, provider)

    def resume(self, updates: Sequence[CheckpointUpdate], calls: Sequence[ModelCall]) -> None:
        """Take up a record that began elsewhere."""
        self.updates.extend(updates)
        self.calls.extend(calls)

    def seen(self, info: OperationInfo) -> str:
        """The path of an operation that the SDK tells about."""
        return self.paths.register(info.operation_id, info.parent_id, info.name or info.sub_type)

    def entered(self, info: UserFunctionStartInfo) -> None:
        self.seen(info)
        self._stack().append(info)

    def left(self) -> None:
        stack = self._stack()
        if stack:
            stack.pop()

    def running(self) -> UserFunctionStartInfo | None:
        """The innermost operation whose function runs on this thread."""
        stack = self._stack()
        return stack[-1] if stack else None

    def called(self, request: ModelRequest, outcome: str, response: ModelResponse | None = None) -> None:
        """Record a model call made by what runs on this thread."""
        info = self.running()
        call = ModelCall(
            invocation=self.invocation,
            path=self.seen(info) if info else None,
            operation_id=info.operation_id if info else None,
            operation_type=info.operation_type.value if info else None,
            attempt=info.attempt if info else None,
            request=request,
            outcome=outcome,
            response=response,
        )
        with self._lock:
            self.calls.append(call)

    def path_of(self, update: OperationUpdate) -> str:
        """The path of the operation that `update` is about."""
        label = update.name or update.sub_type or update.operation_type.value.lower()
        return self.paths.register(update.operation_id, update.parent_id, label)

    def occurrences(self, path: str, action: str) -> int:
        """How many updates of this path and action were persisted."""
        with self._lock:
            return sum(update.path == path and update.action == action for update in self.updates)

    def persisted(self, update: OperationUpdate) -> CheckpointUpdate:
        """Record that the service has persisted `update`."""
        path, action = self.path_of(update), update.action.value
        persisted = CheckpointUpdate(
            invocation=self.invocation,
            path=path,
            action=action,
            occurrence=self.occurrences(path, action),
            delay_seconds=update.step_options.next_attempt_delay_seconds if update.step_options else None,
            payload_bytes=len((update.payload or "").encode()),
            name=update.name,
            timeout_seconds=update.callback_options.timeout_seconds if update.callback_options else None,
            interrupted=bool(update.error and (update.error.type or "").endswith(StepInterruptedError.__name__)),
        )
        with self._lock:
            self.updates.append(persisted)
        return persisted

    def held(self, operations: Sequence[Operation], now: dt.datetime) -> None:
        """Told what the in-process service holds, after each update and when an invocation starts.

        Nothing here keeps it; an observer that records the execution does.
        """

    def _stack(self) -> list[UserFunctionStartInfo]:
        if not hasattr(self._threads, "stack"):
            self._threads.stack = []
        stack: list[UserFunctionStartInfo] = self._threads.stack
        return stack


class _Watch(DurableInstrumentationPlugin):
    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def on_operation_start(self, info: OperationStartInfo) -> None:
        self._observer.seen(info)

    def on_operation_end(self, info: OperationEndInfo) -> None:
        self._observer.seen(info)

    def on_user_function_start(self, info: UserFunctionStartInfo) -> None:
        self._observer.entered(info)

    def on_user_function_end(self, info: UserFunctionEndInfo) -> None:  # noqa: ARG002
        self._observer.left()


class _WatchedModel:
    def __init__(self, observer: Observer, provider: ModelProvider) -> None:
        self._observer = observer
        self._provider = provider

    def converse(self, request: ModelRequest) -> ModelResponse:
        try:
            response = self._provider.converse(request)
        except BaseException as error:  # a call that died was made, and paid for, too
            self._observer.called(request, DIED if type(error).__name__ == "DiedInCall" else type(error).__name__)
            raise
        self._observer.called(request, "answered", response)
        return response
