"""What one execution did, invocation by invocation and in order: for people who want to see how it came to its end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from durable_conformance.execution.crash_points import MODEL_CALL
from durable_conformance.execution.run import Run, Start
from durable_conformance.runtime.clock import EPOCH
from durable_conformance.runtime.observer import CheckpointUpdate, ModelCall

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


def trace_of(run: Run, before: Sequence[Start] = ()) -> Trace:
    """What `run` did.

    Args:
        run: The execution.
        before: How the invocations began that it took over; empty if it did everything itself.
    """
    first = run.starts[0].invocation if run.starts else 1
    starts = {start.invocation: start for start in (*before, *run.starts)}
    ending = f"{run.error_type}: {run.error_message}" if run.error_type else ""
    if run.status == "SUCCEEDED":
        ending = json.dumps(run.result, ensure_ascii=False)
    return Trace(
        status=run.status,
        ending=ending if len(ending) <= MAX_RESULT_CHARS else f"{ending[:MAX_RESULT_CHARS]}…",
        invocations=tuple(_invocations(run, starts)),
        first=first,
        retries=tuple(RetrySchedule(path, tuple(delays)) for path, delays in run.retry_schedule.items()),
    )


def _invocations(run: Run, starts: dict[int, Start]) -> Iterator[InvocationTrace]:
    moments: dict[int, list[Moment]] = {}
    for invocation, moment in _moments(run):
        moments.setdefault(invocation, []).append(moment)
    kinds = {operation.path: f"{operation.type} {operation.status}" for operation in run.operations}
    deaths = {death.invocation: death.how for death in run.deaths}
    ended_by_handler: set[str] = set()
    known: Set[str] = frozenset()
    for number in range(1, run.invocations + 1):
        start = starts.get(number)
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
    seen: Counter[str] = Counter()
    for what in _in_order(run.updates, run.calls):
        if isinstance(what, CheckpointUpdate):
            outcome = "interrupted" if what.interrupted else ""
            yield what.invocation, Moment(what.action, what.path, what.occurrence, what.delay_seconds, outcome)
            continue
        path = what.path or ""
        again = asked.setdefault((what.path, what.attempt), what.invocation) < what.invocation
        yield what.invocation, Moment(MODEL_CALL, path, seen[path], outcome=what.outcome, again=again)
        seen[path] += 1


def _in_order(
    updates: Sequence[CheckpointUpdate], calls: Sequence[ModelCall]
) -> Iterator[CheckpointUpdate | ModelCall]:
    waiting = list(calls)
    for persisted, update in enumerate(updates):
        while waiting and waiting[0].after_updates <= persisted:
            yield waiting.pop(0)
        yield update
    yield from waiting


def _outermost(paths: Iterable[str]) -> list[str]:
    """`paths`, without those that stand in another of them."""
    chosen = set(paths)
    return sorted(path for path in chosen if not any(path.startswith(f"{other}/") for other in chosen if other != path))
