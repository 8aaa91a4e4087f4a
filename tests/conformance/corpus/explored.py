"""A shelf's entries, explored side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from durable_conformance.rules.findings import Finding, Report
from tests.conformance.corpus.entry import Entry, Shelf

SIDE_BY_SIDE = 6
"""Explorations at the same time: each starts 32 threads that mostly wait."""


def explored(shelf: Shelf, horizon: int | None = None) -> dict[str, Report]:
    """A report about each of the shelf's entries, by name; `horizon` is how far executions are followed."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        reports = pool.map(partial(Entry.explored, horizon=horizon), shelf.entries.values())
        return dict(zip(shelf.entries, reports, strict=True))


def unreported(shelf: Shelf, horizon: int | None = None) -> dict[str, tuple[str | None, tuple[Finding, ...]]]:
    """The broken entries whose rule was not reported: the rule, and what was reported instead."""
    return {
        name: (shelf.entries[name].rule, report.findings)
        for name, report in explored(shelf, horizon).items()
        if shelf.entries[name].rule not in {finding.rule for finding in report.findings}
    }
