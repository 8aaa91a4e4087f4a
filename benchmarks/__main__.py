"""The performance table: `python -m benchmarks [--json FILE]`.

Each row measures both sides in turn, in this run, on this machine. Nothing fails for being slow: a busy machine is no
defect of the code.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import calls, exploration
from benchmarks.comparison import Row


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args(arguments)
    rows = [*exploration.rows(), *calls.rows()]
    Console().print(table(rows))
    if options.json:
        document = {"machine": platform.platform(), "python": platform.python_version()}
        figures = [dataclasses.asdict(row) | {"met": row.met} for row in rows]
        options.json.write_text(json.dumps(document | {"rows": figures}, indent=2) + "\n", encoding="utf-8")


def table(rows: Sequence[Row]) -> Table:
    """The rows, with the spread of their ratios."""
    drawn = Table(title="ratios are medians, with quartiles")
    for heading in ("what", "ours", "against", "theirs", "ratio", "target", ""):
        drawn.add_column(heading, overflow="fold")
    for row in rows:
        bound = "≥" if row.higher_is_better else "≤"
        drawn.add_row(
            row.what,
            row.ours,
            row.against,
            row.theirs,
            f"{row.ratio:.2f} ({row.low:.2f} to {row.high:.2f})",
            f"{bound} {row.target:g}",
            "met" if row.met else "missed",
        )
        if row.note:
            drawn.add_row(f"[dim]{row.note}[/dim]")
    return drawn


if __name__ == "__main__":
    main()
