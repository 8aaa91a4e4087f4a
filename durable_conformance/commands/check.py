"""`durable-ai check`: explore a handler and say what breaks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from durable_conformance import reporting
from durable_conformance.commands import options
from durable_conformance.errors import ExitCode
from durable_conformance.evidence import Explored, Records
from durable_conformance.exploring import HORIZON, Exploration, ExplorationInterrupted, explore
from durable_conformance.rules import NAMES, Finding, Report
from durable_conformance.subject import Always, Reference, Scenario
from durable_conformance.workers import PATIENCE_SECONDS, Experiment


def check(  # noqa: PLR0917  # options, which a person names
    target: Annotated[str, typer.Argument(metavar="PATH.py:FUNCTION", help="What to check.")],
    event: options.Event = options.EMPTY,
    script: options.Script = None,
    answer: options.Answer = options.AGREED,
    pairs: Annotated[bool, typer.Option("--pairs", help="Try every pair of crash points, too.")] = False,  # noqa: FBT002
    order_matters: Annotated[  # noqa: FBT002
        bool, typer.Option("--order-matters", help="The order in which branches end may change the result.")
    ] = False,
    exit_first: Annotated[bool, typer.Option("--exit-first", "-x", help="Stop at the first finding.")] = False,  # noqa: FBT002
    horizon: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="OPERATIONS",
            help="Of a workflow of more than twice as many: follow executions so far past an interruption.",
        ),
    ] = HORIZON,
    to_the_end: Annotated[  # noqa: FBT002
        bool, typer.Option("--to-the-end", help="Follow every execution to its end, however long the workflow is.")
    ] = False,
    other_sandboxes: Annotated[  # noqa: FBT002
        bool, typer.Option(help="Run it in other processes, too: cold, at another time, with another hash seed.")
    ] = True,
    patience: Annotated[
        float, typer.Option(min=1, help="Seconds that importing it, and one execution, may take in real time.")
    ] = PATIENCE_SECONDS,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report to this file, as JSON.")] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", help="Write a page about the report and every run to this file.")
    ] = None,
) -> None:
    """Interrupt a handler everywhere, and report what breaks: exit code 0 conforms, 1 findings, 2 could not run."""
    reference = Reference(target)
    reference.parts()  # what names nothing is told at once
    model = options.model_of(script)
    options.can_be_written("--json", json_file)
    options.can_be_written("--html", html_file)
    exploration = Exploration(
        pairs=pairs,
        orders=not order_matters,
        patience=patience,
        horizon=None if to_the_end else horizon,
        until=frozenset(NAMES) if exit_first else frozenset(),
    )
    scenario = Scenario(event.value, model, ask=Always(answer.text))
    records = Records() if html_file else None
    console = Console(soft_wrap=False)

    def tell(report: Report) -> None:
        console.print(reporting.rendered(report))
        if json_file:
            json_file.write_text(reporting.as_json(report), encoding="utf-8")
        if html_file and records is not None:
            explored = Explored(target, f"event {event.text}", report, tuple(records))
            reporting.write_html(html_file, target, [explored])

    with options.interruptible(), console.status("Exploring…") as status:

        def progress(_experiment: Experiment, _findings: Sequence[Finding], done: int, all_: int) -> None:
            status.update(f"Exploring: {done} of {all_} runs")

        try:
            report = explore(
                reference,
                scenario,
                exploration,
                elsewhere=reference if other_sandboxes else None,
                listener=progress,
                recorder=records.add if records is not None else None,
            )
        except ExplorationInterrupted as stopped:
            status.stop()
            tell(stopped.report)
            code = ExitCode.TERMINATED if isinstance(stopped.__cause__, options.Terminated) else ExitCode.INTERRUPTED
            raise typer.Exit(code) from stopped
    tell(report)
    if not report.conforms:
        raise typer.Exit(ExitCode.FINDINGS if report.findings else ExitCode.CANNOT_RUN)
