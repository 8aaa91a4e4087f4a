"""A shelf's entries, explored one after the other: each exploration keeps the cores busy."""

from __future__ import annotations

from durable_conformance import Finding, Report
from tests.conformance.corpus.entry import Shelf


def explored(shelf: Shelf, horizon: int | None = None) -> dict[str, Report]:
    """A report about each of the shelf's entries, by name; `horizon` is how far executions are followed."""
    return {name: entry.explored(horizon) for name, entry in shelf.entries.items()}


def unreported(shelf: Shelf, horizon: int | None = None) -> dict[str, tuple[str | None, tuple[Finding, ...]]]:
    """The broken entries whose rule was not reported, as bad as it is: the rule, and what was reported instead."""
    return {
        name: (shelf.entries[name].rule, report.findings)
        for name, report in explored(shelf, horizon).items()
        if (shelf.entries[name].rule, shelf.entries[name].severity)
        not in {(finding.rule, finding.severity) for finding in report.findings}
    }
