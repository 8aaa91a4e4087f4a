"""Every crash point of every scenario of every pattern, in every variant: `python -m tests.patterns.exhaustive`.

With `--pairs`, every pair of points, too; with `--horizon`, executions are not followed to their ends. It takes minutes
(with pairs, much longer), prints what it has explored as it goes, and exits with 1 if there was a finding. The suite
itself explores each point once (`catalogue.novelty`).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context

from rich.console import Console
from rich.progress import Progress

from durable_conformance.execution.crash_points import CrashKind
from durable_conformance.exploring.exploration import EVERYTHING, Exploration
from durable_conformance.reporting.text import rendered
from durable_conformance.rules.findings import Report
from durable_conformance.runtime.sdk_logs import quiet_sdk_logs
from tests.patterns.catalogue import CATALOGUE

SINGLES = replace(EVERYTHING, horizon=None, side_by_side=2)
PAIRS = replace(
    SINGLES,
    pairs=True,
    # A revoked token ends an invocation as a lost response does, and repeatable answers show nothing more in pairs.
    kinds=(CrashKind.BEFORE_PERSIST, CrashKind.AFTER_PERSIST, CrashKind.DURING_CALL),
    pure=False,
    faults=False,
    orders=False,
)


@dataclass(frozen=True)
class Outcome:
    """What is said of one scenario.

    Attributes:
        pattern: The pattern's name.
        scenario: The scenario's name.
        report: The report.
    """

    pattern: str
    scenario: str
    report: Report


def explored(pattern: str, scenario: str, exploration: Exploration) -> Outcome:
    """Explore one scenario; in a process that explores nothing else at the time."""
    quiet_sdk_logs("strands")
    return Outcome(pattern, scenario, CATALOGUE[pattern].explored(scenario, exploration))


def main(arguments: Sequence[str] | None = None) -> int:
    """Explore everything that the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.patterns.exhaustive", description=__doc__)
    parser.add_argument("--pairs", action="store_true", help="try every pair of crash points, too")
    parser.add_argument("--horizon", type=int, metavar="OPERATIONS", help="how far to follow an execution")
    parser.add_argument("patterns", nargs="*", choices=[[], *CATALOGUE], help="which patterns; all unless given")
    options = parser.parse_args(arguments)
    exploration = replace(PAIRS if options.pairs else SINGLES, horizon=options.horizon)
    console = Console(soft_wrap=True)
    outcomes: list[Outcome] = []
    tasks = [
        (pattern, scenario) for pattern in options.patterns or CATALOGUE for scenario in CATALOGUE[pattern].scenarios
    ]
    began = time.monotonic()
    with (
        ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool,
        Progress(console=console, transient=True) as progress,
    ):
        bar = progress.add_task("Exploring", total=len(tasks))
        futures = [pool.submit(explored, *task, exploration) for task in tasks]
        for future in as_completed(futures):
            outcomes.append(future.result())
            progress.advance(bar)
            if not outcomes[-1].report.conforms:
                console.print(f"{outcomes[-1].pattern}: {outcomes[-1].scenario}", rendered(outcomes[-1].report))
            of_pattern = [one for one in outcomes if one.pattern == outcomes[-1].pattern]
            if len(of_pattern) == len(CATALOGUE[outcomes[-1].pattern].scenarios):
                console.print(f"{outcomes[-1].pattern}: {_total(of_pattern)}")
    console.print(f"all patterns: {_total(outcomes)}, {time.monotonic() - began:.0f} seconds")
    return int(any(not one.report.conforms for one in outcomes))


def _total(outcomes: Sequence[Outcome]) -> str:
    reports = [one.report for one in outcomes]
    return (
        f"{len(reports)} scenarios, {sum(one.points for one in reports)} crash points, "
        f"{sum(one.runs for one in reports)} executions, {sum(len(one.findings) for one in reports)} findings, "
        f"{sum(len(one.could_not_run) for one in reports)} could not run"
    )


if __name__ == "__main__":
    sys.exit(main())
