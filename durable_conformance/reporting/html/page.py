"""The page: what the templates are given, and the policy under which a browser shows what they make of it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from durable_conformance.evidence import Comparison, Explored, InvocationTrace, Moment, RunRecord
from durable_conformance.model import withheld
from durable_conformance.reporting.again import command_again
from durable_conformance.reporting.html.charts import Chart, charts
from durable_conformance.reporting.html.difference import Kind, by_lines, by_words
from durable_conformance.reporting.html.excerpt import Excerpt, excerpt
from durable_conformance.reporting.html.matrix import Causes, Part, is_undisturbed, parts
from durable_conformance.reporting.text import (
    about_a_shard,
    by_cause,
    place,
    reached,
    rules_of,
    scope,
    telling,
    what_was_seen,
)
from durable_conformance.rules import RULES, Finding, Rule, Severity

TEMPLATES = "templates"
MOST_OPEN = 3
"""Findings of a cause that are shown at first."""

NONE = -1
KINDS = (Kind.SAME, Kind.REMOVED, Kind.ADDED)
"""As the script knows them, by their positions."""


@dataclass(frozen=True)
class Shown:
    """A finding, and who showed it."""

    finding: Finding
    run: int | None  # the number of the one that showed it; None if there is no record of it
    runs: int  # how many break the rule at this place
    compared: tuple[Comparison, ...]  # the differences in full
    again: str  # the command that makes the run again; empty if there is none


@dataclass(frozen=True)
class Group:
    """What one cause breaks; what breaks one rule, where the cause is not known."""

    number: int  # from 1, in its chapter
    severity: Severity
    why: str
    remedy: str
    likely: bool
    rules: tuple[Rule, ...]  # that are broken
    excerpt: Excerpt | None
    shown: tuple[Shown, ...]  # at first, those of its severity
    further: tuple[Shown, ...]  # when somebody asks
    runs: int  # how many show it


@dataclass(frozen=True)
class Chapter:
    """One exploration."""

    number: int  # from 1
    explored: Explored
    groups: tuple[Group, ...]
    causes: Causes
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
        broken={one.rule for explored in explorations for one in explored.report.errors},
        looked=(looked := {rule for one in explorations for rule in one.report.rules}),
        looked_at=len(looked),
        shard=(shard := next((one.report.shard for one in explorations if one.report.shard), None)),
        scope=about_a_shard(shard) if shard else scope(one.report for one in explorations),
        conforms=all(one.report.conforms for one in explorations),
        findings=sum(len(one.report.errors) for one in explorations),
        warnings=sum(len(one.report.warnings) for one in explorations),
        unknown=sum(len(one.report.could_not_run) for one in explorations),
        style=Markup(style),  # noqa: S704  # files of this package
        script=Markup(script),  # noqa: S704
        policy=_policy(style, script),
        data=Island().data(chapters),
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
        "marked_up": _marked_up,
        "place": place,
        "reached": reached,
        "by_words": by_words,
        "by_lines": by_lines,
        "what_was_seen": what_was_seen,
    }
    return environment


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _marked_up(text: str) -> Markup:
    """`text`, with what stands between backticks as code."""
    pieces = text.split("`")
    if not len(pieces) % 2:
        return escape(text)
    code = Markup("<code><bdi>{}</bdi></code>")
    return Markup().join(
        code.format(one) if n % 2 else Markup("<bdi>{}</bdi>").format(one) for n, one in enumerate(pieces)
    )


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
        groups = tuple(_groups(explored, first))
        told = [(group, one) for group in groups for one in (*group.shown, *group.further)]
        causes = Causes(
            {one.finding.told_as: group.number for group, one in told},
            frozenset(one.run - first for _, one in told if one.run is not None),
            frozenset(one.told_as for record in records if is_undisturbed(record.place) for one in record.findings),
        )
        all_ = parts(records, first, causes)
        yield Chapter(number, explored, groups, causes, all_, charts(records, first))
        first += len(records)


def _groups(explored: Explored, first: int) -> Iterator[Group]:
    handler = Path.cwd() / (explored.file or "handler.py")  # beside which its files are looked for
    for number, (_, found) in enumerate(by_cause(explored.report.findings), 1):
        one, rules = telling(found), tuple(rules_of(found))
        line = one.cause.line if one.cause else next((other.line for other in found if other.line), "")
        seen_as = {other.told_as for other in found}
        severity = min((other.severity for other in found), key=list(Severity).index)
        shown = [_shown(explored, finding, first) for finding in found]
        open_ = [other for other in shown if other.finding.severity is severity][:MOST_OPEN]
        yield Group(
            number,
            severity,
            one.cause.why if one.cause else ", and ".join(rule.breaks_it for rule in rules),
            _sentence(one.cause.remedy if one.cause else one.remedy),
            bool(one.cause and one.cause.likely),
            rules,
            excerpt(line, handler),
            tuple(open_),
            tuple(other for other in shown if other not in open_),
            sum(not seen_as.isdisjoint(other.told_as for other in record.findings) for record in explored.records),
        )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


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

    def data(self, chapters: Sequence[Chapter]) -> dict[str, Any]:
        """All runs of all explorations: `texts`, `invocations`, and `runs`, in that order."""
        runs = [self._run(one, record) for one in chapters for record in one.explored.records]
        return {"texts": self._texts.values, "invocations": self._invocations.values, "runs": runs}

    def _run(self, chapter: Chapter, record: RunRecord) -> list[Any]:
        text, trace = self._texts.number, record.trace
        head = [text(record.name), text(chapter.explored.name), text(record.could_not_run)]
        if trace is None:
            return head
        return [
            *head,
            text(trace.status),
            text(trace.ending),
            trace.first,
            [self._invocations.number(self._invocation(invocation)) for invocation in trace.invocations],
            [self._finding(chapter, finding) for finding in record.findings],
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
        return (
            text(moment.label),
            text(moment.path),
            text(moment.outcome),
            delay,
            int(moment.again),
            text(moment.line),
        )

    def _finding(self, chapter: Chapter, finding: Finding) -> list[Any]:
        """What the report says of the cause, if it knows it: the run alone does not."""
        text, number = self._texts.number, chapter.causes.numbers.get(finding.told_as)
        group = chapter.groups[number - 1] if number else None
        why, remedy = (group.why, group.remedy) if group else ("", _sentence(finding.remedy))
        expected, actual = by_words(finding.expected, finding.actual)
        return [
            *(text(one) for one in (finding.rule, place(finding), finding.line)),
            *([[KINDS.index(piece.kind), text(piece.text)] for piece in pieces] for pieces in (expected, actual)),
            *(text(one) for one in (why, remedy)),
        ]
