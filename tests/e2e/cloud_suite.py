"""Runs the suite for deployed functions against those on the wire, as somebody would run it against AWS."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Self

from tests.stand_in import environment_for
from tests.wire.artifacts import ROOT
from tests.wire.wire import Wire

BOUND_SECONDS = 900
"""Longest that a run may take: it takes a minute, beside all the rest."""


@dataclass(frozen=True)
class Ended:
    """How a run of the suite ended: its exit code, and everything that it printed."""

    code: int
    output: str

    def count(self, outcome: str) -> int:
        """How many tests `passed`, or `failed`."""
        found = re.search(rf"(\d+) {outcome}", self.output.splitlines()[-1])
        return int(found[1]) if found else 0


class CloudSuite:
    """One run of it. Made by a `with` block; leaving it ends the run.

    Args:
        wire: Where the functions are.
        arguments: What follows `tox -e cloud --`.
    """

    def __init__(self, wire: Wire, *arguments: str) -> None:
        self._pytest = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/cloud", *arguments],
            cwd=ROOT,
            env=environment_for("http://127.0.0.1:9", os.environ) | {"AWS_ENDPOINT_URL_LAMBDA": wire.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pytest.kill()
        self._pytest.__exit__(None, None, None)  # closes its output and waits for it

    def end(self) -> Ended:
        """Wait for its end.

        Raises:
            TimeoutExpired: It does not end.
        """
        output, _ = self._pytest.communicate(timeout=BOUND_SECONDS)
        return Ended(self._pytest.returncode, output)
