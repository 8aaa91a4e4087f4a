"""Two ways of doing the same, measured in turn in one run, so that a busy moment meets both."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.progress import track

from benchmarks.targets import Target

type Pair = tuple[float, float]
"""Seconds that ours took for a unit of work, and seconds that the other did, right after."""


@dataclass(frozen=True)
class Spread:
    """Where several measurements of the same lie.

    Attributes:
        median: Half are below.
        low: The first quartile.
        high: The third quartile.
    """

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, measured: Sequence[float]) -> Spread:
        """The spread of at least two measurements."""
        low, _, high = statistics.quantiles(measured, n=4, method="inclusive")
        return cls(statistics.median(measured), low, high)

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        target: What is measured, and what it should come to.
        ratio: What it came to, a ratio for each pair of measurements; None if it was not measured.
        ours: Our median, with its unit; empty if not measured.
        theirs: The median of what it is held against; empty if not measured.
        note: What a reader must know; empty if nothing.
    """

    target: Target
    ratio: Spread | None = None
    ours: str = ""
    theirs: str = ""
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None if nothing was measured."""
        return None if self.ratio is None else self.target.met(self.ratio.median)


def compared(
    target: Target, ours: Callable[[], float], theirs: Callable[[], float], *, rounds: int, note: str = ""
) -> Row:
    """Measure both in turn.

    Args:
        target: What is measured, and what it should come to.
        ours: Measures ours once: seconds for a unit of work.
        theirs: The same for the other.
        rounds: How many pairs of measurements, at least two. One more comes first and is left out: it warms up.
        note: What a reader must know.
    """
    ours(), theirs()
    return row_of(target, [(ours(), theirs()) for _ in track(range(rounds), target.what, transient=True)], note)


def row_of(target: Target, pairs: Sequence[Pair], note: str = "") -> Row:
    """The line about `pairs`, at least two."""
    ours, theirs = (shown(statistics.median(column)) for column in zip(*pairs, strict=True))
    return Row(target, Spread.of([target.ratio(mine, other) for mine, other in pairs]), ours, theirs, note)


def shown(seconds: float) -> str:
    """A time with the unit that suits it."""
    if seconds >= 1:
        return f"{seconds:.3g} s"
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"
