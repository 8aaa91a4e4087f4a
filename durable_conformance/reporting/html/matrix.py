"""Where each run stands on the page: a grid of places and variants, or rows of runs where there are no columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from durable_conformance.evidence import Place, RunRecord, Section
from durable_conformance.rules import Severity

_GRIDS = (Section.CRASHES, Section.FAULTS)


@dataclass(frozen=True)
class Cell:
    """One run."""

    run: int  # its number on the page
    verdict: str  # `conforms`, `warns`, `breaks` or `unknown`
    findings: int  # how many
    variant: str  # its column
    span: int = 1  # columns


@dataclass(frozen=True)
class Row:
    """The runs of one moment of an operation; None where a variant has none."""

    moment: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Band:
    """Successive rows of one operation."""

    operation: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Group:
    """Columns that have something in common; its name is empty if there is nothing to say about that."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """One section of an exploration."""

    section: Section
    groups: tuple[Group, ...]  # the columns; empty where runs simply follow one another
    bands: tuple[Band, ...]  # the rows
    runs: int
    broken: int  # have findings, or could not be run


type _Numbered = Sequence[tuple[int, RunRecord]]


def parts(records: Sequence[RunRecord], first: int) -> tuple[Part, ...]:
    """The sections of an exploration that have runs, of which the first has the number `first` on the page."""
    order = _order(records)
    found = []
    for section in Section:
        chosen = [(n, record) for n, record in enumerate(records, first) if record.place.section is section]
        if chosen:
            groups = _groups(chosen) if section in _GRIDS else ()
            broken = sum(verdict(record) != "conforms" for _, record in chosen)
            found.append(Part(section, groups, _bands(chosen, groups, order), len(chosen), broken))
    return tuple(found)


def verdict(record: RunRecord) -> str:
    """What is to be said of a run in one word."""
    if record.trace is None:
        return "unknown"
    if any(one.severity is Severity.ERROR for one in record.findings):
        return "breaks"
    return "warns" if record.findings else "conforms"


def _order(records: Sequence[RunRecord]) -> Mapping[tuple[str, str], int]:
    """When things happened in the run that nothing disturbed: the order of the rows."""
    whole = next((one.trace for one in records if one.place.section is Section.WHOLE and one.trace), None)
    happened = [moment for invocation in whole.invocations for moment in invocation.moments] if whole else []
    return {(moment.path, moment.label): position for position, moment in enumerate(happened)}


def _groups(chosen: _Numbered) -> tuple[Group, ...]:
    columns: dict[str, dict[str, None]] = {}
    for _, record in chosen:
        group = columns.setdefault(record.place.group, {})
        if record.place.column:
            group[record.place.column] = None
    return tuple(Group(name, tuple(group) or ("",)) for name, group in columns.items())


def _bands(chosen: _Numbered, groups: Sequence[Group], order: Mapping[tuple[str, str], int]) -> tuple[Band, ...]:
    rows: dict[tuple[str, str], list[tuple[Place, Cell]]] = {}
    for number, record in chosen:
        place = record.place
        cell = Cell(number, verdict(record), len(record.findings), place.column)
        rows.setdefault((place.operation, place.moment), []).append((place, cell))
    bands: list[tuple[str, list[Row]]] = []
    for operation, moment in sorted(rows, key=lambda row: order.get(row, math.inf)):
        row = Row(moment, _cells(rows[operation, moment], groups))
        if bands and bands[-1][0] == operation:
            bands[-1][1].append(row)
        else:
            bands.append((operation, [row]))
    return tuple(Band(operation, tuple(its_rows)) for operation, its_rows in bands)


def _cells(placed: Sequence[tuple[Place, Cell]], groups: Sequence[Group]) -> tuple[Cell | None, ...]:
    if not groups:
        return tuple(cell for _, cell in placed)
    at = {(place.group, place.column): cell for place, cell in placed}
    cells: list[Cell | None] = []
    for group in groups:
        whole = at.get((group.name, ""))
        if whole:
            cells.append(Cell(whole.run, whole.verdict, whole.findings, "", len(group.columns)))
        else:
            cells += [at.get((group.name, column)) for column in group.columns]
    return tuple(cells)
