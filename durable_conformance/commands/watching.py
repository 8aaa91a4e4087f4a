"""`durable-ai check --watch`: check again whenever something is saved, and tell what differs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn, Protocol

import typer
from rich.console import Console
from rich.text import Text

from durable_conformance.choices import OutputFormat
from durable_conformance.commands import options
from durable_conformance.errors import CannotRunError, ExitCode
from durable_conformance.reporting import WRITERS, Checked, Outcome
from durable_conformance.users_code import is_users
from durable_conformance.workers import UNCERTAIN, Stamps, Templates, changed, stamp

POLL_SECONDS = 0.2
"""How often files are looked at: what a person saves is checked before they have let go of the keys."""


class Saves(Protocol):
    """Tells when a file was saved."""

    def __call__(self, read: Stamps) -> Iterator[None]:
        """Yields once a file is another one than was read. Whoever has nothing more to tell ends."""


class CheckOnce(Protocol):
    """Checks once, and ends as the command does."""

    def __call__(self, told: Callable[[Outcome], None], *, quiet: bool) -> None:
        """What it came to is handed over, and printed, too, unless it is to be `quiet`."""


def looking(read: Stamps, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Looks at the files, and at which modules stand beside them, again and again."""
    folders = {Path(file).parent for file in read if file.endswith(".py")}

    def beside() -> set[Path]:
        return {module for folder in folders for module in folder.glob("*.py")}

    before = beside()
    while beside() == before and not changed(read):
        sleep(POLL_SECONDS)
    yield


@dataclass(frozen=True)
class _Told:
    """One thing that a round has to say, and what tells it from others."""

    key: tuple[str, ...]
    line: str


def watched(
    check: CheckOnce,
    templates: Templates,
    named: Iterable[Path],
    saves: Saves = looking,
) -> NoReturn:
    """Check, and do so again whenever one of the files is saved that it has read or that are `named`.

    Raises:
        typer.Exit: Somebody has interrupted it.
    """
    console = Console()
    begun = {str(file.absolute()): stamp(file) for file in named}
    before = _round(check, console, first=True)
    while True:
        # What was saved while the check went on counts: it may have read what stood there before.
        found = {file: stamp(file) if one == UNCERTAIN else one for file, one in templates.read.items()}
        files = {file: one for file, one in found.items() if is_users(file)} | begun
        console.print(Text(f"watching {len(files)} files; Ctrl-C ends", "dim"))
        with _interruption(), options.interruptible():
            if not any(True for _ in saves(files)):
                raise typer.Exit
        begun = {file: stamp(file) for file in files}
        after = _round(check, console, first=False)
        _tell(console, before, after)
        before = after


@contextlib.contextmanager
def _interruption() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt as error:
        raise typer.Exit(ExitCode.INTERRUPTED) from error


def _round(check: CheckOnce, console: Console, *, first: bool) -> dict[tuple[str, ...], _Told]:
    """What one check has to say; the first prints it, too."""
    outcomes: list[Outcome] = []
    try:
        check(outcomes.append, quiet=not first)
    except typer.Exit as ended:
        if ended.exit_code in {ExitCode.INTERRUPTED, ExitCode.TERMINATED}:
            raise
    except CannotRunError as error:
        line = f"could not run: {error}"
        if first:
            console.print(Text(line), soft_wrap=True)
        return {("", str(error)): _Told(("", str(error)), line)}
    return {one.key: one for outcome in outcomes for one in _all_told(outcome)}


def _all_told(outcome: Outcome) -> Iterator[_Told]:
    """Each finding, known by its rule and place, as an edit above it moves its line; and what could not run."""
    for checked in outcome.checks:
        report = checked.report
        for one in report.findings:
            alone = replace(report, findings=(one,), could_not_run=())
            yield _Told((checked.check, *one.told_as), _line(replace(checked, report=alone)))
        for why in report.could_not_run:
            alone = replace(report, findings=(), could_not_run=(why,))
            yield _Told((checked.check, why), _line(replace(checked, report=alone)))


def _line(checked: Checked) -> str:
    return WRITERS[OutputFormat.CONCISE](Outcome((checked,)))


def _tell(console: Console, before: dict[tuple[str, ...], _Told], after: dict[tuple[str, ...], _Told]) -> None:
    came = [one for key, one in after.items() if key not in before]
    went = [one for key, one in before.items() if key not in after]
    for sign, style, told in (("-", "green", went), ("+", "red", came)):
        for one in told:
            console.print(Text(f"{sign} {one.line}", style), soft_wrap=True)
    count = f"{len(after)} finding{'' if len(after) == 1 else 's'}"
    console.print(Text(f"now: {count}" if came or went else f"as before: {count}"))
