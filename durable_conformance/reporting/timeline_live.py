"""A timeline in a terminal: each invocation is a tree that grows, and stays when it has ended."""

from __future__ import annotations

from rich.console import Console
from rich.live import Live
from rich.text import Text

from durable_conformance.execution.events import Event, InvocationBegan, TimePassed
from durable_conformance.reporting.timeline_text import PlainTimeline, worded
from durable_conformance.reporting.timeline_tree import InvocationTree

FRAMES_PER_SECOND = 10
"""Of what shows that something is running."""


class LiveTimeline:
    """Draws on `console`. Between invocations the terminal is free, so that a person can be asked there."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tree: InvocationTree | None = None
        self._live: Live | None = None

    def __enter__(self) -> LiveTimeline:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def __call__(self, event: Event) -> None:
        if isinstance(event, InvocationBegan):
            self._stop()
            self._tree = InvocationTree(event.invocation)
            self._live = Live(self._tree.drawn(), console=self._console, refresh_per_second=FRAMES_PER_SECOND)
            self._live.start(refresh=True)
        elif self._tree and self._live:
            self._tree.add(event)
            self._live.update(self._tree.drawn(), refresh=True)
            if self._tree.ended:
                self._stop()
        elif words := worded(event):
            between = words.detail if isinstance(event, TimePassed) else f"{words.verb}: {words.detail}"
            self._console.print(Text(f"  {between}", "cyan"))

    def _stop(self) -> None:
        if self._live:
            self._live.stop()
        self._live = None


def timeline_on(console: Console) -> PlainTimeline | LiveTimeline:
    """The timeline for where `console` prints: drawn in a terminal, in words elsewhere, whatever colours are wanted."""
    draws = console.is_interactive and console.file.isatty()
    return LiveTimeline(Console()) if draws else PlainTimeline(console)
