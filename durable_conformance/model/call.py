"""A model call as plain data, whatever library the handler makes it with."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

ANSWERED = "answered"
DIED = "died"


@dataclass(frozen=True)
class Request:
    """What a handler asks.

    Attributes:
        text: The request as JSON, its keys sorted, what has its default left out: equal requests have equal texts.
        whole: The same with all that the tap needs to ask it again.
        digest: SHA-256 of the whole request, in hexadecimal digits.
        model: The tier or id that is asked for.
    """

    text: str
    digest: str
    model: str
    whole: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True)
class Answer:
    """What a model answers.

    Attributes:
        text: The answer as JSON, in the form of the tap that it passed.
        input_tokens: What the request took.
        output_tokens: What the answer took.
    """

    text: str
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True)
class Failure:
    """How a model call failed, where a repetition fails alike.

    Attributes:
        type: The qualified name of the error's class, as a checkpoint records it.
        message: The error's message.
    """

    type: str
    message: str

    @property
    def name(self) -> str:
        """The class's own name."""
        return self.type.rpartition(".")[2]


@dataclass(frozen=True)
class ModelCall:
    """One call of a model, as a run keeps it.

    Attributes:
        invocation: In which invocation, from 1.
        path: The operation whose function made it; None outside any operation.
        operation_id: The SDK's id of that operation.
        operation_type: Such as STEP; None outside any operation.
        attempt: The operation's attempt, from 1; None where there is none.
        request: What was asked.
        outcome: `answered`, the name of the error that was raised, or `died` when the invocation did during the call.
        answer: None unless it was answered.
        failure: None unless the model failed. An error of whoever stands in for the model is none of these.
        error_message: The message of whatever error was raised.
    """

    invocation: int
    path: str | None
    operation_id: str | None
    operation_type: str | None
    attempt: int | None
    request: Request
    outcome: str
    answer: Answer | None = None
    failure: Failure | None = None
    error_message: str = ""


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
    """Calls of one operation, or of all, that fail.

    Attributes:
        kind: How.
        path: Whose calls; None is everybody's.
        times: How many of each operation's, from the first on; None is all.
    """

    kind: FaultKind
    path: str | None = None
    times: int | None = None

    def __str__(self) -> str:
        calls = "every call" if self.times is None else "one call" if self.times == 1 else f"{self.times} calls"
        whose = f" of {self.path}" if self.path else "" if self.times is None else " of every operation"
        return f"{self.kind} in {calls}{whose}"
