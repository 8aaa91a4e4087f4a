"""One HTML file about the seven patterns, each in its representative scenario: `python -m tests.patterns.report`.

Every crash point in every variant, other sandboxes, completion orders and model faults, as `durable-ai check --html`
shows them. It exits with 1 if there was a finding, and with 2 if something could not be run.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from durable_conformance.commands.exit_codes import CANNOT_RUN, FINDINGS
from durable_conformance.errors import CannotRunError
from durable_conformance.evidence.run_record import Records
from durable_conformance.exploring.explore import explore
from durable_conformance.reporting.html import Explored
from durable_conformance.reporting.report_file import make_sure_of, write_html
from durable_conformance.reporting.text import rendered, summary
from durable_conformance.runtime.sdk_logs import quiet_sdk_logs
from durable_conformance.subject.reference import Reference
from tests.patterns.catalogue import CATALOGUE
from tests.patterns.exhaustive import SINGLES

TITLE = "The seven patterns"
FILE = Path("durable-ai-report.html")


def explored(pattern: str) -> Explored:
    """Explore one pattern, and keep every run; in a process that explores nothing else at the time."""
    quiet_sdk_logs("strands")
    chosen, records = CATALOGUE[pattern], Records()
    workflow = Reference(f"{chosen.workflow.__module__}:{chosen.workflow.__name__}")
    report = explore(
        chosen.handler_for, chosen.scenarios[chosen.happy], SINGLES, reference=workflow, recorder=records.add
    )
    return Explored(pattern, chosen.happy, report, tuple(records))


def main(arguments: Sequence[str] | None = None) -> int:
    """Explore what the command line asks for, and write the file; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.patterns.report", description=__doc__)
    parser.add_argument(
        "--html", type=Path, default=FILE, metavar="FILE", help=f"where to write it; {FILE} unless given"
    )
    parser.add_argument("patterns", nargs="*", choices=[[], *CATALOGUE], help="which patterns; all unless given")
    options = parser.parse_args(arguments)
    console = Console(soft_wrap=True)
    try:
        make_sure_of("--html", options.html)
    except CannotRunError as error:
        Console(stderr=True, soft_wrap=True).print(str(error), markup=False)
        return CANNOT_RUN
    patterns: Sequence[str] = options.patterns or tuple(CATALOGUE)
    began = time.monotonic()
    done: dict[str, Explored] = {}
    with (
        ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool,
        Progress(console=console, transient=True) as progress,
    ):
        bar = progress.add_task("Exploring", total=len(patterns))
        futures = {pool.submit(explored, pattern): pattern for pattern in patterns}
        for future in as_completed(futures):
            pattern = futures[future]
            done[pattern] = future.result()
            report = done[pattern].report
            console.print(f"{pattern}: {summary(report)}" if report.conforms else rendered(report))
            progress.advance(bar)
    write_html(options.html, TITLE, [done[pattern] for pattern in patterns])
    size = options.html.stat().st_size / 1_000_000
    console.print(f"{options.html}: {size:.1f} MB, {time.monotonic() - began:.0f} seconds", markup=False)
    reports = [one.report for one in done.values()]
    if any(one.findings for one in reports):
        return FINDINGS
    return 0 if all(one.conforms for one in reports) else CANNOT_RUN


if __name__ == "__main__":
    sys.exit(main())
