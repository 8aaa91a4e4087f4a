"""`durable-ai check`: explore handlers and say what breaks. What it takes stands here; `checking` is what it does."""

from __future__ import annotations

import contextlib
import gc
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from durable_conformance.choices import HORIZON, PATIENCE_SECONDS, Severity, Shard
from durable_conformance.commands import options
from durable_conformance.commands.answers import GivenAnswer, typed_answer, typed_by_name
from durable_conformance.commands.completing import rules, targets
from durable_conformance.commands.variables import named_alone, typed_variable, variables_in
from durable_conformance.errors import CannotRunError

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_conformance.reporting import Outcome

_CHECKED, _MEETS, _TRIED, _TOLD = "What is checked", "What it meets", "What is tried", options.TOLD
"""The groups of the options, in the help."""


def _known_rule(name: str) -> str:
    """The parser of `--ignore`."""
    from durable_conformance.reporting import known_rule  # noqa: PLC0415  # only where one is typed

    return known_rule(name)


def _shard(text: str) -> Shard:
    """The parser of `--shard`."""
    try:
        return Shard.parsed(text)
    except ValueError as error:
        raise CannotRunError(f"--shard: {error}") from error


def check(  # noqa: PLR0917  # options, which a person names
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[PATH.py:FUNCTION]",
            help="What to check; all that pyproject.toml has, unless given.",
            rich_help_panel=_CHECKED,
            autocompletion=targets,
        ),
    ] = None,
    event: Annotated[
        list[options.Json] | None,
        typer.Option(
            parser=options.event,
            metavar="JSON|@FILE",
            help="The execution's input. May be repeated.",
            rich_help_panel=_CHECKED,
        ),
    ] = None,
    event_file: Annotated[
        list[options.Json] | None,
        typer.Option(
            parser=options.event_file,
            metavar="FILE",
            help="A file that holds one. May be repeated.",
            rich_help_panel=_CHECKED,
        ),
    ] = None,
    generate: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="EVENTS",
            help="Make up so many events, and check those that lead it further, too.",
            rich_help_panel=_CHECKED,
        ),
    ] = None,
    event_schema: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What they may be, as a JSON schema.", rich_help_panel=_CHECKED),
    ] = None,
    events_file: Annotated[
        Path | None,
        typer.Option(
            "--events",
            metavar="FILE",
            help="A list of events to check, too; what --generate finds is kept there.",
            rich_help_panel=_CHECKED,
        ),
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=VALUE]",
            help="A variable, set before the handler is imported: to what it is here, unless said. May be repeated.",
            rich_help_panel=_MEETS,
        ),
    ] = None,
    env_file: Annotated[
        Path | None, typer.Option(help="A dotenv file of such variables.", rich_help_panel=_MEETS)
    ] = None,
    setup: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:FUNCTION|PATH.py:FUNCTION",
            help="A context manager that each execution is made in: doubles.",
            rich_help_panel=_MEETS,
        ),
    ] = None,
    script: Annotated[
        Path | None, typer.Option(help="A JSON script for the model to follow.", rich_help_panel=_MEETS)
    ] = None,
    answer: Annotated[
        list[GivenAnswer] | None,
        typer.Option(
            parser=typed_answer,
            metavar="[NAME=]TEXT",
            help="What a callback is answered: a text, !fail:MESSAGE or !silent. May be repeated.",
            rich_help_panel=_MEETS,
        ),
    ] = None,
    invoke: Annotated[
        list[GivenAnswer] | None,
        typer.Option(
            parser=typed_answer,
            metavar="[NAME=]JSON",
            help="What a chained invocation comes to. May be repeated.",
            rich_help_panel=_MEETS,
        ),
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(
            help="Check the durable functions of this SAM or CloudFormation template.", rich_help_panel=_CHECKED
        ),
    ] = None,
    function: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this one of them.", rich_help_panel=_CHECKED)
    ] = None,
    pairs: Annotated[
        bool | None, typer.Option("--pairs", help="Try every pair of crash points, too.", rich_help_panel=_TRIED)
    ] = None,
    order_matters: Annotated[
        bool | None,
        typer.Option(
            "--order-matters", help="The order in which branches end may change the result.", rich_help_panel=_TRIED
        ),
    ] = None,
    exit_first: Annotated[
        bool | None, typer.Option("--exit-first", "-x", help="Stop at the first finding.", rich_help_panel=_TRIED)
    ] = None,
    horizon: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="OPERATIONS",
            help="Of a workflow of more than twice as many: follow executions so far past an interruption. "
            f"{HORIZON} unless given.",
            rich_help_panel=_TRIED,
        ),
    ] = None,
    to_the_end: Annotated[
        bool | None,
        typer.Option(
            "--to-the-end",
            help="Follow every execution to its end, however long the workflow is.",
            rich_help_panel=_TRIED,
        ),
    ] = None,
    other_sandboxes: Annotated[
        bool | None,
        typer.Option(
            "--other-sandboxes/--no-other-sandboxes",
            help="Run it in other processes, too: cold, at another time, with another hash seed.",
            rich_help_panel=_TRIED,
        ),
    ] = None,
    patience: Annotated[
        float | None,
        typer.Option(
            min=1,
            help="Seconds that importing it, and one execution, may take in real time. "
            f"{PATIENCE_SECONDS:g} unless given.",
            rich_help_panel=_TRIED,
        ),
    ] = None,
    expect_failure: Annotated[
        bool | None,
        typer.Option("--expect-failure", help="Undisturbed, the execution is to end FAILED.", rich_help_panel=_TRIED),
    ] = None,
    fail_on: Annotated[
        Severity | None,
        typer.Option(
            help="What exit code 1 is for: errors, or warnings, too. error unless given.", rich_help_panel=_TOLD
        ),
    ] = None,
    aws_answers: Annotated[
        Path | None,
        typer.Option(
            "--answers",
            metavar="FILE",
            help='What AWS calls are answered: JSON such as {"dynamodb.GetItem": {"Item": …}}.',
            rich_help_panel=_MEETS,
        ),
    ] = None,
    live: Annotated[
        bool | None,
        typer.Option(
            "--live",
            help="Let what nobody answers go to the services, with the credentials that there are.",
            rich_help_panel=_MEETS,
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            parser=_known_rule,
            metavar="RULE",
            help="Do not tell its findings. May be repeated.",
            rich_help_panel=_TOLD,
            autocompletion=rules,
        ),
    ] = None,
    output_format: options.Format = None,
    case: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Make this run alone again, and show it beside the one it is held against.",
            rich_help_panel=_TRIED,
        ),
    ] = None,
    pdb: Annotated[
        bool | None,
        typer.Option("--pdb", help="With --case: debug its run from the line of the cause.", rich_help_panel=_TRIED),
    ] = None,
    shard: Annotated[
        Shard | None,
        typer.Option(
            parser=_shard,
            metavar="K/N",
            help="Make only the K-th of N parts of the runs; `durable-ai merge` joins the reports of all.",
            rich_help_panel=_TRIED,
        ),
    ] = None,
    watch: Annotated[
        bool | None,
        typer.Option(
            "--watch",
            help="Check again when what it has read is saved, and tell what differs; Ctrl-C ends it, exit code 130.",
            rich_help_panel=_TOLD,
        ),
    ] = None,
    json_file: options.JsonFile = None,
    html_file: options.HtmlFile = None,
) -> None:
    """Interrupt handlers everywhere, and report what breaks.

    Exit code 0: all conform. 1: findings. 2: some could not be run.
    """
    answers, results = typed_by_name("--answer", answer or ()), typed_by_name("--invoke", invoke or ())
    settings = {
        "setup": setup,
        "script": str(script) if script else None,
        "events_file": str(events_file) if events_file else None,
        "answer": answers.pop("", None),
        "answers": answers,
        "invoke": results.pop("", None),
        "invokes": results,
        "pairs": pairs,
        "order_matters": order_matters,
        "exit_first": exit_first,
        "horizon": horizon,
        "to_the_end": to_the_end,
        "other_sandboxes": other_sandboxes,
        "patience": patience,
        "expect": "FAILED" if expect_failure else None,
        "fail_on": fail_on.value if fail_on else None,
        "aws_answers": str(aws_answers) if aws_answers else None,
        "live": live,
        "ignore": tuple(ignore or ()) or None,
    }
    typed = {
        "--env": [named_alone(one) for one in env or ()],
        "--env-file": env_file,
        "--setup": setup,
        "--script": script,
        "--answer": answer,
        "--invoke": invoke,
        "--template": template,
        "--function": function,
        "--pairs": pairs,
        "--order-matters": order_matters,
        "--horizon": horizon,
        "--to-the-end": to_the_end,
        "--other-sandboxes": other_sandboxes,
        "--no-other-sandboxes": other_sandboxes is False,
        "--patience": f"{patience:g}" if patience else None,
        "--expect-failure": expect_failure,
        "--fail-on": fail_on,
        "--answers": aws_answers,
        "--live": live,
        "--ignore": ignore,
    }
    from durable_conformance.workers import MOST_KEPT, Templates, of_this_process  # noqa: PLC0415  # help needs none of this

    # Those of a round of `--watch` say which files were read: all that they have served counts.
    with Templates() if watch else contextlib.nullcontext(of_this_process(MOST_KEPT)) as templates:
        templates.start_meanwhile()  # what a check is made of takes half a second to be imported
        gc.disable()  # nothing of that is garbage

        from durable_conformance.commands.checking import checked  # noqa: PLC0415  # as above

        gc.freeze()
        gc.enable()

        def once(told: Callable[[Outcome], None] | None = None, *, quiet: bool = False) -> None:
            checked(
                target,
                settings | {"env": (variables_in(env_file) if env_file else {}) | dict(map(typed_variable, env or ()))},
                typed,
                events=[one.as_it_is_now() for one in (*(event or ()), *(event_file or ()))],
                template=template,
                function=function,
                generate=generate,
                event_schema=event_schema,
                case=case,
                debug=bool(pdb),
                shard=shard,
                output_format=output_format,
                json_file=json_file,
                html_file=html_file,
                templates=templates,
                told=told,
                quiet=quiet,
            )

        if not watch:
            once()
            return

        from durable_conformance.commands.watching import watched  # noqa: PLC0415  # as above

        if generate is not None or case is not None or pdb or shard or output_format:
            raise CannotRunError(
                "--watch tells what differs: leave --generate, --case, --pdb, --shard and --output-format out."
            )
        typed_files = [one.file for one in (*(event or ()), *(event_file or ()))]
        files = [*typed_files, env_file, script, aws_answers, template, events_file, Path("pyproject.toml")]
        named = [file for file in files if file]
        if target and (place := target.rpartition(":")[0]).endswith(".py"):
            named.append(Path(place))
        watched(once, templates, named)
