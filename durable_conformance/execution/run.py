"""What one execution did, as plain data: the same for AWS's own runner and for the simulated service."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from aws_durable_execution_sdk_python.lambda_service import Operation

from durable_conformance.execution.crash_points import ALL_KINDS, MODEL_CALL, CrashKind, CrashPoint
from durable_conformance.execution.events import (
    Checkpointed,
    Death,
    EffectHappened,
    Event,
    InvocationBegan,
    InvocationEnded,
    ProcessDied,
    TimePassed,
)
from durable_conformance.execution.operations import Action, OperationRecord, with_parents
from durable_conformance.identity import EXECUTION_ID
from durable_conformance.model import DIED, AwsCall, Call, ModelCall

EPOCH = dt.datetime(2040, 1, 1, tzinfo=dt.UTC)
"""Where virtual time starts. It must lie in the future: the SDK compares scheduled times with the real clock."""

AT_HORIZON = "HORIZON: not followed any further"
"""The status of an execution that was followed some operations past its interruption, and stopped there."""


@dataclass(frozen=True)
class Raised:
    """What the user's code has raised, for people."""

    error: str  # `KeyError: 'ORDERS_TABLE'`
    line: str = ""  # the last one of the user's, as `handler.py:12`; empty where it is not known
    advice: str = ""  # what to do about it, as far as the error tells

    def __str__(self) -> str:
        return f"{self.line}: {self.error}" if self.line else self.error


@dataclass(frozen=True)
class Awaited:
    """What the service knows about an operation that waits for somebody."""

    timeout_seconds: int = 0  # 0 is for ever
    heartbeat_seconds: int = 0  # 0 is for ever
    function_name: str | None = None  # None for a callback


@dataclass(frozen=True)
class Start:
    """A state of an execution between two invocations."""

    invocation: int  # the one that begins with it, from 1
    operations: tuple[Operation, ...]
    now: dt.datetime  # virtual time
    awaited: Mapping[str, Awaited]  # by operation id
    events: int  # how many came before
    completed: frozenset[str]  # the paths of the operations that have ended
    changed: tuple[str, ...] = ()  # the ids of what has changed since the handler last saw the state
    execution_id: str = EXECUTION_ID


@dataclass(frozen=True)
class Prefix:
    """What an execution did before `start`. Another run can begin there, as if it had done that itself."""

    start: Start
    events: tuple[Event, ...]  # the death of an invocation last, if it died there

    @property
    def died(self) -> bool:
        return bool(self.events) and isinstance(self.events[-1], Death)

    @cached_property
    def updates(self) -> tuple[Checkpointed, ...]:
        return tuple(event for event in self.events if isinstance(event, Checkpointed))


