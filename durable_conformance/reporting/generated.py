"""What making up events has found, in lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from durable_conformance.reporting.again import command
from durable_conformance.reporting.text import MOST_FILES
from durable_conformance.rules import FileCoverage, Generated, MadeUp


def generated_lines(generated: Generated) -> Iterator[str]:
    """What was made up and added, the events that were kept as they are typed, and why others were not."""
    kept = len(generated.kept)
    which = "1 reaches" if kept == 1 else f"{kept or 'none'} reach{'' if kept else 'es'}"
    count = f"{generated.events} event{'' if generated.events == 1 else 's'}"
    begun = "interrupted, " if generated.interrupted else ""
    told = f"generated: {begun}{count}, of which {which} more"
    yield ": ".join([told, *filter(None, ["; ".join(_reached(generated))])])
    yield from (f"  {_typed(one)}" for one in generated.kept)
    yield from (f"  {json.dumps(one.event)}{_answers(one)} {one.fails}" for one in generated.failing)
    yield from (f"  could not run: {why}" for why in generated.could_not_run)


@dataclass(frozen=True)
class _Reached:
    """How many lines of a file, or of several, are reached."""

    file: str
    before: int
    now: int
    lines: int  # that there are

    def __str__(self) -> str:
        begun = "" if self.now == self.before else f"{self.before} → "
        return f"{self.file}: {begun}{self.now} of {self.lines} lines"


def _reached(generated: Generated) -> Iterator[str]:
    """Of each file, or of the first and of all others together: how many lines, and how many there are."""
    before = {one.file: _lines(one) for one in generated.before}
    several = [_Reached(one.file, before.get(one.file, 0), _lines(one), one.lines) for one in generated.after]
    told = several if len(several) <= MOST_FILES else several[:1]
    if others := several[len(told) :]:
        sums = (sum(one.before for one in others), sum(one.now for one in others), sum(one.lines for one in others))
        told = [*told, _Reached(f"{len(others)} other files", *sums)]
    yield from map(str, told)


def _lines(one: FileCoverage) -> int:
    return one.lines - len(one.missed)


def _typed(one: MadeUp) -> str:
    words = ["--event", json.dumps(one.event)]
    for option, answers in ("--answer", one.answers), ("--invoke", one.invokes):
        words += [word for name, text in answers.items() for word in (option, f"{name}={text}")]
    return command(words)


def _answers(one: MadeUp) -> str:
    said = [f"{name}={text}" for answers in (one.answers, one.invokes) for name, text in answers.items()]
    return f" answered {', '.join(said)}" if said else ""
