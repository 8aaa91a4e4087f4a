"""The page: what the templates are given, and the policy under which a browser shows what they make of it."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from durable_conformance.evidence import Comparison, Explored, InvocationTrace, Moment, RunRecord
from durable_conformance.model import withheld
from durable_conformance.reporting.again import command_again
from durable_conformance.reporting.html.charts import Chart, charts
from durable_conformance.reporting.html.difference import by_lines, by_words
from durable_conformance.reporting.html.matrix import Part, parts
from durable_conformance.reporting.text import what_was_seen
from durable_conformance.rules import RULES, Finding, Rule, Severity

TEMPLATES = "templates"
NONE = -1


@dataclass(frozen=True)
class Shown:
    """A finding, and who showed it."""

    finding: Finding
    run: int | None  # the number of the one that showed it; None if there is no record of it
    runs: int  # how many break the rule at this place
    compared: tuple[Comparison, ...]  # the differences in full
    again: str  # the command that makes the run again; empty if there is none


@dataclass(frozen=True)
class Broken:
    """A rule, and where it is broken."""

    rule: Rule
    severity: Severity
    shown: tuple[Shown, ...]


@dataclass(frozen=True)
class Chapter:
    """One exploration."""

    number: int  # from 1
    explored: Explored
    broken: tuple[Broken, ...]
    parts: tuple[Part, ...]  # every run
    charts: tuple[Chart, ...]  # retry schedules


def rendered(title: str, explorations: Sequence[Explored]) -> str:
    """The page, as HTML text; in the place of a secret it says that one was withheld."""
    title, explorations = withheld((title, explorations))
    chapters = tuple(_chapters(explorations))
    style, script = _text("report.css"), _text("report.js")
    page = _environment().get_template("page.html.jinja")
    return page.render(
        title=title,
        chapters=chapters,
        rules=RULES,
        broken={one.rule.name for chapter in chapters for one in chapter.broken if one.severity is Severity.ERROR},
        looked=(looked := {rule for one in explorations for rule in one.report.rules}),
        looked_at=len(looked),
        conforms=all(one.report.conforms for one in explorations),
        findings=sum(len(one.report.errors) for one in explorations),
        warnings=sum(len(one.report.warnings) for one in explorations),
        unknown=sum(len(one.report.could_not_run) for one in explorations),
        style=Markup(style),  # noqa: S704  # files of this package
        script=Markup(script),  # noqa: S704
        policy=_policy(style, script),
        data=Island().data(explorations),
    )


def write_html(file: Path, title: str, explorations: Sequence[Explored]) -> None:
    """Write a report, in place of what was there."""
    # Half of a surrogate pair, which a handler's text can hold and UTF-8 cannot, is shown as its escape.
    file.write_bytes(rendered(title, explorations).encode("utf-8", errors="backslashreplace"))


def _environment() -> Environment:
    loader = PackageLoader("durable_conformance.reporting.html", TEMPLATES)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    environment.filters |= {
        "counted": _counted,
        "by_words": by_words,
        "by_lines": by_lines,
        "what_was_seen": what_was_seen,
    }
    return environment


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _policy(style: str, script: str) -> str:
    """A browser takes this style and this script, and asks nobody for anything."""
    hashes = {"style-src": style, "script-src": script}
    sources = "; ".join(f"{directive} '{_digest(text)}'" for directive, text in hashes.items())
    return f"default-src 'none'; {sources}; img-src data:; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _text(name: str) -> str:
    return (resources.files("durable_conformance.reporting.html") / TEMPLATES / name).read_text(encoding="utf-8")


def _chapters(explorations: Sequence[Explored]) -> Iterator[Chapter]:
    first = 0
    for number, explored in enumerate(explorations, 1):
        records = explored.records
        yield Chapter(number, explored, tuple(_broken(explored, first)), parts(records, first), charts(records, first))
        first += len(records)


def _broken(explored: Explored, first: int) -> Iterator[Broken]:
    for severity, rule in itertools.product(Severity, RULES):
        found = [
            finding
            for finding in explored.report.findings
            if finding.rule == rule.name and finding.severity is severity
        ]
        if found:
            yield Broken(rule, severity, tuple(_shown(explored, finding, first) for finding in found))


def _shown(explored: Explored, finding: Finding, first: int) -> Shown:
    position = explored.shown_by(finding)
    differences = explored.records[position].comparisons if position is not None else ()
    return Shown(
        finding,
        None if position is None else first + position,
        explored.showing(finding),
        differences,
        command_again(explored.again, finding),
    )


class Table[T: Hashable]:
    """Values, each kept once."""

    def __init__(self) -> None:
        self._numbers: dict[T, int] = {}

    def number(self, value: T) -> int:
        """The position of `value`, which is added if it is new."""
        return self._numbers.setdefault(value, len(self._numbers))

    @property
    def values(self) -> list[T]:
        return list(self._numbers)


class Island:
    """What the script finds in the page; `report.js` reads it, position by position."""

    def __init__(self) -> None:
        self._texts: Table[str] = Table()
        self._invocations: Table[tuple[Any, ...]] = Table()

    def data(self, explorations: Sequence[Explored]) -> dict[str, Any]:
        """All runs of all explorations: `texts`, `invocations`, and `runs`, in that order."""
        runs = [self._run(one.name, record) for one in explorations for record in one.records]
        return {"texts": self._texts.values, "invocations": self._invocations.values, "runs": runs}

    def _run(self, exploration: str, record: RunRecord) -> list[Any]:
        text, trace = self._texts.number, record.trace
        head = [text(record.name), text(exploration), text(record.could_not_run)]
        if trace is None:
            return head
        return [
            *head,
            text(trace.status),
            text(trace.ending),
            trace.first,
            [self._invocations.number(self._invocation(invocation)) for invocation in trace.invocations],
            [self._finding(finding) for finding in record.findings],
        ]

    def _invocation(self, invocation: InvocationTrace) -> tuple[Any, ...]:
        text = self._texts.number
        return (
            invocation.number,
            invocation.at_seconds,
            tuple((text(arrival.path), text(arrival.how)) for arrival in invocation.arrived),
            tuple(text(path) for path in invocation.replayed),
            tuple(self._moment(moment) for moment in invocation.moments),
            text(invocation.ended),
            text(invocation.why),
        )

    def _moment(self, moment: Moment) -> tuple[int, ...]:
        text = self._texts.number
        delay = NONE if moment.delay_seconds is None else moment.delay_seconds
        return (text(moment.label), text(moment.path), text(moment.outcome), delay, int(moment.again))

    def _finding(self, finding: Finding) -> list[int]:
        parts = (finding.rule, finding.path, finding.expected, finding.actual, finding.remedy)
        return [self._texts.number(part) for part in parts]
