"""`durable-ai run`: run one pattern, show what happens, and kill it where a person wants."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.prompt import Prompt

from durable_conformance.commands import options
from durable_conformance.commands.crash_at import EXAMPLE, came_by, not_reached, typed_point
from durable_conformance.commands.model_choice import CASSETTE, SCRIPTED, chosen_model, known_provider
from durable_conformance.errors import CannotRunError, ExitCode
from durable_conformance.execution import Conditions, Run, Status
from durable_conformance.reporting import conclude, timeline_on
from durable_conformance.runtime import Narrator, quiet_sdk_logs, run_in_process
from durable_conformance.subject import (
    APPROVE,
    REJECT,
    Always,
    Answered,
    Asker,
    CallbackAnswer,
    Scenario,
    find_pattern,
    silence,
)


def default_cassette(pattern: str) -> Path:
    """The recording that a pattern's default event is answered from."""
    return Path("cassettes") / pattern / "default.yaml"


def run(  # noqa: PLR0917  # options, which a person names
    pattern: Annotated[str, typer.Argument(help="A module of the package `patterns`, such as prompt_chaining.")],
    event: options.Event = options.EMPTY,
    provider: Annotated[
        str, typer.Option(parser=known_provider, metavar="NAME", help="Who answers the model calls.")
    ] = CASSETTE,
    cassette: Annotated[Path | None, typer.Option(help="The recording that `--provider cassette` replays.")] = None,
    script: Annotated[
        Path | None, typer.Option(help="The JSON script that `--provider scripted` answers from.")
    ] = None,
    approve: Annotated[bool, typer.Option("--approve", help="Approve whatever a person is asked.")] = False,  # noqa: FBT002
    reject: Annotated[bool, typer.Option("--reject", help="Reject whatever a person is asked.")] = False,  # noqa: FBT002
    answer: Annotated[
        options.Json | None,
        typer.Option(parser=options.answer, metavar="TEXT", help="Answer whatever a person is asked, with this JSON."),
    ] = None,
    no_answer: Annotated[  # noqa: FBT002
        bool, typer.Option("--no-answer", help="Answer nothing that a person is asked: the time runs out.")
    ] = False,
    crash_at: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH:ACTION", help=f"Kill the process there, such as {EXAMPLE}. May be repeated."),
    ] = None,
    crash_points: Annotated[  # noqa: FBT002
        bool, typer.Option("--crash-points", help="List where --crash-at could have killed this execution.")
    ] = False,
) -> None:
    """Run one pattern here, and show what happens as it happens.

    Its result is printed at the end.
    """
    quiet_sdk_logs()
    console = Console(soft_wrap=True)
    if script and provider != SCRIPTED:
        raise CannotRunError("--script is for --provider scripted; add that.")
    if cassette and provider != CASSETTE:
        raise CannotRunError("--cassette is for --provider cassette; leave the other provider out.")
    crashes = [typed_point(point) for point in crash_at or ()]
    handler = find_pattern(pattern)
    recording = (cassette or default_cassette(pattern)) if provider == CASSETTE else None
    model = chosen_model(provider, cassette=recording, script=options.without_secrets(script, f"The script {script}"))
    payload = options.payload_of(approve=approve, reject=reject, given=answer)
    if payload and no_answer:
        raise CannotRunError("Use only one of --approve, --reject, --answer and --no-answer.")
    ask = Always(payload) if payload else _asked_at_terminal(console, interactive=sys.stdin.isatty())
    console.print(f"[bold]{pattern}[/bold], answered by {provider}")
    with timeline_on(console) as timeline:
        outcome = run_in_process(
            handler.with_model,
            Scenario(event.value, model, ask=silence if no_answer else ask),
            Conditions(crashes=crashes),
            Narrator(timeline),
        )
    conclude(console, outcome, repeats=True)
    missed = not_reached(crashes, outcome)
    if crash_points or missed:
        _list_crash_points(console, outcome)
    if missed:
        raise CannotRunError(
            f"--crash-at {', '.join(missed)} was not reached; what the execution came by stands above."
        )
    if outcome.status != Status.SUCCEEDED:
        raise typer.Exit(ExitCode.FINDINGS)


def _list_crash_points(console: Console, outcome: Run) -> None:
    console.print("crash points, as --crash-at takes them (PATH:ACTION):")
    for path, actions in came_by(outcome).items():
        console.print(f"  {path}  {', '.join(actions)}", markup=False, highlight=False)


def _asked_at_terminal(console: Console, *, interactive: bool) -> Asker:
    """Asks the person at the terminal, if the terminal is `interactive`."""

    def ask(name: str, _occurrence: int) -> CallbackAnswer:
        if not interactive:
            raise CannotRunError(
                f"{name!r} waits for a person, and nobody is at the terminal; use --approve, --reject or --answer JSON."
            )
        question = f"[bold]{name}[/bold] waits for you: [green]a[/green]pprove, [red]r[/red]eject, or an answer in JSON"
        try:
            while (payload := _payload(Prompt.ask(question, console=console))) is None:
                console.print('That is no JSON: write a, r, or JSON such as "Looks right." in quotes.')
        except EOFError as error:
            raise CannotRunError(f"{name!r} waits for a person, and the input has ended.") from error
        return Answered(payload)

    return ask


def _payload(said: str) -> str | None:
    """What somebody typed, as a payload; None if it is none."""
    short = {"a": APPROVE, "approve": APPROVE, "r": REJECT, "reject": REJECT}
    try:
        return short.get(said.strip().casefold()) or options.answer(said).text
    except CannotRunError:
        return None
