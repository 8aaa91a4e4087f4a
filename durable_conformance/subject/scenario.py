"""What an execution meets: its event, who answers its model calls, and what people answer its callbacks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from durable_conformance.model import ProviderSource, Source, scripted

if TYPE_CHECKING:
    from providers import ModelProvider

type Handler = Callable[[Any, Any], Any]
"""A durable handler: what `durable_execution` returns."""

type HandlerFactory = Callable[["ModelProvider"], Handler]
"""Makes the handler under test, with the provider that it asks."""

APPROVE = json.dumps({"approved": True})
REJECT = json.dumps({"approved": False})
OK = json.dumps("ok")

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
    """Nobody answers, and no heartbeat comes: the callback times out, whichever of its two timeouts is the shorter."""


type CallbackAnswer = Answered | Refused | Silence

type Asker = Callable[[str, int], CallbackAnswer]
"""Answers, given a name, and how many of that name come before."""


@dataclass(frozen=True)
class Always:
    """Answers every callback with `payload`."""

    payload: str

    def __call__(self, _name: str, _occurrence: int) -> CallbackAnswer:
        return Answered(self.payload)


def silence(_name: str, _occurrence: int) -> CallbackAnswer:
    """Answers no callback."""
    return Silence()


@dataclass(frozen=True)
class Scenario:
    """One way an execution can go."""

    event: Any  # JSON
    model: Callable[[], ModelProvider] | Source = scripted  # a provider is made for each run
    callbacks: Mapping[str, Sequence[CallbackAnswer]] = field(default_factory=dict)
    """By callback name (without `CALLBACK_SUFFIX`), in the order of the paths where several have the same name."""
    ask: Asker | None = None
    """What these do not answer, by name and how many of that name come before; None makes that an error."""
    invokes: Mapping[str, Sequence[CallbackAnswer]] = field(default_factory=dict)
    """By operation name (function name where there is none), in the order of the paths; payloads are JSON."""

    def source(self) -> Source:
        """Who answers the model calls of one execution."""
        return self.model if isinstance(self.model, Source) else ProviderSource(self.model)

    def answer(self, name: str, occurrence: int) -> CallbackAnswer:
        """What the `occurrence`-th (from 0) callback named `name` is answered.

        Raises:
            UnansweredCallbackError: The scenario says nothing about it.
        """
        return self._answer("callbacks", self.callbacks, name.removesuffix(CALLBACK_SUFFIX), occurrence)

    def result(self, name: str, occurrence: int) -> CallbackAnswer:
        """What the `occurrence`-th (from 0) chained invocation named `name` comes to.

        Raises:
            UnansweredCallbackError: The scenario says nothing about it.
        """
        return self._answer("invokes", self.invokes, name, occurrence)

    def _answer(
        self, what: str, known: Mapping[str, Sequence[CallbackAnswer]], name: str, occurrence: int
    ) -> CallbackAnswer:
        answers = known.get(name, ())
        if occurrence < len(answers):
            return answers[occurrence]
        if self.ask is None:
            raise UnansweredCallbackError(
                f"Number {occurrence + 1} of the {what} named {name!r} has no answer in the scenario; it answers "
                f"{ {one: len(given) for one, given in known.items()} }. Add one to `{what}`."
            )
        return self.ask(name, occurrence)


class UnansweredCallbackError(AssertionError):
    """An execution waits for somebody the scenario does not mention."""
