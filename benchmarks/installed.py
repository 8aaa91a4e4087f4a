"""Imports of the patterns as they stand here, with the installed packages that they need and none beside them.

Pydantic looks through every distribution that it sees for plugins: those of the tests would count as the patterns'.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from rich.progress import track

from benchmarks.comparison import Row, Spread, row_of
from benchmarks.imports import Kind, Subject, seconds, subjects
from benchmarks.targets import CORE, CORE_IN_USE, IMPORTS, ROOT

PROJECT = "durable-ai-patterns"
DEPLOYED = ("patterns", "providers")
ROUNDS = 21  # of few, one that was disturbed is the median


def rows() -> list[Row]:
    """The table's lines about imports."""
    with tempfile.TemporaryDirectory() as folder:
        views = {kind: Path(folder) / kind for kind in Kind}
        for kind, view in views.items():
            lay_out(view, [kind] if kind is Kind.STRANDS else [])
        return measured(list(subjects(views, views)))


def measured(chosen: Sequence[Subject]) -> list[Row]:
    """Import all in turn, some times over."""
    for subject in chosen:
        seconds(subject, keep_bytecode=True)
    taken: dict[str, list[float]] = {subject.name: [] for subject in chosen}
    for _ in track(range(ROUNDS), "imports", transient=True):
        for subject in chosen:
            taken[subject.name].append(seconds(subject))
    against = {subject.name: subject.against for subject in chosen}
    one_model = Spread.of([one / none for one, none in zip(taken[CORE_IN_USE], taken[CORE], strict=True)])
    note = f"CPU time; {CORE_IN_USE} takes {one_model} times the time without the model"
    return [
        row_of(target, list(zip(taken[name], taken[against[name]], strict=True)), note)
        for name, target in IMPORTS.items()
    ]


def lay_out(view: Path, extras: Sequence[str]) -> None:
    """Fill a folder with links to what a pattern needs, as an artifact would hold it."""
    view.mkdir()
    for name in DEPLOYED:
        (view / name).symlink_to(ROOT / name)
    for needed in requirements(distribution(PROJECT), extras, set()):
        for top in {file.parts[0] for file in needed.files or () if file.parts[0] != ".."}:
            link = view / top
            if not link.exists():  # a namespace has several owners
                link.symlink_to(Path(str(needed.locate_file(top))))


def requirements(of: Distribution, extras: Sequence[str], seen: set[str]) -> Iterator[Distribution]:
    """The installed distributions that `of` needs with `extras`, and what those need, each once."""
    for line in of.requires or ():
        requirement = Requirement(line)
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            continue
        key = f"{requirement.name.lower()}[{','.join(sorted(requirement.extras))}]"
        if key in seen:
            continue
        seen.add(key)
        needed = distribution(requirement.name)
        yield needed
        yield from requirements(needed, sorted(requirement.extras), seen)
