"""What one execution did, invocation by invocation and in order: for people who want to see how it came to its end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from durable_conformance.execution import EPOCH, MODEL_CALL, Checkpointed, InvocationBegan, Run
from durable_conformance.model import ModelCall

ENDS = frozenset({"SUCCEED", "FAIL", "CANCEL"})
"""Updates with which a handler ends an operation."""

MAX_RESULT_CHARS = 300
SUSPENDED = "suspended"
DIED = "died"


@dataclass(frozen=True)
class Moment:
    """Something that an invocation did.

    Attributes:
        what: The action of the checkpoint update that persisted, or `CALL` for a model call.
        path: The operation; empty outside any.
        nth: Which of its path and `what` it is in the execution, from 0.
        delay_seconds: For a RETRY, how long until the next attempt.
        outcome: For a CALL, `answered`, `died` or the error's name; `interrupted` where a step says that it was.
        again: For a CALL, whether the same attempt of the operation had made it in an earlier invocation.
    """

    what: str
    path: str
    nth: int = 0
    delay_seconds: int | None = None
    outcome: str = ""
    again: bool = False

    @property
    def label(self) -> str:
        """What tells it from others of its path."""
        return f"{self.what} #{self.nth + 1}" if self.nth else self.what


@dataclass(frozen=True)
class Arrival:
    """An operation that ended while no invocation ran: a callback that was answered, a wait that was over.

    Attributes:
        path: The operation.
        how: Its type and status.
    """

    path: str
    how: str


@dataclass(frozen=True)
class InvocationTrace:
    """One invocation.

    Attributes:
        number: From 1.
        at_seconds: Virtual time since the execution's start.
        arrived: What ended between the invocation before and this one.
        replayed: The outermost operations that had ended before it began: replay reads their results back.
        moments: What it did, in order.
        ended: `suspended`, `died`, or the status with which the execution ended.
        why: What it died of; empty if it did not, or nobody knows.
    """

    number: int
    at_seconds: float
    arrived: tuple[Arrival, ...]
    replayed: tuple[str, ...]
    moments: tuple[Moment, ...]
    ended: str
    why: str = ""


@dataclass(frozen=True)
class RetrySchedule:
    """The delays between the attempts of one operation.

    Attributes:
        path: The operation.
        delays: In seconds, in order.
    """

    path: str
    delays: tuple[int, ...]


@dataclass(frozen=True)
class Trace:
    """One execution.

    Attributes:
        status: SUCCEEDED, FAILED, or what kept it from ending.
        ending: Its result as JSON text, cut to `MAX_RESULT_CHARS`, or the error that it failed with; empty if it has
            not ended.
        invocations: In order.
        first: The number of the first invocation that was run; those before it are another run's.
        retries: Of every operation that was tried again.
    """

    status: str
    ending: str
    invocations: tuple[InvocationTrace, ...]
    first: int
    retries: tuple[RetrySchedule, ...]


def trace_of(run: Run) -> Trace:
    """What `run` did, and before it whoever did what it begins with."""
    ending = f"{run.error_type}: {run.error_message}" if run.error_type else ""
    if run.status == "SUCCEEDED":
        ending = json.dumps(run.result, ensure_ascii=False)
    return Trace(
        status=run.status,
        ending=ending if len(ending) <= MAX_RESULT_CHARS else f"{ending[:MAX_RESULT_CHARS]}…",
        invocations=tuple(_invocations(run)),
        first=run.starts[0].invocation if run.starts else 1,
        retries=tuple(RetrySchedule(path, tuple(delays)) for path, delays in run.retry_schedule.items()),
    )


def _invocations(run: Run) -> Iterator[InvocationTrace]:
    moments: dict[int, list[Moment]] = {}
    for invocation, moment in _moments(run):
        moments.setdefault(invocation, []).append(moment)
    began = {event.invocation: event for event in run.events if isinstance(event, InvocationBegan)}
    kinds = {operation.path: f"{operation.type} {operation.status}" for operation in run.operations}
    deaths = {death.invocation: death.how for death in run.deaths}
    ended_by_handler: set[str] = set()
    known: Set[str] = frozenset()
    for number in range(1, run.invocations + 1):
        start = began.get(number)
        completed = start.completed if start else known
        arrived = sorted(completed - known - ended_by_handler)
        yield InvocationTrace(
            number=number,
            at_seconds=round((start.now - EPOCH).total_seconds(), 1) if start else 0.0,
            arrived=tuple(Arrival(path, kinds.get(path, "")) for path in arrived),
            replayed=tuple(_outermost(completed)),
            moments=tuple(moments.get(number, ())),
            ended=DIED if number in deaths else run.status if number == run.invocations else SUSPENDED,
            why=deaths.get(number, ""),
        )
        known = completed
        ended_by_handler |= {moment.path for moment in moments.get(number, ()) if moment.what in ENDS}


def _moments(run: Run) -> Iterator[tuple[int, Moment]]:
    """Updates and model calls in the order in which they came, each with its invocation."""
    asked: dict[tuple[str | None, int | None], int] = {}
    seen: dict[str, int] = {}
    for event in run.events:
        match event:
            case Checkpointed():
                outcome = "interrupted" if event.interrupted else ""
                delay = event.delay_seconds if event.action == "RETRY" else None
                yield event.invocation, Moment(event.action, event.path, event.occurrence, delay, outcome)
            case ModelCall():
                path = event.path or ""
                again = asked.setdefault((event.path, event.attempt), event.invocation) < event.invocation
                nth = seen.setdefault(path, 0)
                yield event.invocation, Moment(MODEL_CALL, path, nth, outcome=event.outcome, again=again)
                seen[path] += 1
            case _:
                pass


def _outermost(paths: Iterable[str]) -> list[str]:
    """`paths`, without those that stand in another of them."""
    chosen = set(paths)
    return sorted(path for path in chosen if not any(path.startswith(f"{other}/") for other in chosen if other != path))
