"""An exploration in a process of its own: whatever the handler does to that process, there is a report."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from conformance import answers
from conformance.errors import CannotRunError
from conformance.exploration import Exploration
from conformance.explore import NOTHING, explore
from conformance.findings import Finding, Report
from conformance.interpreter import Interpreter, NoMoreError, connection_to_parent
from conformance.listener import Listener
from conformance.model_choice import chosen_model
from conformance.reference import Reference
from conformance.rules import NAMES
from conformance.run_record import Records, RunRecord
from conformance.scenario import Scenario
from conformance.sdk_logs import quiet_sdk_logs
from conformance.sweep import is_sweep
from providers.selection import SCRIPTED

MAX_DEATHS = 5
"""How many runs may end the process before the rest is left out, unless `explore_isolated` is told otherwise."""

SILENCE_SECONDS = 300.0
PATIENCES = 3
HASH_SEED = 0


def silence_after(patience: float) -> float:
    """Seconds that a process may say nothing in which an execution has `patience`: imports may take a while, too."""
    return max(SILENCE_SECONDS, PATIENCES * patience)


@dataclass(frozen=True)
class Task:
    """What to explore, in terms that can be sent to another process.

    Attributes:
        target: The handler.
        event: The execution's input.
        script: The file that the model answers from; None answers whatever is asked.
        answer: What people answer to every callback, and other functions to every invocation, as JSON text.
        exploration: How far.
        other_sandboxes: Whether to run the handler in other processes, too.
        record: Whether to tell what each run did; whoever explores the task decides.
    """

    target: Reference
    event: Any
    script: Path | None
    answer: str
    exploration: Exploration
    other_sandboxes: bool = True
    record: bool = False


@dataclass(frozen=True)
class Began:
    """A run has begun."""

    name: str


@dataclass(frozen=True)
class Ended:
    """A run has ended.

    Attributes:
        name: The run.
        findings: What is wrong with it.
        done: How many runs have ended.
        all: How many there are.
    """

    name: str
    findings: tuple[Finding, ...]
    done: int
    all: int


@dataclass(frozen=True)
class CannotRun:
    """The task cannot be done at all."""

    why: str


@dataclass
class _Known:
    """What the processes that died had told before."""

    running: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)
    could_not_run: list[str] = field(default_factory=list)
    records: Records = field(default_factory=Records)

    def add(self, findings: tuple[Finding, ...]) -> None:
        for found in findings:
            self.findings.setdefault((found.rule, found.path), found)

    def complete(self, last: Report) -> Report:
        """`last`, with what is known from before."""
        findings = self.findings | {(found.rule, found.path): found for found in last.findings}
        found = sorted(findings.values(), key=lambda one: (NAMES.index(one.rule), one.path))
        return replace(
            last,
            runs=max(last.runs, len(self.ended)),
            findings=tuple(found),
            could_not_run=(*self.could_not_run, *last.could_not_run),
        )


def explore_isolated(
    task: Task,
    progress: Callable[[int, int], None],
    records: Records | None = None,
    *,
    max_deaths: int = MAX_DEATHS,
) -> Report:
    """Explore `task` in another process.

    A run that ends the process, or hangs it whole, is noted as one that could not be run, and a new process goes on
    with the others.

    Args:
        task: What to explore.
        progress: Told how many runs of how many are done, now and then.
        records: Takes what each run did, those that had ended before a process died included; None asks for nothing.
        max_deaths: How many runs may end the process before the rest is left out.

    Raises:
        CannotRunError: The handler cannot be found, or the script is no script.
    """
    known = _Known() if records is None else _Known(records=records)
    task = replace(task, record=records is not None)
    one_at_a_time = False
    while True:
        exploration = task.exploration
        if one_at_a_time:
            exploration = replace(exploration, side_by_side=1, skip=frozenset(known.ended))
        outcome = _explored(replace(task, exploration=exploration), known, progress)
        if isinstance(outcome, Report):
            return known.complete(outcome)
        suspects = sorted(known.running)
        if any(map(is_sweep, suspects)):
            # Which of its interruptions did it, single executions show: they are all followed to their ends then.
            task = replace(task, exploration=replace(task.exploration, horizon=None))
            continue
        if len(suspects) > 1 and not one_at_a_time:
            one_at_a_time = True  # so that it becomes clear which run it is
            continue
        one_at_a_time = True
        culprit = suspects[0] if suspects else "before the first run"
        known.ended.add(culprit)
        known.could_not_run.append(f"{culprit}: {outcome}")
        known.records.failed(culprit, outcome)
        if not suspects or culprit.startswith(NOTHING):
            return known.complete(Report(0, 0, NAMES, 0.0, ()))
        if len(known.could_not_run) > max_deaths:
            rest = f"what had not been run by then: too many runs end the process ({len(known.could_not_run)})"
            return known.complete(Report(0, 0, NAMES, 0.0, (), left_out=(rest,)))


def _explored(task: Task, known: _Known, progress: Callable[[int, int], None]) -> Report | str:
    """The report, or how the process died."""
    known.running.clear()
    child = Interpreter.start("conformance.isolation", HASH_SEED)
    try:
        child.send(task)
        while True:
            match child.received(silence_after(task.exploration.patience)):
                case Report() as report:
                    return report
                case CannotRun(why):
                    raise CannotRunError(why)
                case RunRecord() as record:
                    known.records.add(record)
                case Began(name):
                    known.running.add(name)
                case Ended(name, findings, done, all_):
                    known.running.discard(name)
                    known.ended.add(name)
                    known.add(findings)
                    progress(done, all_)
    except NoMoreError as error:
        return str(error)
    finally:
        child.kill()


class _Teller(Listener):
    """In the child: tells the parent what begins and ends."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def began(self, name: str) -> None:
        self.tell(Began(name))

    def ended(self, name: str, findings: tuple[Finding, ...], done: int, all_: int) -> None:
        self.tell(Ended(name, findings, done, all_))

    def tell(self, message: object) -> None:
        with self._lock:
            self._connection.send(message)


def main() -> None:
    """In the child: explore the task that the parent sends."""
    connection = connection_to_parent()
    task: Task = connection.recv()
    quiet_sdk_logs()
    teller = _Teller(connection)
    try:
        teller.tell(_report(task, teller))
    except CannotRunError as error:
        teller.tell(CannotRun(str(error)))
    os._exit(0)  # whatever threads the handler has left behind


def _report(task: Task, listener: _Teller) -> Report:
    handler_for = task.target.handler_factory()
    model = chosen_model(SCRIPTED, script=task.script)
    scenario = Scenario(task.event, model, ask=answers.always(task.answer))
    reference = task.target if task.other_sandboxes else None
    recorder = listener.tell if task.record else None
    return explore(handler_for, scenario, task.exploration, reference=reference, listener=listener, recorder=recorder)
