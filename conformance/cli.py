"""The command line: `durable-ai run`, `demo`, `check`, `replay` and `record-history`."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.markup import escape

from conformance import answers
from conformance.check_command import check
from conformance.conclusion import SUCCEEDED, conclude
from conformance.errors import CannotRunError
from conformance.exit_codes import CANNOT_RUN, FAILED
from conformance.lookup import find_pattern, pattern_names
from conformance.model_choice import chosen_model
from conformance.public_runner import run_on_public_runner
from conformance.record_command import record_history
from conformance.replay_command import replay
from conformance.run_command import default_cassette, run
from conformance.scenario import Scenario
from conformance.sdk_logs import quiet_sdk_logs
from providers.selection import CASSETTE

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def durable_ai() -> None:
    """AI workflows on AWS Lambda durable functions, run and checked on this machine."""
    quiet_sdk_logs()


@app.command()
def demo() -> None:
    """Run every pattern with its default event, from its cassette; people approve."""
    console = Console(soft_wrap=True)
    failed = False
    for pattern in pattern_names():
        handler = find_pattern(pattern)
        model = chosen_model(CASSETTE, cassette=default_cassette(pattern))
        outcome = run_on_public_runner(handler.with_model, Scenario({}, model, ask=answers.always(answers.APPROVE)))
        console.rule(f"[bold]{pattern}[/bold]", align="left")
        conclude(console, outcome)
        failed |= outcome.status != SUCCEEDED
    if failed:
        raise typer.Exit(FAILED)


app.command()(run)
app.command()(check)
app.command()(replay)
app.command()(record_history)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: what keeps a command from running ends in one line and exit code 2.

    Args:
        arguments: The command line without the program's name; None takes the process's own.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows no ✓ shows a question mark
    try:
        app(args=arguments)
    except CannotRunError as error:
        Console(stderr=True, soft_wrap=True).print(f"[red]durable-ai:[/red] {escape(str(error))}", emoji=False)
        sys.exit(CANNOT_RUN)
