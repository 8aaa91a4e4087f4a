"""What a command prints and writes of the checks it tells of, and its exit code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from durable_conformance import reporting
from durable_conformance.choices import OutputFormat
from durable_conformance.commands import options
from durable_conformance.errors import ExitCode
from durable_conformance.evidence import Explored
from durable_conformance.reporting import Checked, Outcome
from durable_conformance.rules import joined


def console_of(output_format: OutputFormat) -> Console:
    """Where people are told: standard output, unless a document for a program stands there."""
    return Console(soft_wrap=False, stderr=output_format is not OutputFormat.FULL)


class Output:
    """Standard output in the format that is chosen, and the files that are wanted beside it.

    Args:
        output_format: Of standard output.
        json_file: Where the report is written, too.
        html_file: Where a page about it is written, too.
        quiet: Nothing is printed.

    Raises:
        CannotRunError: A file cannot be written.
    """

    def __init__(
        self, output_format: OutputFormat, json_file: Path | None, html_file: Path | None, *, quiet: bool = False
    ) -> None:
        options.can_be_written("--json", json_file)
        options.can_be_written("--html", html_file)
        self.console = Console(quiet=True) if quiet else console_of(output_format)
        self.html = html_file is not None
        self.json = json_file is not None or output_format is OutputFormat.JSON
        self._format = output_format
        self.full = output_format is OutputFormat.FULL and not quiet
        self._quiet = quiet
        self._json_file = json_file
        self._html_file = html_file

    def check(self, checked: Checked, again: str, *, alone: bool) -> None:
        """Tell people of one check; `alone` says which of its lines were reached, which of several is said once."""
        report = checked.report
        if self.full:
            self.console.print(reporting.rendered(report, again, lines=alone), crop=False)
            return
        for why in report.could_not_run:
            self.console.print(Text(f"could not run: {why}"), soft_wrap=True)
        self.console.print(Text(f"{checked.check}: {reporting.summary(report)}"), soft_wrap=True)

    def files(self, outcome: Outcome, title: str, explored: Sequence[Explored]) -> None:
        """Write what is known so far."""
        if self._json_file:
            self._json_file.write_text(reporting.as_json(outcome), encoding="utf-8")
        if self._html_file:
            reporting.write_html(self._html_file, title, explored)

    def end(self, outcome: Outcome, *, alone: bool) -> None:
        """What can be told when all is known."""
        if self.full:
            together = () if alone else joined(one.report.coverage for one in outcome.checks)
            for line in reporting.reached(together):
                self.console.print(Text(line))
            for one in outcome.unused_ignores:
                self.console.print(Text(f"warning: {one.line}: unused ignore[{one.rule}]"))
        elif not self._quiet and (text := reporting.WRITERS[self._format](outcome)):
            typer.echo(text)


def exit_code(checks: Sequence[Checked]) -> ExitCode | None:
    """What several checks come to; None if nothing is wrong."""
    if any(one.failing() for one in checks):
        return ExitCode.FINDINGS
    return None if all(one.report.conforms for one in checks) else ExitCode.CANNOT_RUN
