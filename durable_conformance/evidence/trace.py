"""What one execution did, invocation by invocation and in order: for people who want to see how it came to its end."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace

from durable_conformance.execution import (
    ENDS,
    EPOCH,
    MODEL_CALL,
    Action,
    Checkpointed,
    InvocationBegan,
    Run,
    Status,
    numbered,
    with_parents,
)
from durable_conformance.model import AwsCall, ModelCall

MAX_RESULT_CHARS = 300
SUSPENDED = "suspended"
DIED = "died"


@dataclass(frozen=True)
class Moment:
    """Something that an invocation did."""

    what: str  # the action of the checkpoint update that persisted, `CALL` of a model, or the name of an AWS call
    path: str  # empty outside any operation
    nth: int = 0  # which of its path and `what` in the execution, from 0
    delay_seconds: int | None = None  # of a RETRY
    outcome: str = ""  # of a call: `answered`, `died` or the error's name; `interrupted` where a step says so
    again: bool = False  # the same attempt of the operation had made this CALL in an earlier invocation
    line: str = ""  # of the user's that calls the operation, or makes the call, as `handler.py:12`

    @property
    def label(self) -> str:
        return numbered(self.what, self.nth)


@dataclass(frozen=True)
class Arrival:
    """An operation that ended while no invocation ran: a callback that was answered, a wait that was over."""

    path: str
    how: str  # its type and status


@dataclass(frozen=True)
class InvocationTrace:
    """One invocation."""

    number: int  # from 1
    at_seconds: float  # virtual time since the execution's start
    arrived: tuple[Arrival, ...]  # what ended since the invocation before
    replayed: tuple[str, ...]  # the outermost operations that had ended: replay reads their results back
    moments: tuple[Moment, ...]
    ended: str  # `suspended`, `died`, or the status with which the execution ended
    why: str = ""  # what it died of; empty if it did not, or nobody knows


@dataclass(frozen=True)
class RetrySchedule:
    """The delays between the attempts of one operation."""

    path: str
    delays: tuple[int, ...]  # seconds, in order


@dataclass(frozen=True)
class Trace:
    """One execution."""

    status: str  # SUCCEEDED, FAILED, or what kept it from ending
    ending: str  # the result as JSON, cut to `MAX_RESULT_CHARS`, or the error; empty if it has not ended
    invocations: tuple[InvocationTrace, ...]
    first: int  # the number of the first that was run; those before it are another run's
    retries: tuple[RetrySchedule, ...]  # of every operation that was tried again


def trace_of(run: Run, lines: Mapping[str, str] | None = None) -> Trace:
    """What `run` did, and before it whoever did what it begins with.

    `lines` of operations, by path, are taken where the run, which may go on from elsewhere, does not know them.
    """
    run = replace(run, lines={**(lines or {}), **run.lines})
    ending = f"{run.error_type}: {run.error_message}" if run.error_type else ""
    if run.status == Status.SUCCEEDED:
        ending = json.dumps(run.result, ensure_ascii=False)
    return Trace(
        status=run.status,
        ending=ending if len(ending) <= MAX_RESULT_CHARS else f"{ending[:MAX_RESULT_CHARS]}…",
        invocations=tuple(_invocations(run)),
        first=run.starts[0].invocation if run.starts else 1,
        retries=tuple(RetrySchedule(path, tuple(delays)) for path, delays in run.retry_schedule.items()),
    )


def _invocations(run: Run) -> Iterator[InvocationTrace]:
    moments: defaultdict[int, list[Moment]] = defaultdict(list)
    for invocation, moment in _moments(run):
        moments[invocation].append(moment)
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
            moments=tuple(moments[number]),
            ended=DIED if number in deaths else run.status if number == run.invocations else SUSPENDED,
            why=deaths.get(number, ""),
        )
        known = completed
        ended_by_handler |= {moment.path for moment in moments[number] if moment.what in ENDS}


def _moments(run: Run) -> Iterator[tuple[int, Moment]]:
    """Updates and calls in the order in which they came, each with its invocation."""
    asked: dict[tuple[str | None, int | None], int] = {}
    seen: Counter[str | None] = Counter()
    aws: Counter[tuple[str, str | None]] = Counter()
    for event in run.events:
        match event:
            case Checkpointed():
                outcome = "interrupted" if event.interrupted else ""
                delay = event.delay_seconds if event.action == Action.RETRY else None
                line = run.line_of(event.path)
                yield event.invocation, Moment(event.action, event.path, event.occurrence, delay, outcome, line=line)
            case ModelCall():
                again = asked.setdefault((event.path, event.attempt), event.invocation) < event.invocation
                nth = seen[event.path]
                made = Moment(MODEL_CALL, event.path or "", nth, outcome=event.outcome, again=again, line=event.line)
                yield event.invocation, made
                seen[event.path] += 1
            case AwsCall():
                nth = aws[event.name, event.path]
                yield (
                    event.invocation,
                    Moment(event.name, event.path or "", nth, outcome=event.outcome, line=event.line),
                )
                aws[event.name, event.path] += 1
            case _:
                pass


def _outermost(paths: Iterable[str]) -> list[str]:
    """`paths`, without those that stand in another of them."""
    chosen = set(paths)
    return sorted(path for path in chosen if chosen.isdisjoint(with_parents(path.rpartition("/")[0])))
