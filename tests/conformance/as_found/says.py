"""What the check must say about a handler, written above it: data, which `test_as_found` reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from durable_conformance import Answered
from durable_conformance.subject import CallbackAnswer
from providers.scripted import Answerer, Entry, Script


class Verdict(StrEnum):
    """How bad the worst of what is said is."""

    CONFORMS = "conforms"  # no error; warnings are no error
    WARNING = "warning"  # no error, and a warning
    EITHER = "either"  # an error or a warning: which of them is the rule's business
    ERROR = "error"
    CANNOT_RUN = "cannot-run"  # nothing was checked, and the report says why


@dataclass(frozen=True)
class Found:
    """A handler as others write it, and what must be said about it."""

    module: str  # in this package
    name: str  # of the handler in its module
    verdict: Verdict
    rules: frozenset[str] = frozenset()  # one of these is enough; empty is any
    mentions: str = ""  # occurs in what is said
    handler: object = None  # None leaves importing it to the processes of the check
    event: Any = field(default_factory=dict)
    script: Script | None = None  # what the model answers
    answers: Mapping[str, Any] = field(default_factory=dict)  # what AWS calls are answered, by name
    callbacks: Mapping[str, Sequence[CallbackAnswer]] = field(default_factory=dict)
    invokes: Mapping[str, Sequence[CallbackAnswer]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    expect: str = "SUCCEEDED"  # how the undisturbed execution ends
    order_matters: bool = False  # the order in which branches end may change the result
    elsewhere: bool = False  # only other sandboxes show it
    models: int | None = None  # model calls of the undisturbed execution; None is any number
    aws: tuple[str, ...] | None = None  # its other AWS calls, sorted, each once; None is any
    unsure: str = ""  # why the expectation may be debated

    @property
    def id(self) -> str:
        """Names it among all."""
        return f"{self.module}-{self.name}{'-in-any-order' if self.order_matters else ''}"


FOUND: list[Found] = []
"""All of them, in the order in which they are written down."""


def says[Handler](*rules: str, verdict: Verdict | None = None, **told: Any) -> Callable[[Handler], Handler]:
    """Writes down what must be said about a handler, and leaves the handler as it is.

    Args:
        rules: Any of these must be reported; none is a handler that conforms.
        verdict: An error, where rules are named.
        told: Further fields of `Found`.
    """

    def write_down(handler: Handler) -> Handler:
        module = str(getattr(handler, "__module__", "")).rpartition(".")[2]
        module = told.pop("module", module)
        name = told.pop("name", getattr(handler, "__name__", ""))
        judged = verdict or (Verdict.ERROR if rules else Verdict.CONFORMS)
        FOUND.append(Found(module, name, judged, frozenset(rules), handler=handler, **told))
        return handler

    return write_down


def warns[Handler](*rules: str, **told: Any) -> Callable[[Handler], Handler]:
    """No error, and a warning of one of `rules`."""
    return says(*rules, verdict=Verdict.WARNING, **told)


def tells[Handler](*rules: str, **told: Any) -> Callable[[Handler], Handler]:
    """An error or a warning."""
    return says(*rules, verdict=Verdict.EITHER, **told)


def cannot_run[Handler](mentions: str, **told: Any) -> Callable[[Handler], Handler]:
    """Nothing can be checked, for a reason that is told."""
    return says(verdict=Verdict.CANNOT_RUN, mentions=mentions, **told)


def turns(*entries: Entry) -> Answerer:
    """A script by how far the conversation has come: attempts that fail take no entry from it."""
    return lambda request, _position: entries[len(request.messages) // 2]


def answered(*payloads: str | None) -> tuple[Answered, ...]:
    """People's answers, as raw texts."""
    return tuple(Answered(payload) for payload in payloads)
