"""What a check does now, in the one line that a terminal shows meanwhile."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence

from rich.text import Text

from durable_conformance.exploring import Progress
from durable_conformance.rules import Finding
from durable_conformance.workers import Experiment

QUIET_SECONDS = 3.0
"""How long nothing may come of any run before the line says what is waited for."""


class Waiting:
    """Listens to an exploration; rendered anew with each frame of the spinner that it stands beside."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.heard_at = clock()
        self.progress: Progress | None = None

    def heard(self, _experiment: Experiment, _findings: Sequence[Finding], progress: Progress) -> None:
        self.heard_at, self.progress = self._clock(), progress

    def __rich__(self) -> Text:
        return Text(str(self))

    def __str__(self) -> str:
        progress = self.progress
        if progress is None:
            doing = "Importing it, and running it undisturbed"
        elif not progress.planned:
            doing = f"Running it undisturbed, and interrupted everywhere: {progress.made} runs"
        else:
            doing = f"Exploring: {progress.made} of at least {progress.known} runs"
        return _waiting(doing, self._clock() - self.heard_at, progress.under_way if progress else ())


class WaitingForSeveral:
    """The same of explorations side by side."""

    def __init__(self, count: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._count = count  # of the checks, those that have not begun included
        self._clock = clock
        self._under_way: list[Waiting] = []

    @contextlib.contextmanager
    def one(self) -> Iterator[Waiting]:
        """What listens to one of them while it is under way."""
        waiting = Waiting(self._clock)
        self._under_way.append(waiting)
        try:
            yield waiting
        finally:
            self._under_way.remove(waiting)

    def __rich__(self) -> Text:
        return Text(str(self))

    def __str__(self) -> str:
        now, all_ = self._clock(), tuple(self._under_way)  # other threads change it
        told = [one.progress for one in all_ if one.progress]
        doing = f"Exploring {len(all_)} of {self._count} checks"
        if told:
            doing += f": {sum(one.made for one in told)} of at least {sum(one.known for one in told)} runs"
        quiet = now - max((one.heard_at for one in all_), default=now)
        return _waiting(doing, quiet, [name for one in told for name in one.under_way])


def _waiting(doing: str, quiet: float, under_way: Sequence[str]) -> str:
    """What goes on, and what is waited for once nothing has come of it for a while."""
    if quiet < QUIET_SECONDS:
        return doing
    which = f" for {under_way[0]}" if under_way else ""
    return f"{doing}; waiting{which}, {quiet:.0f} s"


class MakingUp:
    """Listens to how many of so many events have been made up and run; rendered anew with each frame."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._made = 0

    def heard(self, made: int) -> None:
        self._made = made

    def __rich__(self) -> Text:
        return Text(str(self))

    def __str__(self) -> str:
        return f"Making up events: {self._made} of {self._count}"
