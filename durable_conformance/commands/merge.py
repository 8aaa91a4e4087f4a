"""`durable-ai merge`: the reports of all shards of a check, as the one that the check would have given whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from durable_conformance.commands import options

_JOINED = "What is joined"
"""The group of the arguments, in the help."""


def merge(
    reports: Annotated[
        list[Path],
        typer.Argument(
            metavar="REPORT.json",
            help="The reports that `check --shard K/N --json` has written, of all N shards.",
            rich_help_panel=_JOINED,
        ),
    ],
    output_format: options.Format = None,
    json_file: options.JsonFile = None,
    html_file: options.HtmlFile = None,
) -> None:
    """Join the reports of a check's shards into one.

    Run it where the shards were checked, with the same code. Exit codes are those of the whole check.
    """
    from rich.text import Text  # noqa: PLC0415  # help needs none of what merging does

    from durable_conformance.commands.output import Output, exit_code  # noqa: PLC0415
    from durable_conformance.commands.settings import chosen_format, project_file  # noqa: PLC0415
    from durable_conformance.errors import CannotRunError  # noqa: PLC0415
    from durable_conformance.reporting import joined_shards  # noqa: PLC0415

    for option, file in ("--json", json_file), ("--html", html_file):
        if file and file.resolve() in {one.resolve() for one in reports}:
            raise CannotRunError(f"{option} {file} is one of the reports that are merged: name another file.")
    output = Output(chosen_format(output_format, project_file(Path.cwd())), json_file, html_file)
    joined = joined_shards(reports, page=output.html)
    checks = joined.outcome.checks
    for one in checks:
        if checks[1:]:
            output.console.rule(Text(one.check, "bold"), align="left")
        output.check(one, joined.again[one.check], alone=not checks[1:])
    output.files(joined.outcome, "durable-ai check" if checks[1:] else checks[0].check, joined.explored)
    output.end(joined.outcome, alone=not checks[1:])
    if code := exit_code(checks):
        raise typer.Exit(code)
