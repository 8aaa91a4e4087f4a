"""`durable-ai replay`: whether recorded executions could go on, from every point, on today's code."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.text import Text

from durable_conformance.commands import options
from durable_conformance.commands.against import Other, compared_with, installed_sdk
from durable_conformance.errors import CannotRunError, ExitCode
from durable_conformance.histories import (
    UPGRADE,
    History,
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


def replay(  # noqa: PLR0917  # options, which a person names
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help=f"Histories, or folders of them; {HISTORIES} unless given."),
    ] = None,
    update: Annotated[bool, typer.Option("--update", help="Record the given histories anew.")] = False,  # noqa: FBT002
    against: Annotated[
        str | None,
        typer.Option(
            metavar="REF",
            help="Replay another git revision's histories on this code, and this folder's on that code.",
        ),
    ] = None,
    against_python: Annotated[
        str | None,
        typer.Option(
            metavar="PYTHON",
            help="Replay on this durable SDK what runs on that of another Python, and the other way round; "
            "with --against, the revision runs there.",
        ),
    ] = None,
    within: Annotated[Path, typer.Option(hidden=True)] = HERE,
    record_into: Annotated[Path | None, typer.Option(hidden=True)] = None,
    patience: Annotated[
        float, typer.Option(min=1, help="Seconds that one execution may take in real time.")
    ] = PATIENCE_SECONDS,
) -> None:
    """Replay golden histories on today's code.

    Exit code 0: all of them replay. 1: findings. 2: some could not be run.
    """
    if update and not paths:
        raise CannotRunError("--update needs the histories, or the folder, to record anew.")
    if update and (against or against_python):
        raise CannotRunError("--update records histories of this folder anew: leave --against out.")
    for option, value in ("--against", against), ("--against-python", against_python):
        if value == "":
            raise CannotRunError(f"{option} is empty, and nothing would be compared: name what to compare with.")
    console = Console()
    chosen = paths or [HISTORIES]
    with options.interruptible():
        if update:
            subjects, problems = _subjects(chosen)
            problems += _record_anew(console, subjects, patience)
            code = _told(console, problems, findings=False)
        elif record_into:
            code = _recorded_into(console, record_into, chosen, patience)
        elif against or against_python:
            code = _in_both_directions(console, against or "", against_python or "", chosen, patience)
        else:
            code = _replayed(console, chosen, patience, folder=within)
    if code:
        raise typer.Exit(code)


def _replayed(console: Console, paths: Sequence[Path], patience: float, whose: str = "", folder: Path = HERE) -> int:
    """Replay histories, which stand in `folder`, on the code of this one, and show what was found; the exit code."""
    subjects, problems = _subjects([folder / path for path in paths])
    subjects = [replace(one, name=f"{whose}{Path(one.name).relative_to(folder)}") for one in subjects]
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


@dataclass(frozen=True)
class _Side:
    """Where executions begin, and others go on.

    Attributes:
        name: In words.
        prefix: What stands before the names of its histories.
        folder: Where its histories stand.
    """

    name: str
    prefix: str
    folder: Path


def _in_both_directions(console: Console, ref: str, python: str, paths: Sequence[Path], patience: float) -> int:
    """Replay what began on other code, or another SDK, on this one, and the other way round; the exit code."""
    with compared_with(ref, python, paths) as other, tempfile.TemporaryDirectory(prefix="durable-ai-") as made:
        here, there = _Side("this code", "", Path.cwd()), _Side(ref, f"{ref}:", other.folder)
        if python:
            # Whatever SDK the histories were recorded on: each side makes the executions anew, on its own.
            sdk = f"with SDK {other.interpreter.sdk}"
            here = _Side(f"this code with SDK {installed_sdk()}", "", Path(made) / "here")
            there = _Side(f"{ref or 'this code'} {sdk}", f"{ref} {sdk}: ".lstrip(), Path(made) / "there")
        anew = bool(python)
        console.print(Text(f"Deployed: executions that began on {there.name} go on on {here.name}"))
        deployed = _deployed(console, other, there, paths, patience, anew=anew)
        console.print(Text(f"\nRolled back: executions that began on {here.name} go on on {there.name}"))
        rolled_back = _rolled_back(console, other, here, paths, patience, anew=anew)
    verdict = f"Deploying {here.name} {VERDICTS[deployed]}; rolling back to {there.name} {VERDICTS[rolled_back]}."
    console.print(Text(f"\n{verdict}"), soft_wrap=True)
    return _worse(deployed, rolled_back)


def _deployed(
    console: Console, other: Other, there: _Side, paths: Sequence[Path], patience: float, *, anew: bool
) -> int:
    recorded = 0
    if anew:
        with console.status("Recording…"):
            recorded = _on_other(console, other, patience, "--record-into", there.folder, *paths)
        paths = [path for path in paths if (there.folder / path).exists()]
    try:
        return _worse(recorded, _replayed(console, paths, patience, there.prefix, there.folder) if paths else 0)
    except CannotRunError as error:  # it had no histories: the other direction can be told all the same
        return _told(console, [str(error).replace(f"{there.folder}/", there.prefix)], findings=False)


def _rolled_back(
    console: Console, other: Other, here: _Side, paths: Sequence[Path], patience: float, *, anew: bool
) -> int:
    recorded = 0
    if anew:
        recorded = _recorded_into(console, here.folder, paths, patience)
        paths = [path for path in paths if (here.folder / path).exists()]
    with console.status("Replaying…"):
        return _worse(recorded, _on_other(console, other, patience, "--within", here.folder, *paths) if paths else 0)


def _on_other(console: Console, other: Other, patience: float, *arguments: str | Path) -> int:
    """Have the other side do it, and show what that printed; the exit code."""
    code, printed = other.replay("--patience", str(patience), *map(str, arguments), width=console.width)
    if printed:
        console.print(Text(printed.rstrip()), soft_wrap=True)
    return code


def _recorded_into(console: Console, folder: Path, paths: Sequence[Path], patience: float) -> int:
    """Make the executions of histories anew, on this code and this SDK, and record them in `folder`; the exit code."""
    subjects, problems = _subjects(paths)
    for subject in subjects:
        try:
            save_history(_anew(subject, patience), folder / subject.name)
        except CannotRunError as error:
            problems.append(f"{subject.name}: {error}")
    return _told(console, problems, findings=False)


def _worse(*codes: int) -> int:
    """The exit code of what ended with `codes`: what was found counts before what could not be run."""
    return next((code for code in (ExitCode.FINDINGS, ExitCode.CANNOT_RUN) if code in codes), max(codes))


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
        try:
            history = _anew(subject, patience)
        except CannotRunError as error:
            problems.append(f"{subject.name}: {error}")
            continue
        changed = not alike(history, subject.history)
        if changed:
            save_history(history, Path(subject.name))
        console.print(Text(f"{'recorded anew' if changed else 'unchanged'}: {subject.name}"), soft_wrap=True)
    return problems


def _anew(subject: Subject, patience: float) -> History:
    """The execution of a history, made once more.

    Raises:
        CannotRunError: It cannot be recorded on today's code, or does not replay on the code that it was recorded on.
    """
    old = subject.history.recorded
    now = provenance(old.handler, old.scenario, dt.datetime.now(dt.UTC))
    history = record(subject.handler, recorded_scenario(subject.history), now, patience=patience)
    confirm(Subject(subject.name, history, subject.handler), patience)
    return history
