"""The command line: `durable-ai run`, `demo`, `check`, `merge`, `replay` and `record-history`.

What is told at once, such as `--help`, loads no command: a command's module is imported when the command is named.
"""

from __future__ import annotations

import importlib
import io
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from durable_conformance.commands.grouped_help import Grouped
from durable_conformance.errors import CannotRunError, ExitCode


@dataclass(frozen=True)
class Command:
    """A command that has not been loaded."""

    place: str  # MODULE:FUNCTION, of this room
    told: str  # the first sentence of the function's docstring

    def loaded(self, name: str) -> TyperCommand:
        """The command itself."""
        module, _, function = self.place.partition(":")
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        alone.command(name, cls=Grouped)(getattr(importlib.import_module(f"{__package__}.{module}"), function))
        command = typer.main.get_command(alone)
        assert isinstance(command, TyperCommand)
        return command


COMMANDS: Mapping[str, Command] = {
    "demo": Command("demo:demo", "Run every pattern with its default event."),
    "run": Command("run:run", "Run one pattern here, and show what happens as it happens."),
    "check": Command("check:check", "Interrupt handlers everywhere, and report what breaks."),
    "merge": Command("merge:merge", "Join the reports of a check's shards into one."),
    "replay": Command("replay:replay", "Replay golden histories on today's code."),
    "record-history": Command("record:record_history", "Record a golden history of a handler, for `replay`."),
}


class _Lazy(TyperGroup):
    """Shows, suggests and completes commands by what the table says of them, and loads the command that is named."""

    def __init__(self, **settings: Any) -> None:
        stand_ins = {name: TyperCommand(name, help=command.told) for name, command in COMMANDS.items()}
        super().__init__(**settings | {"commands": stand_ins})

    def resolve_command(  # type: ignore[override]  # typer's own types of these are private
        self, ctx: typer.Context, args: list[str]
    ) -> tuple[str | None, TyperCommand | None, list[str]]:
        name, stand_in, rest = super().resolve_command(ctx, args)
        return name, COMMANDS[name].loaded(name) if name and stand_in else None, rest


app = typer.Typer(cls=_Lazy, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)


def _tell_version(wanted: bool | None) -> None:  # noqa: FBT001  # as typer calls it
    if not wanted:
        return
    from importlib.metadata import version  # noqa: PLC0415  # nothing else needs it

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


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: what keeps a command from running ends in one line and exit code 2.

    `arguments` is the command line without the program's name; None takes the process's own.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows no ✓ shows a question mark
    try:
        app(args=arguments)
    except CannotRunError as error:
        _tell(error)
        sys.exit(ExitCode.CANNOT_RUN)


def _tell(error: CannotRunError) -> None:
    from rich.console import Console  # noqa: PLC0415  # only where there is something to tell
    from rich.markup import escape  # noqa: PLC0415

    console = Console(stderr=True, soft_wrap=True)
    console.print(f"[red]durable-ai:[/red] {escape(str(error))}", emoji=False)
    if error.detail:
        console.print(error.detail.rstrip(), style="dim", markup=False, emoji=False, highlight=False)
