"""One run of an exploration as a report shows it: where it stands, what it did, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from durable_conformance.evidence.comparison import Comparison, comparisons
from durable_conformance.evidence.trace import Trace, trace_of
from durable_conformance.execution import Run
from durable_conformance.rules import Canonical, Finding, as_followed, canonical

NOT_RUN = "it was not run: the exploration ended before it"


class Section(StrEnum):
    """What is done to the runs that stand together."""

    CRASHES = "crash points"
    PAIRS = "pairs of crash points"
    WHOLE = "uninterrupted executions"
    ORDERS = "completion orders"
    FAULTS = "model faults"


@dataclass(frozen=True)
class Place:
    """Where a run stands among the others.

    Attributes:
        section: Its part of the exploration.
        operation: The row: an operation's path, or what the runs of the row have in common.
        moment: What in that operation, where a row is no whole operation.
        column: The variant; empty for one that stands for all variants of its group.
        group: The variants it belongs to.
    """

    section: Section
    operation: str
    moment: str = ""
    column: str = ""
    group: str = ""


@dataclass(frozen=True)
class RunRecord:
    """One run.

    Attributes:
        id: Tells it from the others.
        name: What was done to it, for people.
        place: Where it stands.
        could_not_run: Why there is no more to say about it; empty if it was run.
        trace: What it did; None if it could not be run.
        findings: What is wrong with it.
        comparisons: How it differs from the run it is held against, if something is wrong with it.
    """

    id: str
    name: str
    place: Place
    could_not_run: str = ""
    trace: Trace | None = None
    findings: tuple[Finding, ...] = ()
    comparisons: tuple[Comparison, ...] = ()

    def made(self, run: Run, findings: Sequence[Finding], against: Canonical | None = None) -> RunRecord:
        """The same, of a run that was planned and then made.

        Args:
            run: What it did.
            findings: What is wrong with it.
            against: The run it is held against; None if it is judged by itself.
        """
        differences = comparisons(against, as_followed(against, canonical(run))) if against and findings else ()
        return replace(self, could_not_run="", trace=trace_of(run), findings=tuple(findings), comparisons=differences)


class Records:
    """The runs of an exploration, in the order in which they were planned."""

    def __init__(self) -> None:
        self._known: dict[str, RunRecord] = {}

    def __iter__(self) -> Iterator[RunRecord]:
        return iter(self._known.values())

    def add(self, record: RunRecord) -> None:
        """Take note of a run: of its plan first, of what became of it later."""
        known = self._known.get(record.id)
        if known is None or known.trace is None or record.trace is not None:
            self._known[record.id] = record
