"""Watches one execution across all its invocations: which operation made which model call, and what was checkpointed.

It stands in three public places of the SDK: an instrumentation plugin that says which operation's function runs on
which thread, the model provider that the handler is given, and the service client that the invocation input carries.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from aws_durable_execution_sdk_python import ExecutionError
from aws_durable_execution_sdk_python.exceptions import StepInterruptedError
from aws_durable_execution_sdk_python.lambda_service import OperationUpdate
from aws_durable_execution_sdk_python.plugin import (
    DurableInstrumentationPlugin,
    InvocationStartInfo,
    OperationEndInfo,
    OperationInfo,
    OperationStartInfo,
    UserFunctionEndInfo,
    UserFunctionStartInfo,
)

from conformance.effects import WITNESS, Effect, Happened
from conformance.operations import OperationPaths
from conformance.timeline import Event
from providers import FatalModelError, ModelProvider, ModelRequest, ModelResponse

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
        response: The answer, if there was one.
        error_message: The error's message, if one was raised.
        after_updates: How many updates had persisted when it ended: what came first.
    """

    invocation: int
    path: str | None
    operation_id: str | None
    operation_type: str | None
    attempt: int | None
    request: ModelRequest
    outcome: str
    response: ModelResponse | None = None
    error_message: str = ""
    after_updates: int = field(default=0, compare=False)


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
        function_name: For a chained invocation's START, what it invokes.
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
    function_name: str | None = None

    @property
    def label(self) -> str:
        """What tells it from others of its path."""
        return f"{self.action} #{self.occurrence + 1}" if self.occurrence else self.action

    def __str__(self) -> str:
        return f"{self.path} {self.label}"


class BranchGate(Protocol):
    """Decides when an operation's function may begin."""

    def enter(self, path: str) -> None:
        """The function of the operation at `path` is about to run, on this thread: return when it may."""
        ...

    def leave(self, path: str) -> None:
        """It has ended or suspended."""
        ...


