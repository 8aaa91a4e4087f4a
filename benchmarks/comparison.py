"""Two ways of doing the same, measured in turn in one run, so that a busy moment meets both."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from rich.progress import track


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: What is measured.
        ours: Our median, with its unit.
        theirs: The median of what it is held against.
        against: What that is.
        ratio: The median of the ratios, a pair of measurements each.
        low: The first quartile of the ratios.
        high: Their third quartile.
        target: The ratio to reach, as `DESIGN` states it for this project.
        higher_is_better: Whether `target` is a lower bound.
        note: What a reader must know; empty if nothing.
    """

    what: str
    ours: str
    theirs: str
    against: str
    ratio: float
    low: float
    high: float
    target: float
    higher_is_better: bool
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.ratio >= self.target if self.higher_is_better else self.ratio <= self.target


def compared(
    what: str,
    ours: Callable[[], float],
    theirs: Callable[[], float],
    *,
    against: str,
    target: float,
    faster: bool,
    rounds: int,
    unit: str = "µs",
    scale: float = 1e6,
    note: str = "",
) -> Row:
    """Measure both in turn.

    Args:
        what: What is measured.
        ours: Measures ours once: seconds for a unit of work.
        theirs: The same for the other.
        against: What the other is.
        target: The ratio to reach.
        faster: Whether the ratio says how many times faster ours is; else how many times the other's time it takes.
        rounds: How many pairs of measurements; the first is left out, it warms up.
        unit: For the table.
        scale: From seconds to `unit`.
        note: What a reader must know.
    """
    ours(), theirs()
    pairs = [(ours(), theirs()) for _ in track(range(rounds), what, transient=True)]
    ratios = [other / mine if faster else mine / other for mine, other in pairs]
    low, _, high = statistics.quantiles(ratios, n=4)
    mine, other = (statistics.median(column) * scale for column in zip(*pairs, strict=True))
    return Row(
        what,
        f"{mine:,.3g} {unit}",
        f"{other:,.3g} {unit}",
        against,
        statistics.median(ratios),
        low,
        high,
        target,
        faster,
        note,
    )
