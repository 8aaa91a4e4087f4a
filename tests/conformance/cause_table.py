"""Whether the first cause that a check names is the line of the fault: `python -m tests.conformance.cause_table`.

Someone has marked the line of each fault with a comment, `# the fault`, in the broken corpus and in the mutants. Where
a fault takes several lines, each is marked; where it stands in a function that several handlers share, the mark names
the handlers, as a pattern: `# the fault of *_twice`.
"""

from __future__ import annotations

import argparse
import fnmatch
import inspect
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from durable_conformance import Finding, Report
from durable_conformance.reporting import by_cause
from tests.conformance.corpus import BROKEN, CORRECT
from tests.conformance.corpus.entry import Entry, Shelf
from tests.conformance.mutants import MUTANTS

_MARK = re.compile(r"# the fault(?: of (\S+))?$")


class Named(StrEnum):
    """How the line of a fault is named."""

    FIRST = "first"
    SOMEWHERE = "named"
    WRONG = "wrong"  # other lines are
    NONE = "none"  # no line is


@dataclass(frozen=True)
class Told:
    """What a check says about a broken handler with one fault."""

    entry: Entry
    named: Named
    groups: int  # of errors; of warnings where there are no errors
    lines: tuple[str, ...]  # in the order in which they are named
    fault: frozenset[str]  # the right ones


def faults(entry: Entry) -> frozenset[str]:
    """The lines that are marked, as findings have them."""
    source, first = inspect.getsourcelines(entry.module)
    file = Path(inspect.getfile(entry.module))
    shown = file.relative_to(Path.cwd()).as_posix()
    marks = [(number, _MARK.search(line.rstrip())) for number, line in enumerate(file.read_text().splitlines(), 1)]
    its_own = range(first, first + len(source))
    return frozenset(
        f"{shown}:{number}"
        for number, mark in marks
        if mark and (fnmatch.fnmatch(entry.name, mark[1]) if mark[1] else number in its_own)
    )


def told(entry: Entry, report: Report) -> Told:
    """How `report` names the fault of `entry`."""
    right = faults(entry)
    groups = [found for _, found in by_cause(report.errors)] or [found for _, found in by_cause(report.warnings)]
    lines = tuple(dict.fromkeys(line for found in groups for line in _lines(found) if line))
    named = Named.NONE
    if lines:
        named = Named.FIRST if lines[0] in right else Named.SOMEWHERE if right & set(lines) else Named.WRONG
    return Told(entry, named, len(groups), lines, right)


def _lines(found: Iterable[Finding]) -> Iterator[str]:
    """The line that stands in a group's headline, and those of its findings."""
    one = next(iter(found))
    yield one.cause.line if one.cause else one.line
    yield from (one.line for one in found)


def measured(shelves: Mapping[str, Shelf], only: str = "*") -> Iterator[Told]:
    """Each broken handler of `shelves`, explored to the end."""
    entries = [one for shelf in shelves.values() for one in shelf.entries.values() if fnmatch.fnmatch(one.name, only)]
    for entry in track(entries, "explored", transient=True):
        yield told(entry, entry.explored(whole=True))


def table(all_: Iterable[Told]) -> Table:
    """By rule, how often the line of the fault is named."""
    per_rule: dict[str, Counter[Named]] = {}
    for one in all_:
        per_rule.setdefault(one.entry.rule or "", Counter())[one.named] += 1
    drawn = Table(title="The line of the fault")
    for heading in ("rule", *Named):
        drawn.add_column(heading)
    for rule, counts in sorted(per_rule.items()):
        drawn.add_row(rule, *(str(counts[named] or "") for named in Named))
    total = sum(per_rule.values(), Counter[Named]())
    share = sum(total.values()) or 1
    drawn.add_section()
    drawn.add_row("all", *(f"{total[named]} ({total[named] / share:.0%})" for named in Named))
    return drawn


def main() -> None:
    """Explore both corpora and the mutants, and print what is said about them."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.cause_table", description=__doc__)
    parser.add_argument("--only", default="*", help="broken handlers whose name matches this pattern")
    parser.add_argument("--no-correct", action="store_true", help="leave the correct corpus out")
    options = parser.parse_args()
    console = Console()
    all_ = list(measured({**BROKEN, **MUTANTS}, options.only))
    console.print(table(all_))
    for one in all_:
        if one.named is not Named.FIRST or one.groups > 1:
            lines = ", ".join(one.lines) or "no line"
            console.print(
                f"{one.entry.name} ({one.entry.rule}): {one.named}, {one.groups} groups; {lines}", highlight=False
            )
    if all_:
        console.print(f"groups a broken handler: {statistics.mean(one.groups for one in all_):.2f}")
    if options.no_correct:
        return
    entries = [entry for shelf in CORRECT.values() for entry in shelf.entries.values()]
    reports = [entry.explored(whole=True) for entry in track(entries, "correct", transient=True)]
    errors, warnings = (sum(map(len, found)) for found in ((r.errors for r in reports), (r.warnings for r in reports)))
    console.print(f"correct handlers: {len(reports)}, with {errors} errors and {warnings} warnings")


if __name__ == "__main__":
    main()
