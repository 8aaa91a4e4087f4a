"""One run of an exploration as a report shows it: where it stands, what it did, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from durable_conformance.evidence.comparison import Comparison, comparisons
from durable_conformance.evidence.trace import Trace, trace_of
from durable_conformance.execution import Run
from durable_conformance.rules import Canonical, Finding, Report, canonical, extrapolated

NO_INTERRUPTION = "no interruption"
"""What is done to an execution that nothing disturbs."""

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
    """Where a run stands among the others."""

    section: Section
    operation: str  # the row: a path, or what the runs of the row have in common
    moment: str = ""  # what in that operation, where a row is no whole operation
    column: str = ""  # the variant; empty for one that stands for all variants of its group
    group: str = ""  # the variants it belongs to


@dataclass(frozen=True)
class RunRecord:
    """One run."""

    id: str
    name: str  # what was done to it, for people
    place: Place
    could_not_run: str = ""  # empty if it was run
    trace: Trace | None = None  # None if it could not be run
    findings: tuple[Finding, ...] = ()
    comparisons: tuple[Comparison, ...] = ()  # with the run it is held against, if something is wrong with it
    order: float = 0.0  # among those of its exploration, of which shards have some

    def made(self, run: Run, findings: Sequence[Finding], against: Canonical | None = None) -> RunRecord:
        """The same, of a run that was planned and then made; it is judged by itself if `against` is None."""
        differences = comparisons(against, extrapolated(against, canonical(run))) if against and findings else ()
        trace = trace_of(run, against.run.lines if against else None)
        return replace(self, could_not_run="", trace=trace, findings=tuple(findings), comparisons=differences)


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


@dataclass(frozen=True)
class Explored:
    """An exploration of one handler in one scenario."""

    name: str
    scenario: str  # what its executions met, in a few words
    report: Report
    records: Sequence[RunRecord]  # every run
    again: str = ""  # the command that makes one case of it again, but for its id; empty if there is none
    file: str = ""  # that the handler is in, from the folder that people are in; empty if it is not known

    def shown_by(self, finding: Finding) -> int | None:
        """The position of the run that showed `finding`, or the first of those it groups; None if no record has it."""
        for same in (finding.__eq__, lambda one: (one.rule, one.crash) == (finding.rule, finding.crash)):
            for position, record in enumerate(self.records):
                if any(map(same, record.findings)):
                    return position
        return None

    def showing(self, finding: Finding) -> int:
        """How many runs break the same rule at the same place."""
        broken = (finding.rule, finding.path)
        return sum(broken in {(one.rule, one.path) for one in record.findings} for record in self.records)
