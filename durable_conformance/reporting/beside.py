"""Two executions beside each other: what each did, a line an event, and where they begin to differ."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from durable_conformance.execution import (
    BRANCHES,
    Death,
    EffectHappened,
    InvocationBegan,
    OperationBegan,
    ProcessDied,
    Run,
    Status,
    path_order,
    with_parents,
)
from durable_conformance.model import AwsCall, comparable
from durable_conformance.reporting.timeline import Worded, one_line, worded

TWO_COLUMNS = 120
"""Characters that two columns take."""

MARK, STYLE = ">", "bold yellow"


@dataclass(frozen=True)
class Named:
    """An execution, and what it is, for people."""

    name: str
    run: Run


@dataclass(frozen=True)
class _Line:
    text: str
    path: str = ""  # the operation's; empty if it is about none
    expected: bool = False  # an interruption brings it: it tells of no other difference


type _Row = tuple[_Line | None, _Line | None]


def beside(expected: Named | None, actual: Named, width: int) -> RenderableType:
    """What both did, in two columns where `width` has room for them, else one below the other.

    The first difference is marked. Without an execution that `actual` is held against, it stands by itself.
    """
    lines = {**(expected.run.lines if expected else {}), **actual.run.lines}  # one that goes on knows what it met
    theirs, mine = (list(_lines(named.run, lines)) if named else [] for named in (expected, actual))
    if expected is None:
        return Group(*_listed(actual.name, mine, None))
    rows = list(_aligned(theirs, mine))
    first = _first_difference(rows)
    if width < TWO_COLUMNS:
        at = len(rows) if first is None else first
        here = [sum(row[side] is not None for row in rows[:at]) for side in (0, 1)]
        marks = [None if first is None else position for position in here]
        return Group(*_listed(expected.name, theirs, marks[0]), *_listed(actual.name, mine, marks[1]))
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(width=1)
    for _ in range(2):
        table.add_column(ratio=1, overflow="fold")
    table.add_row("", Text(expected.name, "bold"), Text(actual.name, "bold"))
    for number, (left, right) in enumerate(rows):
        marked = number == first
        style = STYLE if marked else ""
        table.add_row(MARK if marked else "", _text(left, style), _text(right, style))
    return table


def _text(line: _Line | None, style: str = "") -> Text:
    return Text(line.text if line else "", style)


def _first_difference(rows: Sequence[_Row]) -> int | None:
    """The first row that differs, and does so by more than the interruption itself."""
    differing = (number for number, (left, right) in enumerate(rows) if left != right)
    return next((number for number in differing if any(line and not line.expected for line in rows[number])), None)


def _listed(name: str, lines: Sequence[_Line], marked: int | None) -> Iterator[Text]:
    yield Text(name, "bold")
    for number, line in enumerate([*lines, *([_Line("")] if marked == len(lines) else [])]):
        yield Text(f"{MARK if number == marked else ' '} {line.text}".rstrip(), STYLE if number == marked else "")


def _aligned(theirs: Sequence[_Line], mine: Sequence[_Line]) -> Iterator[_Row]:
    """Lines that both have beside each other, and all others beside what stands in their place, or None."""
    for _, a, b, c, d in SequenceMatcher(None, theirs, mine, autojunk=False).get_opcodes():
        yield from itertools.zip_longest(theirs[a:b], mine[c:d])


def _lines(run: Run, lines: Mapping[str, str]) -> Iterator[_Line]:
    """What `run` did. Branches of a batch, which race, stand one after the other."""
    branches = {one.path for one in run.operations if one.sub_type in BRANCHES}

    def branch(line: _Line) -> str:
        return next((path for path in with_parents(line.path) if path in branches), "")

    for _, group in itertools.groupby(_told(run, lines), key=lambda line: branch(line).rpartition("/")[0]):
        yield from sorted(group, key=lambda line: path_order(branch(line)))  # which leaves all others as they are


def _told(run: Run, lines: Mapping[str, str]) -> Iterator[_Line]:
    died = False
    for event in run.events:
        match event:
            case InvocationBegan(number, _, completed):
                died = False
                yield _Line(f"invocation {number}", expected=number > 1)
                for path in sorted(completed, key=path_order):
                    if completed.isdisjoint(with_parents(path.rpartition("/")[0])):
                        yield _line(Worded("replayed", path, "from its checkpoint"), expected=True)
            case ProcessDied():
                died = True
                yield _line(worded(event), expected=True)
            case OperationBegan(again=True):
                yield _line(worded(event, lines), expected=True)
            case Death(how=how):
                if not died:
                    yield _line(Worded("died", detail=how), expected=True)
            case AwsCall():
                yield _line(Worded("called", event.path or "", f"{event.name}: {event.outcome}"))
            case EffectHappened():
                yield _line(Worded("effect", event.path or "", f"{event.name} {one_line(event.key)}"))
            case _ if words := worded(event, lines):
                yield _line(words)
    ending = f"{run.error_type}: {run.error_message}" if run.error_type else ""
    if run.status == Status.SUCCEEDED:
        ending = json.dumps(run.result, ensure_ascii=False)
    yield _Line(one_line(comparable(f"{run.status} {ending}".rstrip())))


def _line(words: Worded | None, *, expected: bool = False) -> _Line:
    assert words
    return _Line(f"  {comparable(str(words))}", words.path, expected)
