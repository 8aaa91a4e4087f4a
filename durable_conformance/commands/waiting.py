"""What a check does now, in the one line that a terminal shows meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

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
        self._heard = clock()
        self._progress: Progress | None = None

    def heard(self, _experiment: Experiment, _findings: Sequence[Finding], progress: Progress) -> None:
        self._heard, self._progress = self._clock(), progress

    def __rich__(self) -> Text:
        return Text(str(self))

    def __str__(self) -> str:
        progress = self._progress
        if progress is None:
            doing = "Importing it, and running it undisturbed"
        elif not progress.planned:
            doing = f"Running it undisturbed, and interrupted everywhere: {progress.made} runs"
        else:
            doing = f"Exploring: {progress.made} of at least {progress.known} runs"
        quiet = self._clock() - self._heard
        if quiet < QUIET_SECONDS:
            return doing
        which = f" for {progress.under_way[0]}" if progress and progress.under_way else ""
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
