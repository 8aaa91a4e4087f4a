"""The command line: `durable-ai run`, `demo`, `check`, `replay` and `record-history`."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from conformance import answers
from conformance.check_command import check
from conformance.errors import CannotRunError
from conformance.lookup import find_pattern, pattern_names
from conformance.model_choice import ProviderName, chosen_model
from conformance.observer import CheckpointUpdate
from conformance.public_runner import run_on_public_runner
from conformance.record_command import record_history
from conformance.replay_command import replay
from conformance.run import Run
from conformance.scenario import Scenario
from conformance.sdk_logs import quiet_sdk_logs
from conformance.typed_json import parsed

CASSETTES = Path("cassettes")
DEFAULT_CASSETTE = "default.yaml"
CANNOT_RUN = 2
FAILED = 1

_SYMBOLS = {"SUCCEED": "[green]✓[/green]", "FAIL": "[red]✗[/red]", "RETRY": "[yellow]↻[/yellow]"}

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def durable_ai() -> None:
    """AI workflows on AWS Lambda durable functions, run and checked on this machine."""
    quiet_sdk_logs()


@app.command()
def run(  # noqa: PLR0917  # options, which a person names
    pattern: Annotated[str, typer.Argument(help="A module of the package `patterns`, such as prompt_chaining.")],
    event: Annotated[str, typer.Option(help="The execution's input, as JSON.")] = "{}",
    provider: Annotated[ProviderName, typer.Option(help="Who answers the model calls.")] = ProviderName.CASSETTE,
    cassette: Annotated[Path | None, typer.Option(help="The recording that `--provider cassette` replays.")] = None,
    script: Annotated[
        Path | None, typer.Option(help="The JSON script that `--provider scripted` answers from.")
    ] = None,
    approve: Annotated[bool, typer.Option("--approve", help="Approve whatever a person is asked.")] = False,  # noqa: FBT002
    reject: Annotated[bool, typer.Option("--reject", help="Reject whatever a person is asked.")] = False,  # noqa: FBT002
    answer: Annotated[str | None, typer.Option(help="Answer whatever a person is asked, with this JSON.")] = None,
) -> None:
    """Run one pattern on the local durable runner, and print its operations and its result."""
    console = Console(soft_wrap=True)
    if script and provider is not ProviderName.SCRIPTED:
        raise CannotRunError("--script is for --provider scripted; add that.")
    if cassette and provider is not ProviderName.CASSETTE:
        raise CannotRunError("--cassette is for --provider cassette; leave the other provider out.")
    handler, value = find_pattern(pattern), parsed("--event", event)
    model = chosen_model(provider, cassette=cassette or CASSETTES / pattern / DEFAULT_CASSETTE, script=script)
    payload = answers.given(approve, reject, answer)
    ask = answers.always(payload) if payload else answers.terminal(console, interactive=sys.stdin.isatty())
    console.print(f"[bold]{pattern}[/bold], answered by {provider}")
    outcome = run_on_public_runner(
        handler.with_model, Scenario(value, model, ask=ask), on_update=lambda update: _show(console, update)
    )
    _conclude(console, outcome)
    if outcome.status != "SUCCEEDED":
        raise typer.Exit(FAILED)


@app.command()
def demo() -> None:
    """Run every pattern with its default event, from its cassette; people approve."""
    console = Console(soft_wrap=True)
    failed = False
    for pattern in pattern_names():
        handler = find_pattern(pattern)
        model = chosen_model(ProviderName.CASSETTE, cassette=CASSETTES / pattern / DEFAULT_CASSETTE, script=None)
        outcome = run_on_public_runner(handler.with_model, Scenario({}, model, ask=answers.always(answers.APPROVE)))
        console.rule(f"[bold]{pattern}[/bold]", align="left")
        _conclude(console, outcome)
        failed |= outcome.status != "SUCCEEDED"
    if failed:
        raise typer.Exit(FAILED)


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
        Console(stderr=True, soft_wrap=True).print(f"[red]durable-ai:[/red] {escape(str(error))}")
        sys.exit(CANNOT_RUN)


def _show(console: Console, update: CheckpointUpdate) -> None:
    """One line for each operation that ended or will be tried again."""
    if symbol := _SYMBOLS.get(update.action):
        again = f" again in {update.delay_seconds} s (not waited for here)" if update.action == "RETRY" else ""
        console.print(f"  {symbol} {escape(update.path)}{again}")


def _conclude(console: Console, outcome: Run) -> None:
    usage = [call.response.usage for call in outcome.calls if call.response]
    tokens = sum(part.input_tokens + part.output_tokens for part in usage)
    console.print(
        f"{outcome.status}: {len(outcome.operations)} operations, {len(outcome.calls)} model calls ({tokens} tokens), "
        f"{outcome.invocations} invocations"
    )
    if outcome.status == "SUCCEEDED":
        console.print_json(json.dumps(outcome.result), ensure_ascii=False)
    else:
        console.print(f"[red]{escape(str(outcome.error_type))}[/red]: {escape(str(outcome.error_message))}")