class Observer:
    """The record of one execution. Safe from any number of threads.

    Args:
        order: The order in which the branches of batches are to end; None leaves it to the threads.

    Attributes:
        paths: The paths of all operations seen so far.
        invocation: The number of the running invocation, from 1.
        calls: Every model call, in order.
        updates: Every persisted update, in order.
        effects: Every declared side effect, in order.
        wants_replays: Whether the service is to have the SDK tell it about every operation that is replayed.
    """

    wants_replays = False

    def __init__(self, order: BranchGate | None = None) -> None:
        self._order = order
        self.paths = OperationPaths()
        self.invocation = 0
        self.calls: list[ModelCall] = []
        self.updates: list[CheckpointUpdate] = []
        self.effects: list[Happened] = []
        self._occurrences: Counter[tuple[str, str]] = Counter()
        self._survived: Counter[str | None] = Counter()
        self._lock = threading.Lock()
        self._threads = threading.local()

    def create_plugin(self, info: InvocationStartInfo, /) -> DurableInstrumentationPlugin:  # noqa: ARG002
        """The SDK's plugin factory interface: one plugin an invocation, all reporting here."""
        return _Watch(self)

    def watched(self, provider: ModelProvider) -> ModelProvider:
        """`provider`, with every call recorded."""
        return _WatchedModel(self, provider)

    def resume(
        self, updates: Sequence[CheckpointUpdate], calls: Sequence[ModelCall], effects: Sequence[Happened]
    ) -> None:
        """Take up a record that began elsewhere."""
        self.updates.extend(updates)
        self.calls.extend(calls)
        self.effects.extend(effects)
        self._occurrences.update((update.path, update.action) for update in updates)
        self._survived.update(call.path for call in calls if call.outcome != DIED)

    def begin(self, invocation: int, ended: frozenset[str]) -> None:  # noqa: ARG002  # for who tells what is replayed
        """Invocation number `invocation` begins, when the operations at the paths `ended` have."""
        self.invocation = invocation

    def tell(self, event: Event) -> None:
        """Pass on what the driver or the service knows. This one has nobody to tell."""

    def settle(self) -> None:
        """Raise what kept it from passing something on, on the caller's thread."""

    def seen(self, info: OperationInfo) -> str:
        """The path of an operation that the SDK tells about."""
        return self.paths.register(info.operation_id, info.parent_id, info.name or info.sub_type)

    def entered(self, info: UserFunctionStartInfo) -> None:
        path = self.seen(info)
        self._stack().append(info)
        if self._order:
            self._order.enter(path)

    def left(self, info: UserFunctionEndInfo) -> None:
        stack = self._stack()
        if stack:
            stack.pop()
        if self._order:
            self._order.leave(self.seen(info))

    def ended(self, info: OperationEndInfo) -> None:
        """An operation has ended, or the code came by one that had."""
        self.seen(info)

    def running(self) -> UserFunctionStartInfo | None:
        """The innermost operation whose function runs on this thread."""
        stack = self._stack()
        return stack[-1] if stack else None

    def asked(self, request: ModelRequest) -> None:
        """What runs on this thread is about to call the model."""

    def called(
        self, request: ModelRequest, outcome: str, response: ModelResponse | None = None, error_message: str = ""
    ) -> None:
        """Record a model call made by what runs on this thread."""
        info = self.running()
        path = self.seen(info) if info else None
        with self._lock:
            call = ModelCall(
                invocation=self.invocation,
                path=path,
                operation_id=info.operation_id if info else None,
                operation_type=info.operation_type.value if info else None,
                attempt=info.attempt if info else None,
                request=request,
                outcome=outcome,
                response=response,
                error_message=error_message,
                after_updates=len(self.updates),
            )
            self.calls.append(call)
            self._survived[path] += outcome != DIED

    def calls_survived(self, path: str | None) -> int:
        """How many model calls of the operation at `path`, None for outside any, did not die."""
        with self._lock:
            return self._survived[path]

    def witnessed(self, effect: Effect, key: str) -> None:
        """Record a side effect caused by what runs on this thread."""
        info = self.running()
        path = self.seen(info) if info else None
        in_step = info is not None and info.operation_type.value == "STEP"
        with self._lock:
            self.effects.append(Happened(effect.name, key, effect.semantics, self.invocation, path, in_step))

    def path_of(self, update: OperationUpdate) -> str:
        """The path of the operation that `update` is about."""
        label = update.name or update.sub_type or update.operation_type.value.lower()
        return self.paths.register(update.operation_id, update.parent_id, label)

    def occurrences(self, path: str, action: str) -> int:
        """How many updates of this path and action were persisted."""
        with self._lock:
            return self._occurrences[path, action]

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
            function_name=update.chained_invoke_options.function_name if update.chained_invoke_options else None,
        )
        with self._lock:
            self.updates.append(persisted)
            self._occurrences[path, action] += 1
        return persisted

    def _stack(self) -> list[UserFunctionStartInfo]:
        if not hasattr(self._threads, "stack"):
            self._threads.stack = []
        stack: list[UserFunctionStartInfo] = self._threads.stack
        return stack


class _Watch(DurableInstrumentationPlugin):
    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def on_invocation_start(self, info: InvocationStartInfo) -> None:  # noqa: ARG002
        WITNESS.set(self._observer)

    def on_operation_start(self, info: OperationStartInfo) -> None:
        self._observer.seen(info)

    def on_operation_end(self, info: OperationEndInfo) -> None:
        self._observer.ended(info)

    def on_user_function_start(self, info: UserFunctionStartInfo) -> None:
        self._observer.entered(info)

    def on_user_function_end(self, info: UserFunctionEndInfo) -> None:
        self._observer.left(info)


class _WatchedModel:
    def __init__(self, observer: Observer, provider: ModelProvider) -> None:
        self._observer = observer
        self._provider = provider

    def converse(self, request: ModelRequest) -> ModelResponse:
        self._observer.asked(request)
        try:
            response = self._provider.converse(request)
        except BaseException as error:  # a call that died was made, and paid for, too
            kind = type(error).__name__
            self._observer.called(request, DIED if kind == "DiedInCall" else kind, error_message=str(error))
            if isinstance(error, FatalModelError):  # also where the handler under test asks in a step of its own
                raise ExecutionError(str(error)) from error
            raise
        self._observer.called(request, "answered", response)
        return response
