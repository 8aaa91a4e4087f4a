"""Every crash point of every scenario of every pattern, in every variant: `python -m tests.patterns.exhaustive`.

With `--pairs`, every pair of points, too; with `--horizon`, executions are not followed to their ends. It takes minutes
(with pairs, much longer), prints what it has explored as it goes, and exits with 1 if there was a finding. The suite
itself explores each point once (`catalogue.novelty`).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.progress import Progress

from durable_conformance import CrashKind, Report
from durable_conformance.exploring import EVERYTHING
from durable_conformance.reporting import rendered
from durable_conformance.runtime import quiet_sdk_logs
from tests.patterns.catalogue import CATALOGUE

SINGLES = replace(EVERYTHING, horizon=None)
PAIRS = replace(
    SINGLES,
    pairs=True,
    # A revoked token ends an invocation as a lost response does, and repeatable answers show nothing more in pairs.
    kinds=(CrashKind.BEFORE_PERSIST, CrashKind.AFTER_PERSIST, CrashKind.DURING_CALL),
    pure=False,
    faults=False,
    orders=False,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Explore everything that the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.patterns.exhaustive", description=__doc__)
    parser.add_argument("--pairs", action="store_true", help="try every pair of crash points, too")
    parser.add_argument("--horizon", type=int, metavar="OPERATIONS", help="how far to follow an execution")
    parser.add_argument("patterns", nargs="*", choices=[[], *CATALOGUE], help="which patterns; all unless given")
    options = parser.parse_args(arguments)
    exploration = replace(PAIRS if options.pairs else SINGLES, horizon=options.horizon)
    console = Console(soft_wrap=True)
    quiet_sdk_logs("strands")
    patterns: Sequence[str] = options.patterns or tuple(CATALOGUE)
    reports: list[Report] = []
    began = time.monotonic()
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("Exploring", total=sum(len(CATALOGUE[pattern].scenarios) for pattern in patterns))
        for pattern in patterns:
            before = len(reports)
            for scenario in CATALOGUE[pattern].scenarios:
                reports.append(CATALOGUE[pattern].explored(scenario, exploration))
                progress.advance(bar)
                if not reports[-1].conforms:
                    console.print(f"{pattern}: {scenario}", rendered(reports[-1]))
            console.print(f"{pattern}: {_total(reports[before:])}")
    console.print(f"all patterns: {_total(reports)}, {time.monotonic() - began:.0f} seconds")
    return int(any(not one.conforms for one in reports))


def _total(reports: Sequence[Report]) -> str:
    return (
        f"{len(reports)} scenarios, {sum(one.points for one in reports)} crash points, "
        f"{sum(one.runs for one in reports)} executions, {sum(len(one.findings) for one in reports)} findings, "
        f"{sum(len(one.could_not_run) for one in reports)} could not run"
    )


if __name__ == "__main__":
    sys.exit(main())
