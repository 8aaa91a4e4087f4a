"""The page: what the templates are given, and the policy under which a browser shows what they make of it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from durable_conformance.evidence import Explored
from durable_conformance.reporting.html.charts import Chart, charts
from durable_conformance.reporting.html.difference import Piece, by_lines, by_words
from durable_conformance.reporting.html.island import Island
from durable_conformance.reporting.html.matrix import Part, parts
from durable_conformance.rules import RULES, Finding, Rule

TEMPLATES = "templates"


@dataclass(frozen=True)
class Compared:
    """How the run that showed a finding differs from the one it is held against, in full."""

    what: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Shown:
    """A finding.

    Attributes:
        finding: The finding.
        run: The number of the run that showed it; None if there is no record of it.
        runs: How many runs break the rule at this place.
        expected: What should have been, with what differs marked.
        actual: What was.
        compared: The differences in full.
    """

    finding: Finding
    run: int | None
    runs: int
    expected: tuple[Piece, ...]
    actual: tuple[Piece, ...]
    compared: tuple[Compared, ...]


@dataclass(frozen=True)
class Broken:
    """A rule, and where it is broken."""

    rule: Rule
    shown: tuple[Shown, ...]


@dataclass(frozen=True)
class Chapter:
    """One exploration.

    Attributes:
        number: Its position on the page, from 1.
        explored: What was explored.
        broken: The rules that are broken, in their order.
        parts: Every run.
        charts: Retry schedules.
    """

    number: int
    explored: Explored
    broken: tuple[Broken, ...]
    parts: tuple[Part, ...]
    charts: tuple[Chart, ...]

    @property
    def findings(self) -> int:
        """How many there are."""
        return len(self.explored.report.findings)

    @property
    def could_not_run(self) -> int:
        """How many parts could not be run."""
        return len(self.explored.report.could_not_run)


def rendered(title: str, explorations: Sequence[Explored]) -> str:
    """The page, as HTML text.

    Args:
        title: Its heading.
        explorations: What it is about.
    """
    chapters = tuple(_chapters(explorations))
    style, script = _text("report.css"), _text("report.js")
    page = _environment().get_template("page.html.jinja")
    return page.render(
        title=title,
        chapters=chapters,
        rules=RULES,
        broken={one.rule.name for chapter in chapters for one in chapter.broken},
        conforms=all(one.report.conforms for one in explorations),
        style=Markup(style),  # noqa: S704  # files of this package
        script=Markup(script),  # noqa: S704
        policy=_policy(style, script),
        data=Island().data(explorations),
    )


def write_html(file: Path, title: str, explorations: Sequence[Explored]) -> None:
    """Write a report.

    Args:
        file: Where it goes; what was there is replaced.
        title: Its heading.
        explorations: What it is about.
    """
    # Half of a surrogate pair, which a handler's text can hold and UTF-8 cannot, is shown as its escape.
    file.write_bytes(rendered(title, explorations).encode("utf-8", errors="backslashreplace"))


def _environment() -> Environment:
    loader = PackageLoader("durable_conformance.reporting.html", TEMPLATES)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    environment.filters["counted"] = _counted
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
    for rule in RULES:
        found = [finding for finding in explored.report.findings if finding.rule == rule.name]
        if found:
            yield Broken(rule, tuple(_shown(explored, finding, first) for finding in found))


def _shown(explored: Explored, finding: Finding, first: int) -> Shown:
    position = explored.shown_by(finding)
    differences = explored.records[position].comparisons if position is not None else ()
    return Shown(
        finding,
        None if position is None else first + position,
        explored.showing(finding),
        *by_words(finding.expected, finding.actual),
        tuple(Compared(one.what, by_lines(one.expected, one.actual)) for one in differences),
    )
