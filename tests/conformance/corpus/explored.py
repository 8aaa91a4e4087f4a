"""A shelf's entries, explored side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from conformance.findings import Finding, Report
from tests.conformance.corpus.entry import Entry, Shelf

SIDE_BY_SIDE = 6
"""Explorations at the same time: each starts 32 threads that mostly wait."""


def explored(shelf: Shelf) -> dict[str, Report]:
    """A report about each of the shelf's entries, by name."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return dict(zip(shelf.entries, pool.map(Entry.explored, shelf.entries.values()), strict=True))


def unreported(shelf: Shelf) -> dict[str, tuple[str | None, tuple[Finding, ...]]]:
    """The broken entries whose rule was not reported: the rule, and what was reported instead."""
    return {
        name: (shelf.entries[name].rule, report.findings)
        for name, report in explored(shelf).items()
        if shelf.entries[name].rule not in {finding.rule for finding in report.findings}
    }
