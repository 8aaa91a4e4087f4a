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
    """One delay.

    Attributes:
        x: Left edge, in pixels.
        y: Upper edge.
        height: In pixels.
        seconds: The delay.
        attempt: The attempt that comes after it.
    """

    x: int
    y: float
    height: float
    seconds: int
    attempt: int

    @property
    def middle(self) -> float:
        """Where its labels stand."""
        return self.x + BAR_WIDTH / 2


@dataclass(frozen=True)
class Chart:
    """One operation's schedule.

    Attributes:
        path: The operation.
        run: The number of the run that shows it.
        circumstance: What happens in that run.
        bars: The delays.
        more: How many delays there are besides.
        total: Seconds that they take together.
    """

    path: str
    run: int
    circumstance: str
    bars: tuple[Bar, ...]
    more: int
    total: int

    @property
    def width(self) -> int:
        """In pixels."""
        return len(self.bars) * (BAR_WIDTH + GAP) + GAP

    @property
    def height(self) -> int:
        """In pixels, labels included."""
        return HEIGHT + 2 * LABEL_HEIGHT

    @property
    def text(self) -> str:
        """The same in words."""
        delays = ", ".join(str(bar.seconds) for bar in self.bars)
        return f"{len(self.bars) + self.more + 1} attempts; seconds between them: {delays}{', …' if self.more else ''}"


def charts(records: Sequence[RunRecord], first: int) -> tuple[Chart, ...]:
    """For each operation that was tried again, its longest schedule where only the model disturbs it.

    Args:
        records: The runs of an exploration.
        first: The number that the first of them has on the page.
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
