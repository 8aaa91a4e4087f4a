"""What a run that broke a rule did otherwise, in full: its requests, operations and result beside the baseline's."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial

from durable_conformance.rules import Canonical

MAX_CHARS = 6_000
MAX_REQUESTS = 3
"""Requests shown for a run: what follows the first difference differs because of it."""


@dataclass(frozen=True)
class Comparison:
    """What the run that is held against says, and what the run that broke a rule says instead."""

    what: str  # what the texts say
    expected: str
    actual: str


def comparisons(baseline: Canonical, run: Canonical) -> tuple[Comparison, ...]:
    """Everything in which `run` differs from `baseline`."""
    asked = itertools.islice(_requests(baseline, run), MAX_REQUESTS)
    found = [*asked, *_operations(baseline, run), *_result(baseline, run)]
    return tuple(Comparison(one.what, _cut(one.expected), _cut(one.actual)) for one in found)


def _requests(baseline: Canonical, run: Canonical) -> Iterator[Comparison]:
    for path, texts in sorted(run.requests.items()):
        known = baseline.requests.get(path, frozenset())
        what = f"What {path or 'code outside any operation'} asks the model"
        for text in sorted(texts - known):
            closest = max(sorted(known), key=partial(_likeness, text), default="")
            yield Comparison(what, _spread(closest), _spread(text))


def _operations(baseline: Canonical, run: Canonical) -> Iterator[Comparison]:
    expected, actual = (
        "\n".join(
            f"{row.path}  {row.type if row.sub_type in {None, 'Step'} else row.sub_type} {row.status}"
            + (f", {row.attempts} attempts" if row.attempts and row.attempts > 1 else "")
            for row in one.history
        )
        for one in (baseline, run)
    )
    if expected != actual:
        yield Comparison("Operations in the history", expected, actual)


def _result(baseline: Canonical, run: Canonical) -> Iterator[Comparison]:
    expected, actual = (f"{one.run.status}\n{one.error or _spread(one.result)}" for one in (baseline, run))
    if expected != actual:
        yield Comparison("Status and result", expected, actual)


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one[:MAX_CHARS], other[:MAX_CHARS], autojunk=False).quick_ratio()


def _spread(text: str) -> str:
    """JSON on lines of its own."""
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False) if text else "nothing"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CHARS else f"{text[:MAX_CHARS]}…"
