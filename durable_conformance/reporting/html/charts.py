"""Retry schedules as bars: how long each operation waits between its attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from durable_conformance.evidence import RunRecord, Section

BAR_WIDTH = 26
GAP = 8
HEIGHT = 64
LABEL_HEIGHT = 16
MAX_BARS = 24
"""More than any schedule that ends; what never ends is cut here, and says so."""

_SHOWN = (Section.WHOLE, Section.FAULTS)


@dataclass(frozen=True)
class Bar:
    """One delay; `x` and `y` are its upper left corner, in pixels."""

    x: int
    y: float
    height: float  # pixels
    seconds: int
    attempt: int  # the one that comes after it

    @property
    def middle(self) -> float:
        return self.x + BAR_WIDTH / 2


@dataclass(frozen=True)
class Chart:
    """One operation's schedule."""

    path: str
    run: int  # the number of the run that shows it
    circumstance: str  # what happens in that run
    bars: tuple[Bar, ...]
    more: int  # delays besides
    total: int  # seconds

    @property
    def width(self) -> int:
        return len(self.bars) * (BAR_WIDTH + GAP) + GAP

    @property
    def height(self) -> int:
        """In pixels, labels included."""
        return HEIGHT + 2 * LABEL_HEIGHT

    @property
    def text(self) -> str:
        delays = ", ".join(str(bar.seconds) for bar in self.bars)
        return f"{len(self.bars) + self.more + 1} attempts; seconds between them: {delays}{', …' if self.more else ''}"


def charts(records: Sequence[RunRecord], first: int) -> tuple[Chart, ...]:
    """For each operation that was tried again, its longest schedule where only the model disturbs it.

    On the page, the first of `records` has the number `first`.
    """
    longest: dict[str, tuple[int, RunRecord, tuple[int, ...]]] = {}
    for number, record in enumerate(records, first):
        if record.trace is None or record.place.section not in _SHOWN:
            continue
        for schedule in record.trace.retries:
            known = longest.get(schedule.path)
            if known is None or len(schedule.delays) > len(known[2]):
                longest[schedule.path] = (number, record, schedule.delays)
    return tuple(
        Chart(
            path,
            number,
            record.place.column if record.place.section is Section.FAULTS else "undisturbed",
            _bars(delays[:MAX_BARS]),
            max(0, len(delays) - MAX_BARS),
            sum(delays),
        )
        for path, (number, record, delays) in longest.items()
    )


def _bars(delays: Sequence[int]) -> tuple[Bar, ...]:
    most = max(1, *delays)
    bars = []
    for position, seconds in enumerate(delays):
        height = max(2.0, round(HEIGHT * seconds / most, 1))
        x = GAP + position * (BAR_WIDTH + GAP)
        bars.append(Bar(x, LABEL_HEIGHT + HEIGHT - height, height, seconds, position + 2))
    return tuple(bars)
