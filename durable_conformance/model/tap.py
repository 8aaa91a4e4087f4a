"""What a tap gives and takes: it translates one library's calls, and decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from durable_conformance.model.call import Answer, Failure, FaultKind, ModelCall, Request


class Question(Protocol):
    """One call on its way out of the handler, in the words of its tap."""

    @property
    def request(self) -> Request:
        """What is asked, as plain data."""
        ...

    def varied(self, answer: Answer, unique: str) -> Answer:
        """`answer`, still fitting the question, with `unique` in each text that may hold it."""
        ...

    def failure(self, kind: FaultKind, message: str) -> Failure:
        """What an injected failure looks like to this library's callers."""
        ...


@dataclass(frozen=True)
class Asking:
    """Whose question it is.

    Attributes:
        path: The operation that asks; None outside any.
        attempt: Its attempt, from 1; None where there is none.
        position: Which call of this attempt it is, from 0.
        untagged: Whether what makes answers unique is to be left out of the question: a source that answers by the
            request then answers alike in each run.
    """

    path: str | None
    attempt: int | None
    position: int
    untagged: bool = False


@runtime_checkable
class Source(Protocol):
    """Who answers."""

    def answer(self, question: Question, asking: Asking) -> Answer | Failure:
        """Answer the question. What it raises says that it cannot: no model fails that way."""
        ...

    def question(self, call: ModelCall) -> Question:
        """The question that `call` was, in another execution."""
        ...


class Gate(Protocol):
    """Where each call passes on its way out of the handler."""

    def answer(self, question: Question) -> Answer | Failure:
        """What becomes of the call. What it raises ends the call as it is."""
        ...
