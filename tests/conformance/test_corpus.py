"""The proof that the engine can fail, and that it raises no false alarm: broken handlers and correct ones.

One test explores all entries of a shelf side by side: an exploration mostly waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from durable_conformance.rules import NAMES
from tests.conformance.corpus import BROKEN, CORRECT
from tests.conformance.corpus.entry import Shelf
from tests.conformance.corpus.explored import explored, unreported

MIN_BROKEN_PER_RULE = 3
MIN_CORRECT = 25


def params(shelves: Mapping[str, Shelf]) -> list[Any]:
    """A parameter for each shelf; those that need fresh interpreters share one worker, which starts them once."""
    fresh = pytest.mark.xdist_group("fresh-interpreters")
    return [
        pytest.param(shelf, id=name, marks=fresh if shelf.in_other_sandboxes else ()) for name, shelf in shelves.items()
    ]


@pytest.mark.parametrize("shelf", params(BROKEN))
def test_every_broken_handler_is_reported_with_its_rule(shelf: Shelf) -> None:
    assert unreported(shelf) == {}


@pytest.mark.parametrize("shelf", params(CORRECT))
def test_no_correct_handler_raises_an_alarm(shelf: Shelf) -> None:
    reports = explored(shelf)
    assert {
        name: report.findings + report.could_not_run
        for name, report in reports.items()
        if report.findings or report.could_not_run
    } == {}
    assert min(report.points for report in reports.values()) > 0, "there was something to interrupt"


def test_every_rule_has_broken_handlers() -> None:
    per_rule = Counter(entry.rule for shelf in BROKEN.values() for entry in shelf.entries.values())
    assert set(per_rule) == set(NAMES)
    assert min(per_rule.values()) >= MIN_BROKEN_PER_RULE
    assert sum(len(shelf.entries) for shelf in CORRECT.values()) >= MIN_CORRECT
