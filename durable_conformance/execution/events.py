"""What happens in an execution, told as it happens: the events of a timeline, and how they reach who listens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from durable_conformance.subject.scenario import CallbackAnswer
from providers import Usage


@dataclass(frozen=True)
class InvocationBegan:
    """The handler is invoked.

    Attributes:
        invocation: Its number, from 1.
    """

    invocation: int


@dataclass(frozen=True)
class OperationBegan:
    """An operation's function runs.

    Attributes:
        path: The operation.
        attempt: Which attempt it is, from 1; None for what has no attempts, such as a context.
        again: Whether an earlier invocation began the same, and did not end it.
    """

    path: str
    attempt: int | None
    again: bool


@dataclass(frozen=True)
class OperationReplayed:
    """The code came by an operation that had ended before this invocation, and was given what its checkpoint holds.

    Attributes:
        path: The operation.
        called: Whether it, or what stands in it, had asked a model, which is not asked again.
    """

    path: str
    called: bool


@dataclass(frozen=True)
class OperationEnded:
    """An operation's end is checkpointed.

    Attributes:
        path: The operation.
        error: What it failed with, as `Type: message`; None if it succeeded.
    """

    path: str
    error: str | None


@dataclass(frozen=True)
class RetryScheduled:
    """That a step is to be tried again is checkpointed.

    Attributes:
        path: The step.
        delay_seconds: In how many seconds.
        error: What this attempt failed with, as `Type: message`; None if it only polls.
    """

    path: str
    delay_seconds: int
    error: str | None


@dataclass(frozen=True)
class TimerSet:
    """An operation waits for time to pass.

    Attributes:
        path: The operation.
        seconds: How long.
    """

    path: str
    seconds: int


@dataclass(frozen=True)
class AnswerAwaited:
    """An operation waits for somebody: a callback for its answer, a chained invocation for its result.

    Attributes:
        path: The operation.
        timeout_seconds: At most so long; None is for ever.
        function_name: The function that was invoked; None for a callback.
    """

    path: str
    timeout_seconds: int | None
    function_name: str | None


@dataclass(frozen=True)
class ModelAsked:
    """A model is asked.

    Attributes:
        path: The operation that asks; None outside any.
        model: The tier or id that is asked for.
    """

    path: str | None
    model: str


@dataclass(frozen=True)
class ModelAnswered:
    """A model has answered.

    Attributes:
        path: The operation that asked; None outside any.
        model: The tier or id that was asked for.
        usage: The tokens that it took.
    """

    path: str | None
    model: str
    usage: Usage


@dataclass(frozen=True)
class ModelFailed:
    """A model call failed.

    Attributes:
        path: The operation that asked; None outside any.
        model: The tier or id that was asked for.
        error: The name of the error's class.
    """

    path: str | None
    model: str
    error: str


@dataclass(frozen=True)
class ProcessDied:
    """The invocation's process is dead. Nothing that it still does is told.

    Attributes:
        path: The operation at which it died.
        where: At what, such as `SUCCEED before it persists`.
    """

    path: str
    where: str


@dataclass(frozen=True)
class InvocationEnded:
    """The handler has returned.

    Attributes:
        status: PENDING if it is suspended until what it waits for has happened; else how the execution ended.
    """

    status: str


@dataclass(frozen=True)
class TimePassed:
    """Virtual time passed while nobody ran.

    Attributes:
        seconds: How much.
    """

    seconds: int


@dataclass(frozen=True)
class AnswerCame:
    """Who was waited for has answered, or has let the time run out.

    Attributes:
        path: The operation that waited.
        answer: What they said.
    """

    path: str
    answer: CallbackAnswer


type Event = (
    InvocationBegan
    | OperationBegan
    | OperationReplayed
    | OperationEnded
    | RetryScheduled
    | TimerSet
    | AnswerAwaited
    | ModelAsked
    | ModelAnswered
    | ModelFailed
    | ProcessDied
    | InvocationEnded
    | TimePassed
    | AnswerCame
)

type Listener = Callable[[Event], None]
"""Told of each event, one at a time, on whichever thread it happened."""


class Teller:
    """Passes events on: one at a time, and none of a process that has died.

    What the listener raises is kept for the thread that runs the execution: on one of the SDK's it would end the wrong
    thing, and leave the others waiting for ever.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._lock = threading.Lock()
        self._dead = False
        self._raised: BaseException | None = None

    def tell(self, event: Event) -> None:
        with self._lock:
            if isinstance(event, InvocationBegan):
                self._dead = False
            if self._dead or self._raised:
                return
            self._dead = isinstance(event, ProcessDied)
            try:
                self._listener(event)
            except BaseException as error:  # noqa: BLE001  # raised by `settle`
                self._raised = error

    def settle(self) -> None:
        """Raise what the listener raised, if it did."""
        if self._raised:
            raise self._raised
