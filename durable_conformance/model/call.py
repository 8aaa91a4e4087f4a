"""A model call as plain data, whatever library the handler makes it with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from durable_conformance.identity import alike

ANSWERED = "answered"
DIED = "died"

TAG = re.compile(r" ?~a(\d+)z")
"""A tag, which makes an answer unique, as it stands in a text: after a space, where the text is no JSON."""


@dataclass(frozen=True)
class Request:
    """What a handler asks."""

    text: str  # JSON, its keys sorted, defaults left out: equal requests have equal texts
    digest: str  # SHA-256 of the whole request, hexadecimal
    model: str  # the tier or id that is asked for
    whole: str = field(default="", repr=False, compare=False)  # with all that the tap needs to ask it again


@dataclass(frozen=True)
class Answer:
    """What a model answers."""

    text: str  # JSON, in the form of the tap that it passed
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True)
class Failure:
    """How a model call failed, where a repetition fails alike."""

    type: str  # the qualified name of the error's class, as a checkpoint records it
    message: str

    @property
    def name(self) -> str:
        return self.type.rpartition(".")[2]


@dataclass(frozen=True)
class ModelCall:
    """One call of a model, as a run keeps it."""

    invocation: int  # from 1
    path: str | None  # the operation whose function made it; None outside any
    operation_id: str | None  # the SDK's
    operation_type: str | None  # an `OperationKind`
    attempt: int | None  # from 1; None where there is none
    request: Request
    outcome: str  # `answered`, the name of the error that was raised, or `died` with its invocation
    answer: Answer | None = None
    failure: Failure | None = None  # the model's; an error of whoever stands in for the model is none
    error_message: str = ""  # of whatever error was raised
    resent: int = 0  # how often the library had sent it before, by itself
    line: str = field(default="", compare=False)  # that made it, as `handler.py:12`; empty where it is not known
    task: str = ""  # which of the threads that the operation's function has started made it; empty for itself
    protectable_at: str = field(default="", compare=False)  # the line that could have it made in a step
    protectable: str = field(default="", compare=False)  # and what that evaluates


class AnsweredBy(StrEnum):
    """Who answered an AWS call, in the order in which they are asked."""

    GIVEN = "the answers that were given"
    SET_UP = "the set-up"
    MADE_UP = "made up from its output shape"
    LIVE = "the service itself"


@dataclass(frozen=True)
class AwsCall:
    """One call of an AWS service that is no model, as a run keeps it."""

    invocation: int  # from 1
    path: str | None  # the operation whose function made it; None outside any
    operation_id: str | None  # the SDK's
    operation_type: str | None  # an `OperationKind`
    attempt: int | None  # from 1; None where there is none
    name: str  # the service, as boto3's clients are named, and the operation: `dynamodb.PutItem`
    request: Request  # its parameters
    reads: bool  # it changes nothing, as far as its name tells
    outcome: str  # `answered`, the code of the service's error, or `died` with its invocation
    by: AnsweredBy | None = None  # None if nobody answered
    answer: Answer | None = None  # its response, as JSON
    failure: Failure | None = None
    line: str = field(default="", compare=False)  # that made it, as `handler.py:12`; empty where it is not known
    task: str = ""  # which of the threads that the operation's function has started made it; empty for itself
    protectable_at: str = field(default="", compare=False)  # the line that could have it made in a step
    protectable: str = field(default="", compare=False)  # and what that evaluates


type Call = ModelCall | AwsCall


class FaultKind(StrEnum):
    """How a failure of the model looks to the handler. A tap raises what its library raises."""

    DENIED = "ModelAccessDeniedError"
    """For good: asking again cannot help."""
    THROTTLED = "ModelThrottledError"
    """For now: asking again may work."""
    UNAVAILABLE = "ModelUnavailableError"
    """Nobody knows more than that asking again may work."""
    PERMANENT = "PermanentModelError"
    """Nobody knows more than that asking again cannot help."""


@dataclass(frozen=True)
class ModelFault:
    """Model calls of one operation, or of all, that fail; or AWS calls."""

    kind: FaultKind
    path: str | None = None  # None is everybody's
    times: int | None = None  # how many of each operation's, from the first on; None is all
    aws: bool = False  # AWS calls fail, and no model's

    def __str__(self) -> str:
        if self.aws:
            return "AccessDeniedException in every AWS call"
        calls = "every call" if self.times is None else "one call" if self.times == 1 else f"{self.times} calls"
        whose = f" of {self.path}" if self.path else "" if self.times is None else " of every operation"
        return f"{self.kind} in {calls}{whose}"


def tag(serial: int) -> str:
    """What makes the `serial`-th answer of a run unique. As long as any other: an interruption shifts the numbers."""
    return f"a{serial:06}z"


def comparable(text: str) -> str:
    """`text` without what differs between two runs of the same: tags, and the execution that it names."""
    return untagged(alike(text))


def untagged(text: str) -> str:
    """`text` without tags."""
    return TAG.sub("", text)
