"""One change of a handler: the code before it, the code after it, and what must be reported about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from durable_conformance import Finding, Scenario, handler_factory
from durable_conformance.histories import History, Subject, provenance, record
from durable_conformance.subject import CallbackAnswer
from providers.scripted import Script, ScriptedProvider

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

type Workflow = Callable[..., Any]


@dataclass(frozen=True)
class Before:
    """Code that ran when a history was recorded, and what its execution met."""

    workflow: Workflow
    event: Any = None
    script: Script | None = None
    callbacks: Mapping[str, Sequence[CallbackAnswer]] = field(default_factory=dict)

    def recorded(self) -> History:
        scenario = Scenario(self.event or {}, lambda: ScriptedProvider(self.script), self.callbacks)
        name = getattr(self.workflow, "__name__", "")
        return record(handler_factory(self.workflow), scenario, provenance(name, "before the change", NOW))


@dataclass(frozen=True)
class Reported:
    """What must be among the findings.

    Attributes:
        path: The operation.
        prefix: The first prefix that shows it.
        expected: Part of what is said to have been recorded.
        actual: Part of what is said to be now.
    """

    path: str
    prefix: int
    expected: str
    actual: str


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        before: What was recorded.
        after: The code now.
        reported: What must be reported about it; nothing for a change that running executions do not notice.
    """

    before: Before
    after: Workflow
    reported: tuple[Reported, ...] = ()


def assert_reported(found: Sequence[Finding], reported: Sequence[Reported]) -> None:
    """Each of `reported` is among the findings, once."""
    for expected in reported:
        said = [finding for finding in found if (finding.path, _prefix(finding)) == (expected.path, expected.prefix)]
        assert len(said) == 1, found
        assert expected.expected in said[0].expected
        assert expected.actual in said[0].actual
        assert said[0].remedy


def _prefix(finding: Finding) -> int:
    """Which prefix showed it first."""
    return int(finding.crash.split()[1])


class Changes:
    """Changes, in the order in which the code after them is written down."""

    def __init__(self) -> None:
        self.by_name: dict[str, Change] = {}

    def breaking(self, before: Before, *reported: Reported) -> Callable[[Workflow], Workflow]:
        """Put a change here that must be reported so."""
        return self._put(before, reported)

    def compatible(self, before: Before) -> Callable[[Workflow], Workflow]:
        """Put a change here about which nothing may be reported."""
        return self._put(before, ())

    def subjects(self) -> list[Subject]:
        """The histories, recorded on the code before, with the handlers of the code after."""
        befores = {id(change.before): change.before for change in self.by_name.values()}
        histories = {which: before.recorded() for which, before in befores.items()}
        return [
            Subject(name, histories[id(change.before)], handler_factory(change.after))
            for name, change in self.by_name.items()
        ]

    def _put(self, before: Before, reported: tuple[Reported, ...]) -> Callable[[Workflow], Workflow]:
        def put(after: Workflow) -> Workflow:
            self.by_name[after.__name__] = Change(before, after, reported)
            return after

        return put
