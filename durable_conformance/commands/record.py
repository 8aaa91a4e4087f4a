"""`durable-ai record-history`: start a golden history, of an execution made here or of one that the service exports."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from durable_conformance.commands.check import OK
from durable_conformance.commands.model_choice import ProviderName, chosen_model
from durable_conformance.commands.typed_json import parsed
from durable_conformance.errors import CannotRunError
from durable_conformance.exploring.exploration import PATIENCE_SECONDS
from durable_conformance.histories.export import import_history
from durable_conformance.histories.file import save_history
from durable_conformance.histories.recorder import provenance, record
from durable_conformance.histories.replay import Subject, confirm
from durable_conformance.subject import answers
from durable_conformance.subject.handlers import find_handler
from durable_conformance.subject.scenario import Scenario


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
        model = chosen_model(ProviderName.SCRIPTED, cassette=Path(), script=script)
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
