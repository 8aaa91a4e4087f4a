"""What one execution did, as plain data: the same for the public runner and for the in-process service."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aws_durable_execution_sdk_python.lambda_service import Operation

from durable_conformance.effects import Happened
from durable_conformance.execution.operations import OperationRecord
from durable_conformance.runtime.observer import CheckpointUpdate, ModelCall, Observer


@dataclass(frozen=True)
class Death:
    """An invocation that died.

    Attributes:
        invocation: Which, from 1.
        completed: The paths of the operations that had ended by then, as far as the service knew.
        how: What it died of, for people; empty where that is not known.
    """

    invocation: int
    completed: frozenset[str]
    how: str = field(default="", compare=False)


@dataclass(frozen=True)
class Awaited:
    """What the service knows about an operation that waits for somebody.

    Attributes:
        timeout_seconds: How long a callback waits; 0 is for ever.
        heartbeat_seconds: How long it waits for a heartbeat; 0 is for ever.
        function_name: What a chained invocation invokes; None for a callback.
    """

    timeout_seconds: int = 0
    heartbeat_seconds: int = 0
    function_name: str | None = None


@dataclass(frozen=True)
class Start:
    """A state of an execution between two invocations.

    Attributes:
        invocation: The number, from 1, of the invocation that begins with it.
        operations: What the service holds.
        now: The time.
        awaited: What is known about each callback and chained invocation, by operation id.
        updates: How many checkpoint updates have been persisted.
        calls: How many model calls have been made.
        effects: How many declared side effects have happened.
        completed: The paths of the operations that have ended.
        changed: Ids of the operations that have changed since the handler last saw the state.
    """

    invocation: int
    operations: tuple[Operation, ...]
    now: dt.datetime
    awaited: Mapping[str, Awaited]
    updates: int
    calls: int
    effects: int
    completed: frozenset[str]
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prefix:
    """What an execution did before `start`. Another run can begin there, as if it had done that itself.

    Attributes:
        start: The state to begin with.
        updates: What had been persisted.
        calls: The model calls made.
        effects: The declared side effects that happened.
        death: The invocation that died there; None between two invocations.
    """

    start: Start
    updates: tuple[CheckpointUpdate, ...]
    calls: tuple[ModelCall, ...]
    effects: tuple[Happened, ...]
    death: Death | None = None


@dataclass(frozen=True)
class Run:
    """One execution, from its start to its end.

    Attributes:
        status: SUCCEEDED, FAILED, or what kept it from ending.
        result: The handler's result; None unless it succeeded.
        error_type: The qualified name of the error it failed with.
        error_message: That error's message.
        operations: Every operation, in the order of paths.
        calls: Every model call, in the order in which they were made.
        updates: Every persisted checkpoint update, in order.
        effects: Every declared side effect, in order.
        invocations: How often the handler was invoked.
        crashes: The crash points that fired.
        deaths: The invocations that died of them.
        starts: The state at the start of each invocation; empty where that was not recorded.
        snapshots: The state after each persisted update; empty where that was not recorded.
        taken_on: The paths of the operations that took on what a baseline had recorded.
    """

    status: str
    result: Any
    error_type: str | None
    error_message: str | None
    operations: tuple[OperationRecord, ...]
    calls: tuple[ModelCall, ...]
    updates: tuple[CheckpointUpdate, ...]
    invocations: int
    crashes: tuple[str, ...] = ()
    deaths: tuple[Death, ...] = ()
    starts: tuple[Start, ...] = field(default=(), repr=False, compare=False)
    snapshots: tuple[Start, ...] = field(default=(), repr=False, compare=False)
    taken_on: frozenset[str] = frozenset()
    effects: tuple[Happened, ...] = ()

    def until_invocation(self, number: int) -> Prefix:
        """What was done before invocation `number`, from 1."""
        return self._until(self.starts[number - self.starts[0].invocation])

    def until_update(self, position: int) -> Prefix:
        """What was done until the update at `position` in `updates` had persisted: the invocation died then."""
        start, update = self.after_update(position), self.updates[position]
        return self._until(start, Death(update.invocation, start.completed, f"after {update} persisted"))

    def after_update(self, position: int) -> Start:
        """The state after the update at `position` in `updates` had persisted. It must have persisted in this run."""
        return self.snapshots[position - self.starts[0].updates]

    def _until(self, start: Start, death: Death | None = None) -> Prefix:
        return Prefix(
            start,
            self.updates[: start.updates],
            self.calls[: start.calls],
            self.effects[: start.effects],
            death,
        )

    @property
    def repeated_calls(self) -> tuple[ModelCall, ...]:
        """Model calls by operations that had ended before an earlier invocation died: paid for twice.

        What stands in a context that had ended had, too: a flat branch is no operation of its own.
        """
        ended: dict[str, int] = {}  # for each path, the first invocation that died when it had ended
        for death in self.deaths:
            for path in death.completed:
                ended[path] = min(ended.get(path, death.invocation), death.invocation)
        return tuple(
            call
            for call in self.calls
            if any(call.invocation > ended.get(path, call.invocation) for path in with_parents(call.path))
        )

    @property
    def calls_made_again(self) -> tuple[ModelCall, ...]:
        """Model calls that repeat one of an invocation that died before their operation's end was checkpointed."""
        died = {death.invocation for death in self.deaths}
        first: dict[tuple[str | None, int | None], int] = {}
        for call in self.calls:
            if call.invocation in died:
                first.setdefault((call.path, call.attempt), call.invocation)
        repeated = set(map(id, self.repeated_calls))
        return tuple(
            call
            for call in self.calls
            if call.invocation > first.get((call.path, call.attempt), call.invocation) and id(call) not in repeated
        )

    @property
    def interrupted_for_good(self) -> bool:
        """Whether an at-most-once step died half-way and had no attempt left."""
        return any(update.interrupted and update.action == "FAIL" for update in self.updates)

    @property
    def retry_schedule(self) -> dict[str, list[int]]:
        """For each operation that was retried, the delays in seconds, in order."""
        schedule: dict[str, list[int]] = {}
        for update in self.updates:
            if update.action == "RETRY" and update.delay_seconds is not None:
                schedule.setdefault(update.path, []).append(update.delay_seconds)
        return dict(sorted(schedule.items()))

    @property
    def ledger(self) -> dict[str, list[str]]:
        """For each operation that called the model, how each call ended, in order."""
        ledger: dict[str, list[str]] = {}
        for call in self.calls:
            ledger.setdefault(call.path or "outside any operation", []).append(call.outcome)
        return dict(sorted(ledger.items()))

    def operation(self, name: str) -> OperationRecord:
        """The operation named `name`, wherever it stands.

        Raises:
            LookupError: There is none, or there are several.
        """
        found = [operation for operation in self.operations if operation.name == name]
        if len(found) != 1:
            names = ", ".join(operation.path for operation in self.operations)
            raise LookupError(f"{len(found)} operations are named {name!r}; there are: {names}.")
        return found[0]


