"""The seven patterns, each broken on purpose: the engine must say which rule it breaks."""

from __future__ import annotations

from collections import Counter

import pytest

from durable_conformance.subject import pattern_names
from tests.conformance.corpus.entry import Shelf
from tests.conformance.corpus.explored import unreported
from tests.conformance.mutants import MUTANTS, PATTERNS

MIN_PER_PATTERN = 6


@pytest.mark.parametrize("shelf", MUTANTS.values(), ids=MUTANTS)
def test_every_mutant_is_reported_with_its_rule(shelf: Shelf) -> None:
    assert unreported(shelf) == {}


def test_every_pattern_has_mutants() -> None:
    assert sorted(PATTERNS.values()) == pattern_names()
    per_pattern = Counter(PATTERNS[name.partition("_")[0]] for shelf in MUTANTS.values() for name in shelf.entries)
    assert set(per_pattern) == set(PATTERNS.values())
    assert min(per_pattern.values()) >= MIN_PER_PATTERN
