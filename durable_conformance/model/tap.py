"""What a tap gives and takes: it translates one library's calls, and decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn, Protocol, runtime_checkable

from durable_conformance.model.call import Answer, AnsweredBy, Failure, FaultKind, ModelCall, Request


class Question(Protocol):
    """One model call on its way out of the handler, in the words of its tap."""

    @property
    def request(self) -> Request:
        """What is asked, as plain data."""

    @property
    def resent(self) -> int:
        """How often the library has sent it before, by itself."""

    def varied(self, answer: Answer, unique: str) -> Answer:
        """`answer`, still fitting the question, with `unique` in each text that may hold it."""

    def failure(self, kind: FaultKind, message: str) -> Failure:
        """What an injected failure looks like to this library's callers."""


@dataclass(frozen=True)
class AwsQuestion:
    """One call of an AWS service that is no model, on its way out of the handler."""

    name: str  # `dynamodb.PutItem`
    reads: bool  # it changes nothing, as far as its name tells
    parameters: dict[str, Any]
    request: Request


@dataclass(frozen=True)
class Asking:
    """Whose question it is."""

    path: str | None  # None outside any operation
    attempt: int | None  # from 1; None where there is none
    position: int  # which call of this attempt, from 0
    untagged: bool = False  # leave tags out of the question: what answers by the request answers alike in each run

    @property
    def operation(self) -> str:
        """The operation's name, as its path has it; empty outside any."""
        return (self.path or "").rpartition("/")[2].partition(":")[2]


@runtime_checkable
class Source(Protocol):
    """Who answers."""

    def answer(self, question: Question, asking: Asking) -> Answer | Failure:
        """Answer the question. What it raises says that it cannot: no model fails that way."""

    def question(self, call: ModelCall) -> Question:
        """The question that `call` was, in another execution."""


class AwsAsked(Protocol):
    """An AWS call that has passed the gate."""

    @property
    def unique(self) -> str:
        """What tells it from other calls, and is the same in each run."""

    @property
    def known(self) -> Answer | None:
        """What it is answered; None if the tap is to find out."""

    def came(self, answer: Answer, by: AnsweredBy) -> None:
        """It was answered."""

    def failed(self, error: BaseException) -> None:
        """Nobody could answer it."""


class Gate(Protocol):
    """Where each model call passes on its way out of the handler."""

    def answer(self, question: Question) -> Answer | Failure:
        """What becomes of the call. What it raises ends the call as it is."""


class AwsGate(Gate, Protocol):
    """Where AWS calls pass, too."""

    @property
    def live(self) -> bool:
        """Whether a call that nobody answers goes to the service."""

    def ask(self, question: AwsQuestion) -> AwsAsked:
        """What becomes of the call. What it raises ends the call as it is."""

    def refuse(self, why: str) -> NoReturn:
        """Nobody can answer a call: the execution cannot be made."""
