"""What an execution meets: its event, who answers its model calls, and what people answer its callbacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from providers import ModelProvider

type Handler = Callable[[Any, Any], Any]
"""A durable handler: what `durable_execution` returns."""

type HandlerFactory = Callable[[ModelProvider], Handler]
"""Makes the handler under test, with the provider that answers its model calls."""

CALLBACK_SUFFIX = " create callback id"
"""What `wait_for_callback` appends to its name for the callback operation itself."""


@dataclass(frozen=True)
class Answered:
    """Somebody answers the callback with `payload`."""

    payload: str | None


@dataclass(frozen=True)
class Refused:
    """Somebody fails the callback with `message`."""

    message: str


@dataclass(frozen=True)
class Silence:
    """Nobody answers: the callback times out."""


type CallbackAnswer = Answered | Refused | Silence


@dataclass(frozen=True)
class Scenario:
    """One way an execution can go.

    Attributes:
        event: The execution's input, JSON.
        model: Makes the provider that answers this execution's model calls: a new one for each run.
        callbacks: Answers by callback name (without the suffix that `wait_for_callback` appends), in the order of
            the callbacks' paths where several have the same name.
        ask: Answers a callback that `callbacks` does not, given its name and how many of that name come before it. It
            may ask a person. None: a callback without an answer is an error.
    """

    event: Any
    model: Callable[[], ModelProvider]
    callbacks: Mapping[str, Sequence[CallbackAnswer]] = field(default_factory=dict)
    ask: Callable[[str, int], CallbackAnswer] | None = None

    def answer(self, name: str, occurrence: int) -> CallbackAnswer:
        """What the `occurrence`-th (from 0) callback named `name` is answered.

        Raises:
            UnansweredCallbackError: The scenario says nothing about it.
        """
        name = name.removesuffix(CALLBACK_SUFFIX)
        answers = self.callbacks.get(name, ())
        if occurrence < len(answers):
            return answers[occurrence]
        if self.ask is None:
            raise UnansweredCallbackError(
                f"Callback number {occurrence + 1} named {name!r} has no answer in the scenario; it answers "
                f"{ {known: len(given) for known, given in self.callbacks.items()} }. Add one to `callbacks`."
            )
        return self.ask(name, occurrence)


class UnansweredCallbackError(AssertionError):
    """An execution waits for somebody the scenario does not mention."""
