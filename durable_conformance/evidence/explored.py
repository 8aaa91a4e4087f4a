"""One exploration, with all that a report says about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from durable_conformance.evidence.run_record import RunRecord
from durable_conformance.rules import Finding, Report


@dataclass(frozen=True)
class Explored:
    """An exploration of one handler in one scenario.

    Attributes:
        name: What was explored.
        scenario: What its executions met, in a few words.
        report: What was found.
        records: Every run.
    """

    name: str
    scenario: str
    report: Report
    records: Sequence[RunRecord]

    def shown_by(self, finding: Finding) -> int | None:
        """The position of the run that showed `finding`; None if no record has it."""
        return next((n for n, record in enumerate(self.records) if finding in record.findings), None)

    def showing(self, finding: Finding) -> int:
        """How many runs break the same rule at the same place."""
        broken = (finding.rule, finding.path)
        return sum(broken in {(one.rule, one.path) for one in record.findings} for record in self.records)
