"""Who is told what an exploration does, as it does it."""

from __future__ import annotations

from collections.abc import Callable

from durable_conformance.evidence.run_record import RunRecord
from durable_conformance.rules.findings import Finding

type Recorder = Callable[[RunRecord], None]
"""Told of each run, from any thread: of its plan, and then, under the same name, of what became of it."""


class Listener:
    """Told what an exploration does, as it does it, from any thread. This one does not listen."""

    def began(self, name: str) -> None:
        """A run begins."""

    def ended(self, name: str, findings: tuple[Finding, ...], done: int, all_: int) -> None:
        """A run has ended.

        Args:
            name: The run.
            findings: What is wrong with it.
            done: How many runs have ended.
            all_: How many there are.
        """