@dataclass(frozen=True)
class Run:
    """One execution, from its start to its end."""

    status: str  # SUCCEEDED, FAILED, or what kept it from ending
    result: Any  # None unless it succeeded
    error_type: str | None  # the qualified name
    error_message: str | None
    operations: tuple[OperationRecord, ...]  # in the order of their paths
    events: tuple[Event, ...] = field(repr=False)
    starts: tuple[Start, ...] = field(default=(), repr=False, compare=False)  # at the start of each invocation
    snapshots: tuple[Start, ...] = field(default=(), repr=False, compare=False)  # after each update
    met: frozenset[str] = field(default=frozenset(), repr=False, compare=False)  # the ids of what the code came by
    lines: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)  # by path, as `handler.py:12`
    pinned: frozenset[str] = frozenset()  # the paths of what adopted another run's value
    raised: Raised | None = field(default=None, repr=False, compare=False)  # what it failed with, if it failed

    def __getstate__(self) -> dict[str, Any]:
        """The fields alone: what is read off them is not sent to another process."""
        return {name: self.__dict__[name] for name in self.__dataclass_fields__}

    @cached_property
    def calls(self) -> tuple[ModelCall, ...]:
        """Every model call, in the order in which they ended."""
        return tuple(event for event in self.events if isinstance(event, ModelCall))

    @cached_property
    def aws_calls(self) -> tuple[AwsCall, ...]:
        """Every call of an AWS service that is no model, in the order in which they ended."""
        return tuple(event for event in self.events if isinstance(event, AwsCall))

    @cached_property
    def all_calls(self) -> tuple[Call, ...]:
        """Both, in the order in which they ended."""
        return tuple(event for event in self.events if isinstance(event, ModelCall | AwsCall))

    @cached_property
    def updates(self) -> tuple[Checkpointed, ...]:
        return tuple(event for event in self.events if isinstance(event, Checkpointed))

    @cached_property
    def effects(self) -> tuple[EffectHappened, ...]:
        return tuple(event for event in self.events if isinstance(event, EffectHappened))

    @cached_property
    def deaths(self) -> tuple[Death, ...]:
        return tuple(event for event in self.events if isinstance(event, Death))

    @cached_property
    def crashes(self) -> tuple[CrashPoint, ...]:
        return tuple(event.point for event in self.events if isinstance(event, ProcessDied))

    @cached_property
    def invocations(self) -> int:
        return max((event.invocation for event in self.events if isinstance(event, InvocationBegan)), default=0)

    @cached_property
    def never_suspends(self) -> bool:
        """Whether its last invocation came by nothing that it had to wait for, as far as is known."""
        ended = [event for event in self.events if isinstance(event, InvocationEnded)]
        return bool(ended) and not ended[-1].suspension

    @property
    def waited(self) -> int:
        """The seconds of virtual time that passed while nobody ran."""
        return sum(event.seconds for event in self.events if isinstance(event, TimePassed))

    def until_invocation(self, number: int) -> Prefix:
        """What was done before invocation `number`, from 1."""
        start = self.starts[number - self.starts[0].invocation]
        return Prefix(start, self.events[: start.events])

    def until_update(self, position: int) -> Prefix:
        """What was done until the update at `position` in `updates` had persisted: the invocation died then."""
        start, update = self.after_update(position), self.updates[position]
        death = Death(update.invocation, start.completed, f"after {update} persisted")
        return Prefix(start, (*self.events[: start.events], death))

    def after_update(self, position: int) -> Start:
        """The state after the update at `position` in `updates` had persisted. It must have persisted in this run."""
        return self.snapshots[position - self._updates_before]

    @cached_property
    def _updates_before(self) -> int:
        """How many of the updates another run had made."""
        return sum(isinstance(event, Checkpointed) for event in self.events[: self.starts[0].events])

    def update_at(self, point: CrashPoint) -> int:
        """The position in `updates` of the one that `point` interrupts; for a call, of the one that came next."""
        if point.kind is not CrashKind.DURING_CALL:
            wanted = (point.path, point.action, point.occurrence)
            made = ((update.path, update.action, update.occurrence) for update in self.updates)
            return next(position for position, update in enumerate(made) if update == wanted)
        call = [call for call in self.calls if call.path == point.path][point.occurrence]
        before = self.events[: next(n for n, event in enumerate(self.events) if event is call)]
        return sum(isinstance(event, Checkpointed) for event in before)

    def crash_points(self, kinds: Sequence[CrashKind] = ALL_KINDS) -> tuple[CrashPoint, ...]:
        """Every point at which the execution could have been interrupted, in each of `kinds`."""
        points = [
            CrashPoint(update.path, update.action, update.occurrence, kind, update.invocation)
            for update in self.updates
            for kind in kinds
            if kind is not CrashKind.DURING_CALL
        ]
        nth: Counter[str] = Counter()
        for call in self.calls:
            if call.path is not None and CrashKind.DURING_CALL in kinds:
                points.append(CrashPoint(call.path, MODEL_CALL, nth[call.path], CrashKind.DURING_CALL, call.invocation))
                nth[call.path] += 1
        return tuple(points)

    @cached_property
    def repeated_calls(self) -> tuple[Call, ...]:
        """Calls by operations that had ended before an earlier invocation died: paid for twice.

        What stands in a context that had ended had, too: a flat branch is no operation of its own.
        """
        # For each path, the first invocation that died when it had ended.
        deaths = sorted(self.deaths, key=lambda death: -death.invocation)
        ended = {path: death.invocation for death in deaths for path in death.completed}
        return tuple(
            call
            for call in self.all_calls
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
        return any(update.interrupted and update.action == Action.FAIL for update in self.updates)

    @property
    def retry_schedule(self) -> dict[str, list[int]]:
        """For each operation that was retried, the delays in seconds, in order."""
        schedule: dict[str, list[int]] = {}
        for update in self.updates:
            if update.action == Action.RETRY and update.delay_seconds is not None:
                schedule.setdefault(update.path, []).append(update.delay_seconds)
        return dict(sorted(schedule.items()))

    @cached_property
    def ledger(self) -> dict[str, list[str]]:
        """For each operation that called the model, how each call ended, in order."""
        ledger: dict[str, list[str]] = {}
        for call in self.calls:
            ledger.setdefault(call.path or "outside any operation", []).append(call.outcome)
        return dict(sorted(ledger.items()))

    def line_of(self, path: str) -> str:
        """The user's line that calls the operation, or the context that it stands in; empty where it is not known."""
        return next((line for one in with_parents(path) if (line := self.lines.get(one))), "")

    def without_dead_calls(self) -> Run:
        """The same, but for model calls that died with their invocation."""
        lived = (event for event in self.events if not (isinstance(event, ModelCall) and event.outcome == DIED))
        return Run(**self.__getstate__() | {"events": tuple(lived)})

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


def parsed_result(text: str | None) -> Any:
    """A handler's result, of its JSON text; None if there is none."""
    return json.loads(text) if text else None
