"""`durable-ai replay`: whether recorded executions could go on, from every point, on today's code."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.text import Text

from durable_conformance.commands import options
from durable_conformance.commands.against import revision
from durable_conformance.errors import CannotRunError, ExitCode
from durable_conformance.histories import (
    UPGRADE,
    Subject,
    UpgradeReport,
    alike,
    confirm,
    provenance,
    record,
    recorded_scenario,
    save_history,
    subject_of,
)
from durable_conformance.histories import (
    replay as replayed,
)
from durable_conformance.reporting import findings_table
from durable_conformance.workers import PATIENCE_SECONDS

HISTORIES = Path("tests/histories")
HERE = Path()

VERDICTS = defaultdict(
    lambda: "could not be tried",
    {0: "breaks no recorded execution", int(ExitCode.FINDINGS): "breaks executions under way"},
)
"""What the exit code of a direction means."""


def replay(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help=f"Histories, or folders of them; {HISTORIES} unless given."),
    ] = None,
    update: Annotated[bool, typer.Option("--update", help="Record the given histories anew.")] = False,  # noqa: FBT002
    against: Annotated[
        str,
        typer.Option(
            metavar="REF",
            help="Replay another git revision's histories on this code, and this folder's on that code.",
        ),
    ] = "",
    patience: Annotated[
        float, typer.Option(min=1, help="Seconds that one execution may take in real time.")
    ] = PATIENCE_SECONDS,
) -> None:
    """Replay golden histories on today's code.

    Exit code 0: all of them replay. 1: findings. 2: some could not be run.
    """
    if update and not paths:
        raise CannotRunError("--update needs the histories, or the folder, to record anew.")
    if update and against:
        raise CannotRunError("--update records histories of this folder anew: leave --against out.")
    console = Console()
    chosen = paths or [HISTORIES]
    with options.interruptible():
        if update:
            subjects, problems = _subjects(chosen)
            problems += _record_anew(console, subjects, patience)
            code = _told(console, problems, findings=False)
        elif against:
            code = _in_both_directions(console, against, chosen, patience)
        else:
            code = _replayed(console, chosen, patience)
    if code:
        raise typer.Exit(code)


def _replayed(console: Console, paths: Sequence[Path], patience: float, ref: str = "", folder: Path = HERE) -> int:
    """Replay histories on the code of this folder, and show what was found; the exit code."""
    subjects, problems = _subjects([folder / path for path in paths])
    if ref:
        subjects = [replace(one, name=f"{ref}:{Path(one.name).relative_to(folder)}") for one in subjects]
    with console.status("Replaying…") as status:
        report = replayed(
            subjects,
            patience=patience,
            progress=lambda done, of: status.update(f"Replaying: {done} of {of} runs"),
        )
    console.print(rendered(report))
    problems += (f"{name}, {why}" for name, whys in report.could_not_run.items() for why in whys)
    problems += map(str.rstrip, report.tracebacks)
    return _told(console, problems, findings=bool(report.findings))


def _in_both_directions(console: Console, ref: str, paths: Sequence[Path], patience: float) -> int:
    """Replay another revision's histories on this code and this folder's on that; the exit code."""
    with revision(ref, paths) as other:
        console.print(Text(f"Deployed: executions that began on {ref} go on on this code"))
        try:
            deployed = _replayed(console, paths, patience, ref, other.folder)
        except CannotRunError as error:  # it had no histories: the other direction can be told all the same
            deployed = _told(console, [str(error).replace(f"{other.folder}/", f"{ref}:")], findings=False)
        console.print(Text(f"\nRolled back: executions that began on this code go on on {ref}"))
        rolled_back, printed = other.replay(paths, patience, console.width)
        console.print(Text(printed.rstrip()), soft_wrap=True)
    console.print(Text(f"\nDeploying this code {VERDICTS[deployed]}; rolling back to {ref} {VERDICTS[rolled_back]}."))
    return next((code for code in (1, 2) if code in {deployed, rolled_back}), max(deployed, rolled_back))


def _told(console: Console, problems: Sequence[str], *, findings: bool) -> int:
    for problem in problems:
        console.print(Text(f"could not run: {problem}"), soft_wrap=True)
    return ExitCode.FINDINGS if findings else ExitCode.CANNOT_RUN if problems else 0


def _subjects(paths: Sequence[Path]) -> tuple[list[Subject], list[str]]:
    """The histories, and why some cannot be read."""
    subjects: list[Subject] = []
    problems: list[str] = []
    for file in _files(paths):
        try:
            subjects.append(subject_of(file))
        except CannotRunError as error:
            problems.append(str(error))
    return subjects, problems


def rendered(report: UpgradeReport) -> RenderableType:
    """The findings, by history, what to do about them, and one line that says what was done."""
    parts: list[RenderableType] = [findings_table(name, found) for name, found in report.findings.items()]
    if parts:
        parts.append(Text(f"{UPGRADE.name}: {UPGRADE.breaks_it}. {UPGRADE.remedy[0].upper()}{UPGRADE.remedy[1:]}."))
    found = sum(map(len, report.findings.values()))
    done = [f"{report.prefixes} prefixes", f"{report.runs} runs", f"{report.seconds:.1f} seconds"]
    verdict = f"{report.replaying} of {report.histories} histories replay"
    return Group(*parts, Text(f"{verdict}: {', '.join([f'{found} findings'] * bool(found) + done)}"))


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.exists():
            raise CannotRunError(f"There is no history, or folder of histories, {path}.")
        files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
        if not files:
            raise CannotRunError(f"There is no history in {path}; durable-ai record-history writes one.")
        yield from files


def _record_anew(console: Console, subjects: Iterable[Subject], patience: float) -> list[str]:
    """Record each history from its event and answers on today's code; why some could not be."""
    problems = []
    for subject in subjects:
        old = subject.history.recorded
        now = provenance(old.handler, old.scenario, dt.datetime.now(dt.UTC))
        try:
            history = record(subject.handler, recorded_scenario(subject.history), now, patience=patience)
            confirm(Subject(subject.name, history, subject.handler), patience)
        except CannotRunError as error:
            problems.append(f"{subject.name}: {error}")
            continue
        changed = not alike(history, subject.history)
        if changed:
            save_history(history, Path(subject.name))
        console.print(Text(f"{'recorded anew' if changed else 'unchanged'}: {subject.name}"), soft_wrap=True)
    return problems
