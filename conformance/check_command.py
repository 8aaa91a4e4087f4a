"""`durable-ai check`: explore a handler and say what breaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from conformance import answers, report_text
from conformance.exit_codes import CANNOT_RUN, FINDINGS
from conformance.exploration import HORIZON, PATIENCE_SECONDS, Exploration
from conformance.html import Explored
from conformance.isolation import Task, explore_isolated
from conformance.model_choice import chosen_model
from conformance.reference import Reference
from conformance.report_file import make_sure_of, write_html
from conformance.rules import NAMES
from conformance.run_record import Records
from conformance.subject import check_place
from conformance.typed_json import parsed
from providers.selection import SCRIPTED

OK = json.dumps("ok")


def check(  # noqa: PLR0917  # options, which a person names
    target: Annotated[
        str,
        typer.Argument(metavar="PATH.py:FUNCTION", help="What to check."),
    ],
    event: Annotated[str, typer.Option(help="The execution's input, as JSON.")] = "{}",
    script: Annotated[Path | None, typer.Option(help="A JSON script for the model to follow.")] = None,
    answer: Annotated[str, typer.Option(help="What people answer to callbacks, as JSON.")] = OK,
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
        bool,
        typer.Option(help="Run it in other processes, too: cold, at another time, with another hash seed."),
    ] = True,
    patience: Annotated[
        float, typer.Option(min=1, help="Seconds that one execution may take in real time.")
    ] = PATIENCE_SECONDS,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report to this file, as JSON.")] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", help="Write a page about the report and every run to this file.")
    ] = None,
) -> None:
    """Interrupt a handler everywhere, and report what breaks: exit code 0 conforms, 1 findings, 2 could not run."""
    payload = answers.given(approve=False, reject=False, answer=answer)
    assert payload is not None
    until = frozenset(NAMES) if exit_first else frozenset()
    exploration = Exploration(
        pairs=pairs,
        orders=not order_matters,
        patience=patience,
        horizon=None if to_the_end else horizon,
        until=until,
    )
    task = Task(Reference(target), parsed("--event", event), script, payload, exploration, other_sandboxes)
    check_place(target)
    chosen_model(SCRIPTED, script=script)  # a script that is none is told at once
    if json_file:
        make_sure_of("--json", json_file)
    if html_file:
        make_sure_of("--html", html_file)
    records = Records() if html_file else None
    console = Console(soft_wrap=False)
    with console.status("Exploring…") as status:
        report = explore_isolated(task, lambda done, all_: status.update(f"Exploring: {done} of {all_} runs"), records)
    console.print(report_text.rendered(report))
    if json_file:
        json_file.write_text(report_text.as_json(report), encoding="utf-8")
    if html_file and records is not None:
        write_html(html_file, target, [Explored(target, f"event {event}", report, tuple(records))])
    if not report.conforms:
        raise typer.Exit(FINDINGS if report.findings else CANNOT_RUN)
