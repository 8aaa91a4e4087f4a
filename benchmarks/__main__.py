"""The performance table: `python -m benchmarks [--json FILE] [--suite]`.

Each row measures both sides in turn, in this run, on this machine. Nothing fails for being slow: a busy machine is no
defect of the code.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks import calls, checking, exploration, installed, starting, suite
from benchmarks.comparison import Row
from benchmarks.table import table, write_json
from benchmarks.targets import (
    FURTHER,
    GROWTH,
    HELP,
    IMPORTS,
    REPLAYS,
    SENT,
    SUITE,
    THROUGHPUT,
    TWO_STEPS,
    WATCHED,
    Target,
)

WIDTH = 150
"""Columns of the table where there is no terminal to fit."""


@dataclass(frozen=True)
class Measurement:
    """What fills some rows of the table.

    Attributes:
        targets: The rows.
        rows: Fills them.
    """

    targets: tuple[Target, ...]
    rows: Callable[[], list[Row]]


def measurements(*, with_suite: bool) -> list[Measurement]:
    """What fills the table; the suite's time is not measured unless it is asked for."""
    return [
        Measurement((THROUGHPUT,), lambda: [exploration.throughput()]),
        Measurement((WATCHED,), lambda: [exploration.watched()]),
        Measurement((GROWTH,), lambda: [exploration.growth()]),
        *(
            Measurement((target,), lambda recorded=recorded: [calls.replayed(recorded)])  # type: ignore[misc]
            for recorded, target in REPLAYS.items()
        ),
        Measurement((SENT,), lambda: [calls.sent()]),
        Measurement((HELP,), lambda: [starting.help_()]),
        Measurement((TWO_STEPS,), lambda: [checking.two_steps()]),
        Measurement((FURTHER,), lambda: [checking.further()]),
        Measurement(tuple(IMPORTS.values()), installed.rows),
        Measurement((SUITE,), lambda: [suite.measured(suite.command()) if with_suite else suite.left_out()]),
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--suite", action="store_true", help="time the offline suite, too: a minute or two")
    options = parser.parse_args(arguments)
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    began = time.monotonic()
    rows: list[Row] = []
    for measurement in measurements(with_suite=options.suite):
        rows += measurement.rows()
        for row in rows[-len(measurement.targets) :]:
            console.print(
                f"[dim]{time.monotonic() - began:4.0f} s  {row.target.what}: {row.ratio or 'not measured'}[/dim]"
            )
    console.print(table(rows))
    if options.json:
        write_json(rows, options.json)


if __name__ == "__main__":
    main()
