"""The command line: `durable-ai run`, `demo`, `check`, `replay` and `record-history`."""

from __future__ import annotations

import io
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from durable_conformance.commands.check import check
from durable_conformance.commands.grouped_help import Grouped
from durable_conformance.commands.model_choice import chosen_model
from durable_conformance.commands.record import record_history
from durable_conformance.commands.replay import replay
from durable_conformance.commands.run import default_cassette, run
from durable_conformance.errors import CannotRunError, ExitCode
from durable_conformance.execution import Status
from durable_conformance.reporting import conclude
from durable_conformance.runtime import quiet_sdk_logs, run_in_process
from durable_conformance.subject import APPROVE, Always, Scenario, find_pattern, pattern_names

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)


def _tell_version(wanted: bool | None) -> None:  # noqa: FBT001  # as typer calls it
    if not wanted:
        return
    ours, sdk = version("durable-ai-patterns"), version("aws-durable-execution-sdk-python")
    typer.echo(f"durable-ai {ours} (aws-durable-execution-sdk-python {sdk}, Python {platform.python_version()})")
    raise typer.Exit


@app.callback()
def durable_ai(
    _: Annotated[
        bool | None,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version, and exit."),
    ] = None,
) -> None:
    """AI workflows on AWS Lambda durable functions, run and checked on this machine."""
    quiet_sdk_logs()


@app.command(cls=Grouped)
def demo() -> None:
    """Run every pattern with its default event.

    The models answer from its cassette, and people approve.
    """
    console = Console(soft_wrap=True)
    failed = False
    for pattern in pattern_names():
        handler = find_pattern(pattern)
        model = chosen_model("cassette", cassette=default_cassette(pattern))
        outcome = run_in_process(handler.with_model, Scenario({}, model, ask=Always(APPROVE)))
        console.rule(f"[bold]{pattern}[/bold]", align="left")
        conclude(console, outcome)
        failed |= outcome.status != Status.SUCCEEDED
    if failed:
        raise typer.Exit(ExitCode.FINDINGS)


for _command in run, check, replay, record_history:
    app.command(cls=Grouped)(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: what keeps a command from running ends in one line and exit code 2.

    `arguments` is the command line without the program's name; None takes the process's own.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows no ✓ shows a question mark
    try:
        app(args=arguments)
    except CannotRunError as error:
        console = Console(stderr=True, soft_wrap=True)
        console.print(f"[red]durable-ai:[/red] {escape(str(error))}", emoji=False)
        if error.detail:
            console.print(error.detail.rstrip(), style="dim", markup=False, emoji=False, highlight=False)
        sys.exit(ExitCode.CANNOT_RUN)
