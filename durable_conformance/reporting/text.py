"""A report as text: a table of findings by rule, and one line that says what was done."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from durable_conformance.rules.findings import Finding, Report

SUCCEEDED = "SUCCEEDED"


def summary(report: Report) -> str:
    """What was done and found, in one line."""
    found = len(report.findings)
    verdict = "conforms" if report.conforms else f"{found} finding{'' if found == 1 else 's'}"
    if report.could_not_run:
        verdict += f", {len(report.could_not_run)} could not run"
    return (
        f"{verdict}: {report.points} crash points, {report.runs} runs, {len(report.rules)} rules, "
        f"{report.seconds:.1f} seconds; exhaustive over these points, for this input and these answers"
    )


def rendered(report: Report) -> RenderableType:
    """The findings, grouped by rule, and the summary."""
    parts: list[RenderableType] = []
    for rule in report.rules:
        found = [finding for finding in report.findings if finding.rule == rule]
        if found:
            parts.append(findings_table(f"{rule}: {found[0].remedy}", found))
    parts += [Text(f"could not run: {why}") for why in report.could_not_run]
    parts += [Text(f"left out: {what}") for what in report.left_out]
    if report.undisturbed not in {"", SUCCEEDED}:
        parts.append(Text(f"undisturbed, the execution ends {report.undisturbed}: is that what was to be checked?"))
    parts.append(Text(summary(report)))
    return Group(*parts)


def findings_table(title: str, findings: Sequence[Finding]) -> Table:
    """One row for each finding."""
    table = Table(title=Text(title), title_justify="left", expand=True)
    for heading in ("where", "shown by", "expected", "actual"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        table.add_row(*map(Text, (finding.path, finding.crash, finding.expected, finding.actual)))
    return table


def plain(report: Report, width: int = 120) -> str:
    """The same as text without colours, `width` characters wide."""
    console = Console(width=width, no_color=True, force_terminal=False)
    with console.capture() as capture:
        console.print(rendered(report))
    return capture.get()


def as_json(report: Report) -> str:
    """The report as a JSON document."""
    return json.dumps(dataclasses.asdict(report), indent=2, ensure_ascii=False)
