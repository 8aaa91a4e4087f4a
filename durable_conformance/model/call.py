"""A model call as plain data, whatever library the handler makes it with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

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
    """Calls of one operation, or of all, that fail."""

    kind: FaultKind
    path: str | None = None  # None is everybody's
    times: int | None = None  # how many of each operation's, from the first on; None is all

    def __str__(self) -> str:
        calls = "every call" if self.times is None else "one call" if self.times == 1 else f"{self.times} calls"
        whose = f" of {self.path}" if self.path else "" if self.times is None else " of every operation"
        return f"{self.kind} in {calls}{whose}"


def tag(serial: int) -> str:
    """What makes the `serial`-th answer of a run unique. As long as any other: an interruption shifts the numbers."""
    return f"a{serial:06}z"


def untagged(text: str) -> str:
    """`text` without tags."""
    return TAG.sub("", text)
