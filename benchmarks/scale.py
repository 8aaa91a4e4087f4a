"""How far a check goes: time and memory for long, wide and heavy workflows, and what each crash point costs.

    python -m benchmarks.scale [NAME ...]

Each workflow is checked by the command, as a person would, one after the other. Of the longest, one shard of several is
checked, which the table says: it makes every n-th of the runs. Nothing here fails for being slow.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import scale_handlers
from benchmarks.scale_handlers import BRANCHES, HEAVY_BYTES, HEAVY_STEPS, TURNS


@dataclass(frozen=True)
class Workflow:
    """A workflow to be checked.

    Attributes:
        name: The handler in `benchmarks.scale_handlers`.
        what: What it is.
        shards: In how many parts its exploration is split; the first is measured.
    """

    name: str
    what: str
    shards: int = 1


WORKFLOWS = (
    Workflow("steps_60", "60 steps, one after the other"),
    Workflow("steps_300", "300 steps"),
    Workflow("steps_1000", "1,000 steps", shards=20),
    Workflow("steps_3000", "3,000 steps: the service's limit of operations", shards=200),
    Workflow("wide", f"a map of {BRANCHES} branches, a step each", shards=200),
    Workflow("heavy", f"{HEAVY_STEPS} results of {HEAVY_BYTES // 1000} KB"),
    Workflow("agent", f"an agent of {TURNS} turns, two steps each", shards=4),
)


@dataclass(frozen=True)
class Measured:
    """What a check took.

    Attributes:
        seconds: From the command to its end.
        cpu: CPU seconds of all its processes.
        megabytes: Peak resident size of the largest of them.
        points: Crash points of the whole exploration.
        runs: Executions that were made.
        left_out: What the report says was not explored.
    """

    seconds: float
    cpu: float
    megabytes: float
    points: int
    runs: int
    left_out: tuple[str, ...]


def measured(workflow: Workflow) -> Measured:
    """Check it in a process of its own.

    Raises:
        RuntimeError: The check did not end with 0, so its figures mean nothing; what it printed says why.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        handler = f"{scale_handlers.__file__}:{workflow.name}"
        command = [
            sys.executable,
            "-m",
            "durable_conformance",
            "check",
            handler,
            "--event",
            "{}",
            "--json",
            str(report),
        ]
        if workflow.shards > 1:
            command += ["--shard", f"1/{workflow.shards}"]
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        printed, usage = _ended(process)
        seconds = time.perf_counter() - began
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{printed}")
        (check,) = json.loads(report.read_text(encoding="utf-8"))["checks"]
    said = check["report"]
    return Measured(
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / 1024,
        said["points"],
        said["runs"],
        tuple(said["left_out"]),
    )


def _ended(process: subprocess.Popen[str]) -> tuple[str, resource.struct_rusage]:
    """What it printed, and what it and the processes that it has waited for have used."""
    assert process.stdout is not None
    with process.stdout:
        printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return printed, usage


def row(workflow: Workflow, one: Measured) -> tuple[str, ...]:
    """The table's line about it."""
    part = f"1 of {workflow.shards} shards" if workflow.shards > 1 else "whole"
    return (
        workflow.what,
        part,
        f"{one.points:,}",
        f"{one.runs:,}",
        f"{one.seconds:.1f}",
        f"{one.cpu:.1f}",
        f"{one.seconds / one.runs * 1000:.0f}" if one.runs else "",
        f"{one.megabytes:.0f}",
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line names, and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    names = [workflow.name for workflow in WORKFLOWS]
    parser.add_argument("names", nargs="*", choices=[[], *names], help="which workflows; all unless given")
    chosen = parser.parse_args(arguments).names or names
    table = Table(title=f"A check of what is long, wide or heavy, on {os.process_cpu_count()} cores")
    for column in ("workflow", "explored", "points", "runs", "s", "CPU s", "ms a run", "largest MB"):
        table.add_column(column, justify="left" if column in {"workflow", "explored"} else "right")
    console = Console(width=140)
    for workflow in WORKFLOWS:
        if workflow.name in chosen:
            one = measured(workflow)
            console.print(f"{workflow.what}: {one.seconds:.1f} s; not explored: {'; '.join(one.left_out) or 'nothing'}")
            table.add_row(*row(workflow, one))
    console.print(table)


if __name__ == "__main__":
    main()
