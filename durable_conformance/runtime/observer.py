"""Watches one execution across all its invocations: which operation runs where, and what happens, in order.

It stands in three public places of the SDK: an instrumentation plugin that says which operation's function runs on
which thread, the service client that the invocation input carries, and the gate that model calls pass.
"""

from __future__ import annotations

import functools
import inspect
import linecache
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any, TypeGuard

from aws_durable_execution_sdk_python.exceptions import DurableOperationError, StepInterruptedError
from aws_durable_execution_sdk_python.lambda_service import OperationUpdate
from aws_durable_execution_sdk_python.plugin import (
    DurableInstrumentationPlugin,
    InvocationStartInfo,
    OperationEndInfo,
    OperationInfo,
    OperationStartInfo,
    OperationType,
    UserFunctionEndInfo,
    UserFunctionOutcome,
    UserFunctionStartInfo,
)

from durable_conformance.effects import WITNESS, Effect, Semantics
from durable_conformance.execution import (
    EXECUTION,
    Caught,
    Checkpointed,
    EffectHappened,
    Event,
    InvocationBegan,
    ModuleChanged,
    OperationBegan,
    OperationPaths,
    Raised,
    ReadOutside,
    Source,
    Start,
    TimeSpent,
    VariableChanged,
    sub_type_of,
)
from durable_conformance.model import DIED, ModelCall
from durable_conformance.runtime.branch_order import BranchOrder
from durable_conformance.runtime.closures import (
    Module,
    Picture,
    changed,
    line_of,
    pictured,
    users_function,
    workflow_of,
)
from durable_conformance.runtime.scope import Scopes
from durable_conformance.runtime.sdk import function_that_begins
from durable_conformance.runtime.source import is_noted, with_conversions
from durable_conformance.runtime.watching import watches
from durable_conformance.subject import CALLBACK_SUFFIX, raised
from durable_conformance.users_code import Place, calling_place, naming_place, protectable_place, waiting_place

PLAIN = "make it a plain function: the SDK calls a handler and awaits nothing"


def _is_operations(error: BaseException) -> TypeGuard[DurableOperationError]:
    """Whether the SDK raises it for an operation that has failed: what it failed with lies deeper."""
    return isinstance(error, DurableOperationError)


