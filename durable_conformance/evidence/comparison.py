"""What a run that broke a rule did otherwise, in full: its requests, operations and result beside the baseline's."""

from __future__ import annotations

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
    """Two texts, one of each run.

    Attributes:
        what: What they say.
        expected: Of the run that is held against.
        actual: Of the run that broke a rule.
    """

    what: str
    expected: str
    actual: str


def comparisons(baseline: Canonical, run: Canonical) -> tuple[Comparison, ...]:
    """Everything in which `run` differs from `baseline`."""
    found = [*_requests(baseline, run), *_operations(baseline, run), *_result(baseline, run)]
    return tuple(Comparison(one.what, _cut(one.expected), _cut(one.actual)) for one in found)


def _requests(baseline: Canonical, run: Canonical) -> Iterator[Comparison]:
    shown = 0
    for path, texts in sorted(run.requests.items()):
        known = baseline.requests.get(path, frozenset())
        for text in sorted(texts - known):
            if shown == MAX_REQUESTS:
                return
            shown += 1
            closest = max(sorted(known), key=partial(_likeness, text), default="")
            yield Comparison(
                f"What {path or 'code outside any operation'} asks the model", *map(_spread, (closest, text))
            )


def _operations(baseline: Canonical, run: Canonical) -> Iterator[Comparison]:
    expected, actual = (
        "\n".join(
            f"{path}  {kind if sub_type in {None, 'Step'} else sub_type} {status}"
            + (f", {attempts} attempts" if attempts and attempts > 1 else "")
            for path, kind, sub_type, status, attempts in one.history
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
