"""Watches one execution across all its invocations: which operation runs where, and what happens, in order.

It stands in three public places of the SDK: an instrumentation plugin that says which operation's function runs on
which thread, the service client that the invocation input carries, and the gate that model calls pass.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence

from aws_durable_execution_sdk_python.exceptions import StepInterruptedError
from aws_durable_execution_sdk_python.lambda_service import OperationUpdate
from aws_durable_execution_sdk_python.plugin import (
    DurableInstrumentationPlugin,
    InvocationStartInfo,
    OperationEndInfo,
    OperationInfo,
    OperationStartInfo,
    OperationType,
    UserFunctionEndInfo,
    UserFunctionStartInfo,
)

from durable_conformance.effects import WITNESS, Effect
from durable_conformance.execution import (
    Checkpointed,
    EffectHappened,
    Event,
    InvocationBegan,
    OperationBegan,
    OperationPaths,
    Start,
)
from durable_conformance.model import DIED, ModelCall
from durable_conformance.runtime.branch_order import BranchOrder


class Observer(DurableInstrumentationPlugin):
    """The record of one execution. Safe from any number of threads."""

    wants_replays = False
    """Whether the service is to have the SDK tell about every operation that is replayed."""

    def __init__(self, order: BranchOrder | None = None) -> None:
        self._order = order
        self.paths = OperationPaths()  # of all operations seen so far
        self.invocation = 0  # the running one, from 1
        self.events: list[Event] = []
        self.met: set[str] = set()  # the ids of what the code came by
        self._occurrences: Counter[tuple[str, str]] = Counter()
        self._survived: Counter[str | None] = Counter()
        self._begun: set[tuple[str, int | None]] = set()
        self._lock = threading.Lock()
        self._threads = threading.local()

    def create_plugin(self, info: InvocationStartInfo, /) -> DurableInstrumentationPlugin:  # noqa: ARG002
        """The SDK's plugin factory interface: the same plugin for each invocation."""
        return self

    def resume(self, events: Sequence[Event]) -> None:
        """Take up a record that began elsewhere."""
        self.events.extend(events)
        for event in events:
            self._count(event)

    def begin(self, start: Start) -> None:
        self.invocation = start.invocation
        self.tell(InvocationBegan(start.invocation, start.now, start.completed))

    def tell(self, event: Event) -> None:
        with self._lock:
            self.events.append(event)
            self._count(event)

    def settle(self) -> None:
        """Raise what kept it from passing something on, on the caller's thread."""

    def seen(self, info: OperationInfo) -> str:
        """The path of an operation that the SDK tells about."""
        self.met.add(info.operation_id)
        return self.paths.register(info.operation_id, info.parent_id, info.name or info.sub_type)

    def on_invocation_start(self, info: InvocationStartInfo) -> None:  # noqa: ARG002
        WITNESS.set(self.witnessed)

    def on_operation_start(self, info: OperationStartInfo) -> None:
        self.seen(info)

    def on_operation_end(self, info: OperationEndInfo) -> None:
        """An operation has ended, or the code came by one that had."""
        self.seen(info)

    def on_user_function_start(self, info: UserFunctionStartInfo) -> None:
        path = self.seen(info)
        attempt = info.attempt if info.operation_type is OperationType.STEP else None
        self.tell(OperationBegan(path, attempt, again=(path, attempt) in self._begun))
        self._begun.add((path, attempt))
        self._stack().append(info)
        if self._order:
            self._order.enter(path)

    def on_user_function_end(self, info: UserFunctionEndInfo) -> None:
        if stack := self._stack():
            stack.pop()
        if self._order:
            self._order.leave(self.seen(info))

    def running(self) -> UserFunctionStartInfo | None:
        """The innermost operation whose function runs on this thread."""
        return next(reversed(self._stack()), None)

    def calls_survived(self, path: str | None) -> int:
        """How many model calls of the operation at `path`, None for outside any, did not die."""
        with self._lock:
            return self._survived[path]

    def witnessed(self, effect: Effect, key: str) -> None:
        """Record a side effect caused by what runs on this thread."""
        info = self.running()
        path = self.seen(info) if info else None
        in_step = info is not None and info.operation_type is OperationType.STEP
        self.tell(EffectHappened(effect.name, key, effect.semantics, self.invocation, path, in_step))

    def path_of(self, update: OperationUpdate) -> str:
        """The path of the operation that `update` is about."""
        label = update.name or update.sub_type or update.operation_type.value.lower()
        return self.paths.register(update.operation_id, update.parent_id, label)

    def occurrences(self, path: str, action: str) -> int:
        with self._lock:
            return self._occurrences[path, action]

    def persisted(self, update: OperationUpdate) -> None:
        path, action = self.path_of(update), update.action.value
        step, wait = update.step_options, update.wait_options
        error_type = (update.error.type or "") if update.error else ""
        self.tell(
            Checkpointed(
                invocation=self.invocation,
                path=path,
                action=action,
                occurrence=self.occurrences(path, action),
                type=update.operation_type.value,
                delay_seconds=step.next_attempt_delay_seconds if step else wait.wait_seconds if wait else None,
                payload_bytes=len((update.payload or "").encode(errors="surrogatepass")),
                name=update.name,
                timeout_seconds=update.callback_options.timeout_seconds if update.callback_options else None,
                interrupted=error_type.endswith(StepInterruptedError.__name__),
                function_name=update.chained_invoke_options.function_name if update.chained_invoke_options else None,
                error=f"{error_type.rpartition('.')[2]}: {update.error.message}" if update.error else None,
            )
        )

    def _count(self, event: Event) -> None:
        if isinstance(event, Checkpointed):
            self._occurrences[event.path, event.action] += 1
        elif isinstance(event, ModelCall):
            self._survived[event.path] += event.outcome != DIED

    def _stack(self) -> list[UserFunctionStartInfo]:
        """The operations whose functions run on this thread, the innermost last."""
        stack: list[UserFunctionStartInfo] = self._threads.__dict__.setdefault("stack", [])
        return stack
