"""Where each run stands on the page: a grid of places and variants, or rows of runs where there are no columns."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from durable_conformance.evidence import NO_INTERRUPTION, Place, RunRecord, Section
from durable_conformance.rules import Finding, Severity

FOLDED = 2
"""Fewer rows that say the same as the one before them are shown."""

_GRIDS = (Section.CRASHES, Section.FAULTS)


@dataclass(frozen=True)
class Cell:
    """One run."""

    run: int  # its number on the page
    verdict: str  # `conforms`, `warns`, `breaks` or `unknown`; `known` if all it shows, an undisturbed run shows, too
    findings: int  # how many
    variant: str  # its column
    groups: tuple[int, ...] = ()  # the numbers of the causes that it shows
    first: bool = False  # a finding is told with it: it is the first run that shows it
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
    folded: int = 0  # it says what the band before it says, and so do others: how many, itself included

    @property
    def runs(self) -> int:
        return sum(cell is not None for row in self.rows for cell in row.cells)

    @property
    def alike(self) -> tuple[str, tuple[int, ...]] | None:
        """What all of its runs say; None if they do not say the same, or one of them is told of."""
        cells = [cell for row in self.rows for cell in row.cells if cell]
        said = {(cell.verdict, cell.groups) for cell in cells}
        return next(iter(said)) if len(said) == 1 and not any(cell.first for cell in cells) else None


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
    broken: int  # have findings that no undisturbed run has, or could not be run

    @property
    def said(self) -> str:
        """Where it is broken, in a few words: how many of the points, and in which of the variants."""
        if not self.groups or not self.broken:
            return f"{self.broken} not as they should be" if self.broken else ""
        rows = [row for band in self.bands for row in band.rows]
        points = sum(any(_is_broken(cell) for cell in row.cells) for row in rows)
        names = [(group.name, column) for group in self.groups for column in group.columns]
        variants = {
            name for row in rows for name, cell in zip(names, _spread(row.cells), strict=False) if _is_broken(cell)
        }
        at = f"at all {points} points" if points == len(rows) else f"at {points} of {len(rows)} points"
        if len(variants) == len(names):
            where = f"in all {len(names)} variants" if names[1:] else ""
        elif len(variants) == 1:
            where = f"only {': '.join(filter(None, next(iter(variants))))}"
        else:
            where = f"in {len(variants)} of {len(names)} variants"
        return f"{self.broken} not as they should be: {at}{where and ', '}{where}"


def _is_broken(cell: Cell | None) -> bool:
    return cell is not None and cell.verdict not in _AS_EXPECTED


def _spread(cells: Iterable[Cell | None]) -> Iterator[Cell | None]:
    """One for each column."""
    return (cell for cell in cells for _ in range(cell.span if cell else 1))


@dataclass(frozen=True)
class Causes:
    """Which causes runs show, by the numbers that the page gives them."""

    numbers: Mapping[tuple[str, ...], int]  # by what a finding is told as
    first: frozenset[int]  # the positions of the runs with which findings are told
    undisturbed: frozenset[tuple[str, ...]] = frozenset()  # what runs show that nothing disturbs, and so all others

    def of(self, findings: Iterable[Finding]) -> tuple[int, ...]:
        known = (self.numbers.get(one.told_as) for one in findings)
        return tuple(sorted({number for number in known if number is not None}))


NO_CAUSES = Causes({}, frozenset())
_AS_EXPECTED = frozenset({"conforms", "known"})

type _Numbered = Sequence[tuple[int, RunRecord]]


def parts(records: Sequence[RunRecord], first: int, causes: Causes = NO_CAUSES) -> tuple[Part, ...]:
    """The sections of an exploration that have runs, of which the first has the number `first` on the page.

    Successive rows of a grid that say the same are folded.
    """
    order = _order(records)
    found = []
    for section in Section:
        chosen = [(n, record) for n, record in enumerate(records, first) if record.place.section is section]
        if chosen:
            groups = _groups(chosen) if section in _GRIDS else ()
            cells = [(record.place, _cell(number, number - first, record, causes)) for number, record in chosen]
            bands = _bands(cells, groups, order)
            broken = sum(_is_broken(cell) for _, cell in cells)
            found.append(Part(section, groups, bands, len(chosen), broken))
    return tuple(found)


def _verdict(findings: Sequence[Finding]) -> str:
    if any(one.severity is Severity.ERROR for one in findings):
        return "breaks"
    return "warns" if findings else "conforms"


def is_undisturbed(place: Place) -> bool:
    """Whether a run stands there that nothing disturbs."""
    return place.section is Section.WHOLE and place.operation == NO_INTERRUPTION


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


def _cell(number: int, position: int, record: RunRecord, causes: Causes) -> Cell:
    place, first = record.place, position in causes.first
    own = [one for one in record.findings if is_undisturbed(place) or one.told_as not in causes.undisturbed]
    verdict = "unknown" if record.trace is None else "known" if record.findings and not own else _verdict(own)
    return Cell(number, verdict, len(record.findings), place.column, causes.of(own), first)


def _bands(
    placed: Sequence[tuple[Place, Cell]], groups: Sequence[Group], order: Mapping[tuple[str, str], int]
) -> tuple[Band, ...]:
    rows: dict[tuple[str, str], list[tuple[Place, Cell]]] = {}
    for place, cell in placed:
        rows.setdefault((place.operation, place.moment), []).append((place, cell))
    bands: list[tuple[str, list[Row]]] = []
    for operation, moment in sorted(rows, key=lambda row: order.get(row, math.inf)):
        row = Row(moment, _cells(rows[operation, moment], groups))
        if bands and bands[-1][0] == operation:
            bands[-1][1].append(row)
        else:
            bands.append((operation, [row]))
    all_ = [Band(operation, tuple(its_rows)) for operation, its_rows in bands]
    return tuple(_folded(all_)) if groups else tuple(all_)


def _folded(bands: Sequence[Band]) -> Iterator[Band]:
    """Of bands that say the same the first one, and the others folded."""
    for alike, group in itertools.groupby(bands, key=lambda band: band.alike):
        first, *others = group
        yield first
        fold = alike is not None and len(others) >= FOLDED
        yield from (replace(one, folded=len(others)) for one in others) if fold else (first, *others)[1:]


def _cells(placed: Sequence[tuple[Place, Cell]], groups: Sequence[Group]) -> tuple[Cell | None, ...]:
    if not groups:
        return tuple(cell for _, cell in placed)
    at = {(place.group, place.column): cell for place, cell in placed}
    cells: list[Cell | None] = []
    for group in groups:
        whole = at.get((group.name, ""))
        if whole:
            cells.append(replace(whole, variant="", span=len(group.columns)))
        else:
            cells += [at.get((group.name, column)) for column in group.columns]
    return tuple(cells)
