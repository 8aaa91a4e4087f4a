"""`durable-ai record-history`: start a golden history, of an execution made here or of one that the service exports."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from durable_conformance.commands import options
from durable_conformance.commands.answers import GivenAnswer, callback_answers, invoke_results, typed_answer
from durable_conformance.errors import CannotRunError
from durable_conformance.execution import Status
from durable_conformance.histories import Subject, confirm, import_history, provenance, record, save_history
from durable_conformance.subject import Reference, Scenario
from durable_conformance.workers import PATIENCE_SECONDS


def record_history(  # noqa: PLR0917  # options, which a person names
    target: Annotated[str, typer.Argument(metavar="PATTERN|PATH.py:FUNCTION", help="Whose execution to record.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The history to write.")],
    event: options.Event = options.EMPTY,
    script: options.Script = None,
    answer: Annotated[
        list[GivenAnswer] | None,
        typer.Option(
            parser=typed_answer,
            metavar="[NAME=]TEXT",
            help="What a callback is answered: a text, !fail:MESSAGE or !silent. May be repeated.",
        ),
    ] = None,
    invoke: Annotated[
        list[GivenAnswer] | None,
        typer.Option(
            parser=typed_answer, metavar="[NAME=]JSON", help="What a chained invocation comes to. May be repeated."
        ),
    ] = None,
    expect_failure: Annotated[
        bool | None, typer.Option("--expect-failure", help="The execution is to end FAILED.")
    ] = None,
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
        meets = Scenario(
            event.value,
            options.model_of(script),
            ask=callback_answers(answer or ()),
            ask_invokes=invoke_results(invoke or ()),
            expect=Status.FAILED if expect_failure else Status.SUCCEEDED,
        )
        with options.interruptible():
            history = record(reference, meets, recorded, patience=patience)
            confirm(Subject(str(output), history, reference), patience)
        if history.status != meets.expect:
            error = f", with {history.error.type}: {history.error.message}" if history.error else ""
            raise CannotRunError(
                f"{target} is not recorded: it {history.status}{error}, and is to end {meets.expect}; "
                "say what it meets, or --expect-failure if that is what the history is to show."
            )
    save_history(history, output)
    Console().print(Text(f"recorded: {output} ({history.status}, {len(history.changes)} changes)"), soft_wrap=True)


def _portable(target: str) -> str:
    """The handler's reference as it can be followed from the folder where the command runs."""
    place, separator, name = target.rpartition(":")
    if not separator or not Path(place).is_absolute():
        return target
    return f"{Path(place).relative_to(Path.cwd(), walk_up=True).as_posix()}:{name}"
