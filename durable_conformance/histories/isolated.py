"""Golden histories replayed in a process of their own: whatever a handler does to that process, there is a report."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from durable_conformance.errors import CannotRunError
from durable_conformance.exploring.isolated import HASH_SEED, silence_after
from durable_conformance.histories.file import load_history
from durable_conformance.histories.replay import Subject, UpgradeReport, replay
from durable_conformance.runtime.sdk_logs import quiet_sdk_logs
from durable_conformance.subject.handlers import find_handler
from durable_conformance.subject.scenario import HandlerFactory
from durable_conformance.workers.interpreter import Interpreter, NoMoreError, connection_to_parent

type Progress = Callable[[int, int], None]
"""Told how many replays of how many are done."""


@dataclass(frozen=True)
class _Task:
    """Histories to replay: their files, and the seconds that one execution may take."""

    files: tuple[str, ...]
    patience: float


@dataclass(frozen=True)
class _Replayed:
    """What came of the next history, or why it could not be replayed at all."""

    outcome: UpgradeReport | str


@dataclass(frozen=True)
class _OneMore:
    """A replay has ended."""


def subject_from(file: Path, handlers: dict[str, HandlerFactory]) -> Subject:
    """The history in `file`, and its handler.

    Args:
        file: A history.
        handlers: Those that were found before, by reference: a handler is imported once.

    Raises:
        CannotRunError: It is no history, or its handler cannot be found; the message names the file.
    """
    try:
        history = load_history(file)
        reference = history.recorded.handler
        if reference not in handlers:
            handlers[reference] = find_handler(reference)
    except CannotRunError as error:
        raise CannotRunError(str(error) if str(file) in str(error) else f"{file}: {error}") from error
    return Subject(str(file), history, handlers[reference])


def replay_isolated(files: Iterable[Path], patience: float, progress: Progress) -> tuple[UpgradeReport, list[str]]:
    """Replay histories in another process, one after the other. One that ends the process could not be run.

    Args:
        files: The histories.
        patience: Seconds that one execution may take in real time.
        progress: Told how many replays of how many are done.

    Returns:
        What replaying found, and why some files could not be replayed at all.
    """
    began = time.monotonic()
    prefixes: dict[str, int] = {}
    problems = []
    for file in files:
        try:
            prefixes[str(file)] = len(load_history(file).changes) + 1
        except CannotRunError as error:
            problems.append(str(error))
    reports: dict[str, UpgradeReport] = {}
    waiting = list(prefixes)
    done = 0
    while waiting:
        child = Interpreter.start("durable_conformance.histories.isolated", HASH_SEED)
        try:
            child.send(_Task(tuple(waiting), patience))
            while waiting:
                match child.received(silence_after(patience)):
                    case _OneMore():
                        done += 1
                        progress(done, sum(prefixes.values()))
                    case _Replayed(UpgradeReport() as report):
                        reports[waiting.pop(0)] = report
                    case _Replayed(str(why)):
                        problems.append(why)
                        waiting.pop(0)
        except NoMoreError as error:
            name = waiting.pop(0)
            reports[name] = _nothing(name, prefixes[name], f"all of it: {error}")
        finally:
            child.kill()
    return replace(_merged(list(reports.values())), seconds=time.monotonic() - began), problems


def _nothing(name: str, prefixes: int, why: str) -> UpgradeReport:
    """The report about a history of which nothing was replayed."""
    return UpgradeReport(1, prefixes, 0, 0.0, {}, {name: (why,)})


def _merged(reports: Sequence[UpgradeReport]) -> UpgradeReport:
    return UpgradeReport(
        sum(one.histories for one in reports),
        sum(one.prefixes for one in reports),
        sum(one.runs for one in reports),
        0.0,
        {name: found for one in reports for name, found in one.findings.items()},
        {name: whys for one in reports for name, whys in one.could_not_run.items()},
    )


def main() -> None:
    """In the child: replay the histories that the parent names, and tell it about each."""
    connection = connection_to_parent()
    task: _Task = connection.recv()
    quiet_sdk_logs()
    handlers: dict[str, HandlerFactory] = {}
    hung: set[str] = set()
    for file in task.files:
        outcome: UpgradeReport | str
        try:
            subject = subject_from(Path(file), handlers)
        except CannotRunError as error:
            outcome = str(error)
        else:
            handler = subject.history.recorded.handler
            if handler in hung:
                why = f"all of it: left out, because {handler} hung before"
                outcome = _nothing(file, len(subject.history.changes) + 1, why)
            else:
                outcome = replay(
                    [subject], patience=task.patience, progress=lambda _done, _all: connection.send(_OneMore())
                )
                if outcome.hung:
                    hung.add(handler)
        connection.send(_Replayed(outcome))
    os._exit(0)  # whatever threads the handlers have left behind
