"""What happens in an execution, in order: the one record that everything else is read off.

Most events are told while the execution goes on, too (`Listener`): the timeline of `durable-ai run` is one who hears.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from durable_conformance.effects import Semantics
from durable_conformance.execution.crash_points import CrashPoint
from durable_conformance.model import ModelCall


@dataclass(frozen=True)
class InvocationBegan:
    """The handler is invoked.

    Attributes:
        invocation: Its number, from 1.
        now: The virtual time.
        completed: The paths of the operations that have ended.
    """

    invocation: int
    now: dt.datetime
    completed: frozenset[str]


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

    Only a listener is told: where nobody listens, the SDK need not say so.

    Attributes:
        path: The operation.
        called: Whether it, or what stands in it, had asked a model, which is not asked again.
    """

    path: str
    called: bool


@dataclass(frozen=True)
class Checkpointed:
    """The service has persisted an update.

    Attributes:
        invocation: In which invocation, from 1.
        path: The operation it is about.
        action: START, SUCCEED, FAIL, RETRY or CANCEL.
        occurrence: Which update of this path and action it is, from 0.
        type: The operation's type, such as STEP.
        delay_seconds: For RETRY, how long until the next attempt; for a wait's START, how long it waits.
        payload_bytes: Size of what it stores, in bytes of UTF-8.
        name: The operation's name; None if it has none.
        timeout_seconds: For a callback's START, how long it waits; 0 is for ever.
        interrupted: Whether it says that an at-most-once step died half-way.
        function_name: For a chained invocation's START, what it invokes.
        error: What the attempt failed with, as `Type: message`.
    """

    invocation: int
    path: str
    action: str
    occurrence: int
    type: str = ""
    delay_seconds: int | None = None
    payload_bytes: int = 0
    name: str | None = None
    timeout_seconds: int | None = None
    interrupted: bool = False
    function_name: str | None = None
    error: str | None = None

    @property
    def label(self) -> str:
        """What tells it from others of its path."""
        return f"{self.action} #{self.occurrence + 1}" if self.occurrence else self.action

    def __str__(self) -> str:
        return f"{self.path} {self.label}"


@dataclass(frozen=True)
class ModelAsked:
    """A model is asked. What comes of it is the `ModelCall` that follows.

    Attributes:
        path: The operation that asks; None outside any.
        model: The tier or id that is asked for.
    """

    path: str | None
    model: str


@dataclass(frozen=True)
class EffectHappened:
    """A side effect that a double has declared.

    Attributes:
        name: The effect's name.
        key: Tells it from others of the same name, such as an order number.
        semantics: How often it may happen.
        invocation: In which invocation, from 1.
        path: The operation whose function caused it; None outside any.
        in_step: Whether that operation is a step.
    """

    name: str
    key: str
    semantics: Semantics
    invocation: int
    path: str | None
    in_step: bool


@dataclass(frozen=True)
class ProcessDied:
    """The invocation's process is dead. Nothing that it still does counts.

    Attributes:
        path: The operation at which it died.
        point: The crash point that has fired.
    """

    path: str
    point: CrashPoint


@dataclass(frozen=True)
class Death:
    """An invocation has died, and the service knows what it had done by then.

    Attributes:
        invocation: Which, from 1.
        completed: The paths of the operations that had ended, as far as the service knew.
        how: What it died of, for people; empty where that is not known.
    """

    invocation: int
    completed: frozenset[str]
    how: str = ""


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
        payload: The answer; None if there was none, or it was empty.
        refused: The message with which it was refused; None if it was not.
        in_time: Whether it came at all.
    """

    path: str
    payload: str | None = None
    refused: str | None = None
    in_time: bool = True


type Event = (
    InvocationBegan
    | OperationBegan
    | OperationReplayed
    | Checkpointed
    | ModelAsked
    | ModelCall
    | EffectHappened
    | ProcessDied
    | Death
    | InvocationEnded
    | TimePassed
    | AnswerCame
)

type Listener = Callable[[Event], None]
"""Told of each event, one at a time, on whichever thread it happened."""
