"""What an execution meets: its event, who answers its model calls, and what people answer its callbacks."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from durable_conformance.model import ScenarioSource, Source, scripted

if TYPE_CHECKING:
    from durable_conformance.subject.reference import Reference
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
    """Somebody fails the callback with `message`, and an error type if they give one."""

    message: str
    type: str | None = None


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


@dataclass(frozen=True)
class ByName:
    """Answers each name of `named` with its own answer, and every other with `otherwise`."""

    named: Mapping[str, CallbackAnswer] = field(default_factory=dict)
    otherwise: CallbackAnswer = field(default=Answered(OK))

    def __call__(self, name: str, _occurrence: int) -> CallbackAnswer:
        return self.named.get(name, self.otherwise)


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
    ask_invokes: Asker | None = None  # what `invokes` does not answer; None is what `ask` says
    answers: Mapping[str, Any] = field(default_factory=dict)
    """What AWS calls are answered, by name (`dynamodb.GetItem`): a response as boto3 gives it."""
    setup: str | Reference | Callable[[], AbstractContextManager[Any] | Iterator[Any]] | None = None
    """`MODULE:FUNCTION`, or the function: a context manager that each execution is made in, in its process."""
    environment: Mapping[str, str] = field(default_factory=dict)  # variables, set before the handler is imported
    live: bool = False  # what nobody answers goes to the services themselves
    expect: str = "SUCCEEDED"  # how the undisturbed execution ends

    @property
    def keeps_state(self) -> bool:
        """Whether what an execution did before may live in its process alone: then none begins in the middle."""
        return self.setup is not None

    def source(self) -> Source:
        """Who answers the model calls of one execution."""
        return self.model if isinstance(self.model, Source) else ScenarioSource(self.model, self.answers)

    def answer(self, name: str, occurrence: int) -> CallbackAnswer:
        """What the `occurrence`-th (from 0) callback named `name` is answered.

        Raises:
            UnansweredCallbackError: The scenario says nothing about it.
        """
        return self._answer("callbacks", self.callbacks, name.removesuffix(CALLBACK_SUFFIX), occurrence, self.ask)

    def result(self, name: str, occurrence: int) -> CallbackAnswer:
        """What the `occurrence`-th (from 0) chained invocation named `name` comes to.

        Raises:
            UnansweredCallbackError: The scenario says nothing about it.
        """
        return self._answer("invokes", self.invokes, name, occurrence, self.ask_invokes or self.ask)

    def misspelt(self, callbacks: Collection[str], invokes: Collection[str]) -> Iterator[str]:
        """The answers to what nobody asks for, where something that nobody answers is called almost that, in words."""
        for what, given, asked in self._named(callbacks, invokes):
            for name in sorted(given - set(asked)):
                for meant in difflib.get_close_matches(name, set(asked) - given, n=1):
                    yield f"the answer to {name!r}: no {what} of that name is met, and none is given to {meant!r}"

    def unasked(self, callbacks: Collection[str], invokes: Collection[str]) -> Iterator[str]:
        """The answers that none of these names came to ask for, in words."""
        for what, given, asked in self._named(callbacks, invokes):
            for name in sorted(given - set(asked)):
                there = ", ".join(map(repr, asked)) or "none"
                yield f"the answer to {name!r}: no {what} of that name is met; those that are: {there}"

    def _named(
        self, callbacks: Collection[str], invokes: Collection[str]
    ) -> Iterator[tuple[str, frozenset[str], Collection[str]]]:
        """What is answered by name, beside what is asked for."""
        for what, given, ask, asked in (
            ("callback", self.callbacks, self.ask, callbacks),
            ("chained invocation", self.invokes, self.ask_invokes, invokes),
        ):
            yield what, frozenset(given).union(ask.named if isinstance(ask, ByName) else ()), asked

    @staticmethod
    def _answer(
        what: str, known: Mapping[str, Sequence[CallbackAnswer]], name: str, occurrence: int, ask: Asker | None
    ) -> CallbackAnswer:
        answers = known.get(name, ())
        if occurrence < len(answers):
            return answers[occurrence]
        if ask is None:
            raise UnansweredCallbackError(
                f"Number {occurrence + 1} of the {what} named {name!r} has no answer in the scenario; it answers "
                f"{ {one: len(given) for one, given in known.items()} }. Add one to `{what}`."
            )
        return ask(name, occurrence)


class UnansweredCallbackError(AssertionError):
    """An execution waits for somebody the scenario does not mention."""