class Observer(DurableInstrumentationPlugin):
    """The record of one execution. Safe from any number of threads."""

    wants_replays = False
    """Whether the service is to have the SDK tell about every operation that is replayed."""

    def __init__(self, order: BranchOrder | None = None) -> None:
        self.order = order
        self.paths = OperationPaths()  # of all operations seen so far
        self.invocation = 0  # the running one, from 1
        self.events: list[Event] = []
        self.met: set[str] = set()  # the ids of what the code came by
        self.lines: dict[str, str] = {}  # by path, the user's line that calls the operation
        self.refused: list[str] = []  # why the execution cannot be made, in sentences
        self.raised: Raised | None = None  # by the handler, in the running invocation
        self.suspends = True  # the SDK has raised a suspension in it, as far as is known
        self._failures: dict[str, Raised] = {}  # what attempts failed with, by its message
        self._occurrences: Counter[tuple[str, str]] = Counter()
        self._survived: Counter[str | None] = Counter()
        self._begun: set[tuple[str, int | None]] = set()
        self._lock = threading.RLock()  # a finalizer that runs in here may do what is told
        self.files: dict[str, str] = {}  # what the SDK's serializer wrote, by the name that it is known by
        self._read: set[tuple[int, str, str]] = set()  # outside steps, by invocation
        self._caught: dict[int, tuple[BaseException, Caught]] = {}  # in the running invocation, and not raised again
        self._threads = threading.local()
        self.home = Path.cwd()
        self.scopes = Scopes()  # which operation's function runs where

    def create_plugin(self, info: InvocationStartInfo, /) -> DurableInstrumentationPlugin:  # noqa: ARG002
        """The SDK's plugin factory interface: the same plugin for each invocation."""
        return self

    def resume(self, events: Sequence[Event]) -> None:
        """Take up a record that began elsewhere."""
        self.events.extend(events)
        for event in events:
            self._count(event)
            if isinstance(event, TimeSpent):
                self.scopes.took(event.path, event.attempt, event.nanoseconds)

    def begin(self, start: Start) -> None:
        self.invocation = start.invocation
        self.raised = None
        self.suspends = not watches()
        self.scopes.begin(start.now)
        if self.order:
            self.order.begin(start.completed)
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
        return self.paths.register(info.operation_id, info.parent_id, info.name or sub_type_of(info))

    def line_here(self) -> str:
        """The user's line that this thread runs, or that waits for what it does; empty if there is none."""
        return calling_place().line(self.home) or waiting_place().line(self.home)

    def protectable_here(self) -> Place:
        """Where the user's code could have what happens here done in a step."""
        place = protectable_place()
        return place if place.file else waiting_place()

    def on_invocation_start(self, info: InvocationStartInfo) -> None:  # noqa: ARG002
        WITNESS.set(self.witnessed)

    def on_operation_start(self, info: OperationStartInfo) -> None:
        self._called(self.seen(info), info.name)

    def on_operation_end(self, info: OperationEndInfo) -> None:
        """An operation has ended, or the code came by one that had."""
        self._called(self.seen(info), info.name)

    def _called(self, path: str, name: str | None) -> None:
        """The code has come to an operation, on this thread."""
        if path in self.lines:
            return
        waits = (name or "").endswith(CALLBACK_SUFFIX)  # the line is that of who waits for the callback
        line = self.lines.get(path.rpartition("/")[0], "") if waits else ""
        if line := line or naming_place(name).line(self.home):
            self.lines[path] = line

    def on_user_function_start(self, info: UserFunctionStartInfo) -> None:
        path = self.seen(info)
        attempt = info.attempt if info.operation_type is OperationType.STEP else None
        self.tell(OperationBegan(path, attempt, again=(path, attempt) in self._begun))
        self._begun.add((path, attempt))
        function = users_function(function_that_begins()) if watches() else None
        self._pictures().append((function, pictured(function) if function else {}))
        self.scopes.enter(info, path)
        if self.order:
            self.order.enter(path)

    def watching(self, function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        """The handler's `function`, and what it raises is remembered: the SDK tells the error's name alone."""
        if users := workflow_of(function):
            self.lines[EXECUTION] = line_of(users, self.home)

        @functools.wraps(function)
        def watched(event: Any, context: Any) -> Any:
            module = Module.of(function) if watches() else None
            try:
                result = function(event, context)
            except Exception as error:
                of_operation = self._failures.get(error.message or "") if _is_operations(error) else None
                self.raised = of_operation or raised(error)
                raise
            finally:
                for name, change in module.changed(self.home) if module else ():
                    self.tell(ModuleChanged(name, change.line, change.by, cache=change.cache))
                for _, caught in self._caught.values():
                    self.tell(caught)
                self._caught.clear()
            if inspect.iscoroutine(result):
                result.close()  # which nobody awaits
                self.raised = Raised("the handler is async: it returns a coroutine", advice=PLAIN)
            return result

        return watched

    def on_user_function_end(self, info: UserFunctionEndInfo) -> None:
        # The SDK calls this while the exception is on its way: it gives a plugin the name and the message alone.
        if info.error is not None and (error := sys.exception()):
            known = self._failures.get(info.error.message or "") if _is_operations(error) else None
            self._failures[info.error.message or ""] = known or raised(error)
        path = self.seen(info)
        if pictures := self._pictures():
            self._compare(path, *pictures.pop())
        if spent := self.scopes.leave(path):
            self.tell(TimeSpent(path, info.attempt, spent))
        if self.order:
            self.order.leave(path, suspended=info.outcome is UserFunctionOutcome.INCOMPLETE)

    def _pictures(self) -> list[tuple[FunctionType | None, Picture]]:
        """The functions that run on this thread, the innermost last, and what their variables held when they began."""
        stack: list[tuple[FunctionType | None, Picture]] = self._threads.__dict__.setdefault("pictures", [])
        return stack

    def _compare(self, path: str, function: FunctionType | None, before: Picture) -> None:
        """Tell what `function` has changed outside itself, unless an operation that stands in this one has."""
        for name, change in changed(function, before, self.home) if function else ():
            told = (event for event in self.events if isinstance(event, VariableChanged))
            if function and not any(one.name == name and one.path.startswith(f"{path}/") for one in told):
                self.tell(VariableChanged(path, name, line_of(function, self.home), change.line))

    def running(self) -> UserFunctionStartInfo | None:
        """The innermost operation whose function runs on this thread, or has started what runs there."""
        return self.scopes.here().info

    def calls_survived(self, path: str | None) -> int:
        """How many model calls of the operation at `path`, None for outside any, did not die."""
        with self._lock:
            return self._survived[path]

    def witnessed(self, effect: Effect, key: str) -> None:
        """Record a side effect caused by what runs on this thread."""
        info = self.running()
        path = self.seen(info) if info else None
        in_step = info is not None and info.operation_type is OperationType.STEP
        line = self.line_here()
        self.tell(EffectHappened(effect.name, key, effect.semantics, self.invocation, path, in_step, line=line))

    def saw(self, verb: str, to: str, line: str, *, grave: bool) -> None:
        """Record what code that runs on this thread does to the machine, unless a step's checkpoint protects it."""
        info = self.running()
        if info and info.operation_type is OperationType.STEP:
            return
        path = self.seen(info) if info else None
        semantics = Semantics.AT_LEAST_ONCE
        self.tell(
            EffectHappened(verb, to, semantics, self.invocation, path, in_step=False, line=line, seen=True, grave=grave)
        )

    def read_outside(self, source: Source, *marks: str) -> None:
        """Code of the handler's that this thread runs outside any step reads what differs between invocations."""
        place = calling_place()
        if not place.file or place.library:
            return  # a library's own business
        self.read_at(source, place.expression, place, *marks)

    def read_at(self, source: Source, what: str, place: Place, *marks: str) -> None:
        """The same, where it is known who reads what."""
        line = place.line(self.home)
        if (self.invocation, what, line) not in self._read:
            self._read.add((self.invocation, what, line))
            # A context that has no operations of its own is recorded as a whole.
            noted = self.running() is not None or is_noted(linecache.getline(place.file, place.number))
            noted |= "tempfile" in place.through  # a name that nobody else is to have
            self.tell(ReadOutside(source, what, line, tuple(filter(None, marks)), noted, with_conversions(what, place)))

    def caught(self, error: BaseException, place: Place, *, suspension: bool) -> None:
        """Code of the handler's has caught what an operation raised. The last one that does so counts."""
        self._caught.pop(id(error), None)
        what = linecache.getline(place.file, place.number).partition("#")[0].strip().removesuffix(":")
        told = Caught(type(error).__name__, what, place.line(self.home), suspension)
        self._caught[id(error)] = error, told

    def raised_again(self, error: BaseException) -> None:
        """It has not kept it, nor what it is raised because of."""
        one: BaseException | None = error
        known: set[int] = set()  # an exception may be raised from itself
        while one is not None and self._caught and id(one) not in known:
            known.add(id(one))
            self._caught.pop(id(one), None)
            one = one.__cause__ or one.__context__

    def path_of(self, update: OperationUpdate) -> str:
        """The path of the operation that `update` is about."""
        label = update.name or sub_type_of(update) or update.operation_type.value.lower()
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