def finished(
    observer: Observer,
    operations: Sequence[OperationRecord],
    status: str,
    result: str | None,
    error: tuple[str | None, str | None],
    *,
    crashes: Sequence[str] = (),
    deaths: Sequence[Death] = (),
    starts: Sequence[Start] = (),
    snapshots: Sequence[Start] = (),
    taken_on: Sequence[str] = (),
) -> Run:
    """The run that `observer` watched.

    Args:
        observer: Who watched it.
        operations: What the service holds at the end.
        status: How it ended.
        result: The handler's result, as JSON text.
        error: The type and message it failed with.
        crashes: The crash points that fired.
        deaths: The invocations that died of them.
        starts: The state at the start of each invocation.
        snapshots: The state after each persisted update.
        taken_on: The operations that took on a baseline's value.
    """
    return Run(
        status=status,
        result=json.loads(result) if result else None,
        error_type=error[0],
        error_message=error[1],
        operations=tuple(operations),
        calls=tuple(observer.calls),
        updates=tuple(observer.updates),
        invocations=observer.invocation,
        crashes=tuple(crashes),
        deaths=tuple(deaths),
        starts=tuple(starts),
        snapshots=tuple(snapshots),
        taken_on=frozenset(taken_on),
        effects=tuple(observer.effects),
    )


def with_parents(path: str | None) -> Iterator[str]:
    """`path`, and those of the contexts that it stands in; nothing for what stands outside any operation."""
    while path:
        yield path
        path = path.rpartition("/")[0]
