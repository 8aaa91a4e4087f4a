"""`durable-ai record-history`: start a golden history, of an execution made here or of one that the service exports."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from durable_conformance.commands import options
from durable_conformance.errors import CannotRunError
from durable_conformance.histories import Subject, confirm, import_history, provenance, record, save_history
from durable_conformance.subject import Always, Reference, Scenario
from durable_conformance.workers import PATIENCE_SECONDS


def record_history(  # noqa: PLR0917  # options, which a person names
    target: Annotated[str, typer.Argument(metavar="PATTERN|PATH.py:FUNCTION", help="Whose execution to record.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The history to write.")],
    event: options.Event = options.EMPTY,
    script: options.Script = None,
    answer: options.Answer = options.AGREED,
    scenario: Annotated[str, typer.Option(help="What the execution meets, in words.")] = "recorded by hand",
    patience: Annotated[
        float, typer.Option(min=1, help="Seconds that one execution may take in real time.")
    ] = PATIENCE_SECONDS,
    export: Annotated[
        Path | None,
        typer.Option(help="Instead of running it: what get-durable-execution-history printed, payloads included."),
    ] = None,
) -> None:
    """Record a golden history of a handler, for `replay`.

    Exit code 0: it is written. 2: it is not.
    """
    if output.exists():
        raise CannotRunError(f"There is {output} already; name another file, or use durable-ai replay --update.")
    reference = Reference(target)
    reference.check()
    recorded = provenance(_portable(target), scenario, dt.datetime.now(dt.UTC))
    if export is not None:
        history = import_history(export, recorded)
    else:
        meets = Scenario(event.value, options.model_of(script), ask=Always(answer.text))
        with options.interruptible():
            history = record(reference, meets, recorded, patience=patience)
            confirm(Subject(str(output), history, reference), patience)
    save_history(history, output)
    Console().print(Text(f"recorded: {output} ({history.status}, {len(history.changes)} changes)"), soft_wrap=True)


def _portable(target: str) -> str:
    """The handler's reference as it can be followed from the folder where the command runs."""
    place, separator, name = target.rpartition(":")
    if not separator or not Path(place).is_absolute():
        return target
    return f"{Path(place).relative_to(Path.cwd(), walk_up=True).as_posix()}:{name}"
