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

    def varied(self, answer: Answer, unique: str) -> Answer:
        """`answer`, still fitting the question, with `unique` in each text that may hold it."""

    def failure(self, kind: FaultKind, message: str) -> Failure:
        """What an injected failure looks like to this library's callers."""


@dataclass(frozen=True)
class Asking:
    """Whose question it is."""

    path: str | None  # None outside any operation
    attempt: int | None  # from 1; None where there is none
    position: int  # which call of this attempt, from 0
    untagged: bool = False  # leave tags out of the question: what answers by the request answers alike in each run


@runtime_checkable
class Source(Protocol):
    """Who answers."""

    def answer(self, question: Question, asking: Asking) -> Answer | Failure:
        """Answer the question. What it raises says that it cannot: no model fails that way."""

    def question(self, call: ModelCall) -> Question:
        """The question that `call` was, in another execution."""


class Gate(Protocol):
    """Where each call passes on its way out of the handler."""

    def answer(self, question: Question) -> Answer | Failure:
        """What becomes of the call. What it raises ends the call as it is."""
