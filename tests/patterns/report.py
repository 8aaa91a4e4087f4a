"""One HTML file about the seven patterns, each in its representative scenario: `python -m tests.patterns.report`.

Every crash point in every variant, other sandboxes, completion orders and model faults, as `durable-ai check --html`
shows them. It exits with 1 if there was a finding, and with 2 if something could not be run.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from durable_conformance import CannotRunError, explore
from durable_conformance.commands import can_be_written
from durable_conformance.errors import ExitCode
from durable_conformance.evidence import Explored, Records
from durable_conformance.reporting import rendered, summary, write_html
from durable_conformance.runtime import quiet_sdk_logs
from durable_conformance.subject import Reference
from tests.patterns.catalogue import CATALOGUE
from tests.patterns.exhaustive import SINGLES

TITLE = "The seven patterns"
FILE = Path("durable-ai-report.html")


def explored(pattern: str) -> Explored:
    """Explore one pattern, and keep every run."""
    chosen, records = CATALOGUE[pattern], Records()
    workflow = Reference(f"{chosen.workflow.__module__}:{chosen.workflow.__name__}")
    report = explore(
        chosen.handler_for, chosen.scenarios[chosen.happy], SINGLES, elsewhere=workflow, recorder=records.add
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
        can_be_written("--html", options.html)
    except CannotRunError as error:
        Console(stderr=True, soft_wrap=True).print(str(error), markup=False)
        return ExitCode.CANNOT_RUN
    patterns: Sequence[str] = options.patterns or tuple(CATALOGUE)
    quiet_sdk_logs("strands")
    began = time.monotonic()
    done: list[Explored] = []
    with Progress(console=console, transient=True) as progress:
        for pattern in progress.track(patterns, description="Exploring"):
            done.append(explored(pattern))
            report = done[-1].report
            console.print(f"{pattern}: {summary(report)}" if report.conforms else rendered(report))
    write_html(options.html, TITLE, done)
    size = options.html.stat().st_size / 1_000_000
    console.print(f"{options.html}: {size:.1f} MB, {time.monotonic() - began:.0f} seconds", markup=False)
    reports = [one.report for one in done]
    if any(one.findings for one in reports):
        return ExitCode.FINDINGS
    return 0 if all(one.conforms for one in reports) else ExitCode.CANNOT_RUN


if __name__ == "__main__":
    sys.exit(main())
