"""Help with the options in groups, in plain text: a table of columns is not readable in a terminal of 80."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.core import TyperCommand

if TYPE_CHECKING:
    import click

WIDEST_OPTION = 26
"""Columns for options and their values; of those that are wider, the text begins on the next line."""


class Grouped(TyperCommand):
    """A command whose help shows each `rich_help_panel` of its options as a section."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # type: ignore[override]
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):  # type: ignore[arg-type]
            if record := parameter.get_help_record(ctx):  # type: ignore[arg-type]
                group = getattr(parameter, "rich_help_panel", None) or "Options"
                groups.setdefault(group, []).append(record)
        for group, records in groups.items():
            with formatter.section(group):
                formatter.write_dl(records, col_max=WIDEST_OPTION)
