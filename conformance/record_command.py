"""`durable-ai record-history`: start a golden history, of an execution made here or of one that the service exports."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from conformance import answers
from conformance.check_command import OK
from conformance.errors import CannotRunError
from conformance.exploration import PATIENCE_SECONDS
from conformance.exported_history import import_history
from conformance.history import save_history
from conformance.history_recorder import provenance, record
from conformance.model_choice import chosen_model
from conformance.scenario import Scenario
from conformance.subject import find_handler
from conformance.typed_json import parsed
from conformance.upgrade import Subject, confirm
from providers.selection import SCRIPTED


def record_history(  # noqa: PLR0917  # options, which a person names
    target: Annotated[str, typer.Argument(metavar="PATTERN|PATH.py:FUNCTION", help="Whose execution to record.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The history to write.")],
    event: Annotated[str, typer.Option(help="The execution's input, as JSON.")] = "{}",
    script: Annotated[Path | None, typer.Option(help="A JSON script for the model to follow.")] = None,
    answer: Annotated[str, typer.Option(help="What people answer to callbacks, as JSON.")] = OK,
    scenario: Annotated[str, typer.Option(help="What the execution meets, in words.")] = "recorded by hand",
    patience: Annotated[
        float, typer.Option(min=1, help="Seconds that one execution may take in real time.")
    ] = PATIENCE_SECONDS,
    export: Annotated[
        Path | None,
        typer.Option(help="Instead of running it: what get-durable-execution-history printed, payloads included."),
    ] = None,
) -> None:
    """Record a golden history of a handler, for `durable-ai replay`: exit code 0 it is written, 2 it is not."""
    if output.exists():
        raise CannotRunError(f"There is {output} already; name another file, or use durable-ai replay --update.")
    handler_for = find_handler(target)
    recorded = provenance(_portable(target), scenario, dt.datetime.now(dt.UTC))
    if export is not None:
        history = import_history(export, recorded)
    else:
        model = chosen_model(SCRIPTED, script=script)
        payload = answers.given(approve=False, reject=False, answer=answer)
        assert payload is not None
        meets = Scenario(parsed("--event", event), model, ask=answers.always(payload))
        history = record(handler_for, meets, recorded, patience=patience)
        confirm(Subject(str(output), history, handler_for), patience)
    save_history(history, output)
    Console().print(Text(f"recorded: {output} ({history.status}, {len(history.changes)} changes)"), soft_wrap=True)


def _portable(target: str) -> str:
    """The handler's reference as it can be followed from the folder where the command runs."""
    place, separator, name = target.rpartition(":")
    if not separator or not Path(place).is_absolute():
        return target
    return f"{Path(place).relative_to(Path.cwd(), walk_up=True).as_posix()}:{name}"
