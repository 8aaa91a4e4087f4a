"""What happens in an execution, in order: the one record that everything else is read off.

Most events are told while the execution goes on, too (`Listener`): the timeline of `durable-ai run` is one who hears.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from durable_conformance.effects import Semantics
from durable_conformance.execution.crash_points import CrashPoint
from durable_conformance.execution.operations import numbered
from durable_conformance.model import AwsCall, ModelCall


@dataclass(frozen=True)
class InvocationBegan:
    """The handler is invoked."""

    invocation: int  # from 1
    now: dt.datetime  # virtual time
    completed: frozenset[str]  # the paths of the operations that have ended


@dataclass(frozen=True)
class OperationBegan:
    """An operation's function runs."""

    path: str
    attempt: int | None  # from 1; None for what has no attempts, such as a context
    again: bool  # an earlier invocation began the same, and did not end it


@dataclass(frozen=True)
class OperationCalled:
    """Where the code calls an operation: told before all else of it, to a listener alone. A `Run` has the lines."""

    path: str
    line: str  # of the user's that calls it, as `handler.py:12`


@dataclass(frozen=True)
class OperationReplayed:
    """The code came by an operation that had ended before this invocation, and was given what its checkpoint holds.

    Only a listener is told: where nobody listens, the SDK need not say so.
    """

    path: str
    called: bool  # it, or what stands in it, had asked a model, which is not asked again


@dataclass(frozen=True)
class Checkpointed:
    """The service has persisted an update."""

    invocation: int  # from 1
    path: str
    action: str  # an `Action`
    occurrence: int  # which update of this path and action, from 0
    type: str = ""  # an `OperationKind`
    delay_seconds: int | None = None  # until a RETRY's next attempt; for a wait's START, how long it waits
    payload_bytes: int = 0  # UTF-8
    name: str | None = None
    timeout_seconds: int | None = None  # of a callback's START; 0 is for ever
    interrupted: bool = False  # it says that an at-most-once step died half-way
    function_name: str | None = None  # of a chained invocation's START
    error: str | None = None  # what the attempt failed with, as `Type: message`

    @property
    def label(self) -> str:
        return numbered(self.action, self.occurrence)

    def __str__(self) -> str:
        return f"{self.path} {self.label}"


@dataclass(frozen=True)
class ModelAsked:
    """A model is asked. What comes of it is the `ModelCall` that follows."""

    path: str | None  # None outside any operation
    model: str  # the tier or id that is asked for


@dataclass(frozen=True)
class EffectHappened:
    """A side effect that a double has declared, or that the guard saw outside any step."""

    name: str
    key: str  # tells it from others of the same name, such as an order number
    semantics: Semantics
    invocation: int  # from 1
    path: str | None  # the operation whose function caused it; None outside any
    in_step: bool
    line: str = ""  # that caused it, as `handler.py:12`; empty where it is not known
    seen: bool = False  # by the guard: nobody has declared it
    grave: bool = True  # more than a file of this machine


@dataclass(frozen=True)
class VariableChanged:
    """An operation's function has changed a variable of the handler's, which replay does not."""

    path: str
    name: str
    line: str  # where the function is defined, as `handler.py:12`
    changed_at: str = ""  # the line that changes it, as far as the source tells


class Source(StrEnum):
    """What differs between the invocations of one execution."""

    CLOCK = "the clock"
    CHANCE = "chance"
    PROCESS = "the process's id"
    VARIABLE = "a variable that Lambda sets otherwise in each sandbox"
    REQUEST = "what Lambda's context says of this invocation"
    SET = "the order of a set"
    HASH = "a hash, which each process salts anew"
    ADDRESS = "an object's address"
    FILE = "a file that another sandbox may not have"
    SOCKET = "what another program answers"


@dataclass(frozen=True)
class ReadOutside:
    """Code outside any step has read what differs between invocations."""

    source: Source
    what: str  # the expression, as the code has it: `date.today()`
    line: str  # as `handler.py:12`
    marks: tuple[str, ...] = ()  # texts by which what was read is known again in a name, a prompt or a result
    noted: bool = False  # the line only logs it, or measures time; or a context may record it
    whole: str = ""  # the expression with what only converts it: `date.today().isoformat()`


@dataclass(frozen=True)
class ModuleChanged:
    """An invocation has changed a variable of the handler's module, which a warm process keeps."""

    name: str
    line: str  # that changes it, as `handler.py:12`; as far as the source tells
    by: str = ""  # the expression that does, if it is a call: `next(served)`
    cache: bool = False  # it is one of a function's results, which those that change nothing have, too


@dataclass(frozen=True)
class Caught:
    """Code of the handler's has caught what an operation raised, and has not raised it again."""

    error: str  # the name of its class
    what: str  # the code that catches it: `except BaseException`; or has another thread do so
    line: str  # that catches it, as `handler.py:12`
    suspension: bool  # the SDK raises it to end the invocation


@dataclass(frozen=True)
class ProcessDied:
    """The invocation's process is dead. Nothing that it still does counts."""

    path: str
    point: CrashPoint


@dataclass(frozen=True)
class Death:
    """An invocation has died, and the service knows what it had done by then."""

    invocation: int  # from 1
    completed: frozenset[str]  # the paths of the operations that had ended, as far as the service knew
    how: str = ""  # what it died of, for people; empty where that is not known


@dataclass(frozen=True)
class InvocationEnded:
    """The handler has returned."""

    status: str  # PENDING if it is suspended; else how the execution ended
    suspension: bool = True  # the SDK has raised one, as far as is known: it ends the invocation unless code keeps it


@dataclass(frozen=True)
class TimePassed:
    """Virtual time passed while nobody ran."""

    seconds: int


@dataclass(frozen=True)
class TimeSpent:
    """The function of an operation has taken virtual time: it has slept."""

    path: str
    attempt: int | None  # of a step; None otherwise
    nanoseconds: int


@dataclass(frozen=True)
class AnswerCame:
    """Who was waited for has answered, or has let the time run out."""

    path: str
    payload: str | None = None  # None if there was none, or it was empty
    refused: str | None = None  # the message with which it was refused
    in_time: bool = True  # whether it came at all


type Event = (
    InvocationBegan
    | OperationBegan
    | OperationCalled
    | OperationReplayed
    | Checkpointed
    | ModelAsked
    | ModelCall
    | AwsCall
    | EffectHappened
    | VariableChanged
    | ReadOutside
    | ModuleChanged
    | Caught
    | ProcessDied
    | Death
    | InvocationEnded
    | TimePassed
    | TimeSpent
    | AnswerCame
)

type Listener = Callable[[Event], None]
"""Told of each event, one at a time, on whichever thread it happened."""
