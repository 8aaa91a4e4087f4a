"""`durable-ai check`: explore a handler and say what breaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from conformance import answers, report_text
from conformance.errors import CannotRunError
from conformance.explore import Exploration, explore
from conformance.model_choice import ProviderName, chosen_model
from conformance.scenario import Scenario
from conformance.subject import find_target, handler_factory

OK = json.dumps("ok")
FINDINGS = 1


def check(  # noqa: PLR0917  # options, which a person names
    target: Annotated[
        str,
        typer.Argument(metavar="PATH.py:FUNCTION", help="What to check."),
    ],
    event: Annotated[str, typer.Option(help="The execution's input, as JSON.")] = "{}",
    script: Annotated[Path | None, typer.Option(help="A JSON script for the model to follow.")] = None,
    answer: Annotated[str, typer.Option(help="What people answer to callbacks, as JSON.")] = OK,
    pairs: Annotated[bool, typer.Option("--pairs", help="Try every pair of crash points, too.")] = False,  # noqa: FBT002
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report to this file, as JSON.")] = None,
) -> None:
    """Interrupt a handler everywhere, and report what breaks: exit code 0 conforms, 1 findings, 2 could not run."""
    handler_for = handler_factory(find_target(target), target)
    model = chosen_model(ProviderName.SCRIPTED, cassette=Path(), script=script)
    payload = answers.given(approve=False, reject=False, answer=answer)
    assert payload is not None
    scenario = Scenario(given_event(event), model, ask=answers.always(payload))
    console = Console(soft_wrap=False)
    with console.status("Exploring…") as status:
        report = explore(
            handler_for,
            scenario,
            Exploration(pairs=pairs),
            progress=lambda done, all_: status.update(f"Exploring: {done} of {all_} runs"),
        )
    console.print(report_text.rendered(report))
    if json_file:
        json_file.write_text(report_text.as_json(report), encoding="utf-8")
    if not report.conforms:
        raise typer.Exit(FINDINGS)


def given_event(text: str) -> Any:
    """The event that the option `--event` stands for.

    Raises:
        CannotRunError: It is not JSON.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise CannotRunError(f"--event is not JSON: {error}.") from error
