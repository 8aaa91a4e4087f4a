"""Replays golden histories from every prefix on today's code."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aws_durable_execution_sdk_python.plugin import OperationInfo

from durable_conformance.errors import CannotRunError
from durable_conformance.exploring.exploration import PATIENCE_SECONDS, SIDE_BY_SIDE
from durable_conformance.histories.answers import recorded_scenario
from durable_conformance.histories.baseline import Golden
from durable_conformance.histories.file import History
from durable_conformance.histories.prefix import prefix_after
from durable_conformance.histories.rule import Replayed, upgrade
from durable_conformance.rules.findings import Finding
from durable_conformance.runtime.driver import Conditions, run_in_process
from durable_conformance.runtime.observer import Observer
from durable_conformance.runtime.service import InProcessService
from durable_conformance.subject.scenario import HandlerFactory
from durable_conformance.workers.side_by_side import Done, NotBegun, Stuck, run_all


@dataclass(frozen=True)
class Subject:
    """A history, and the handler that must be able to replay it.

    Attributes:
        name: What to call it: the file's path.
        history: The recorded execution.
        handler_for: Makes the handler.
    """

    name: str
    history: History
    handler_for: HandlerFactory


@dataclass(frozen=True)
class UpgradeReport:
    """What replaying histories found.

    Attributes:
        histories: How many.
        prefixes: States that executions were to go on from: the start, and after each change.
        runs: Executions that ended.
        seconds: How long it took.
        findings: By history; each place and difference once, with the first prefix that shows it. Nothing stands here
            for a history that replays.
        could_not_run: By history; which replays did not end, and why.
        hung: Whether one of them still runs.
    """

    histories: int
    prefixes: int
    runs: int
    seconds: float
    findings: Mapping[str, tuple[Finding, ...]]
    could_not_run: Mapping[str, tuple[str, ...]]
    hung: bool = False

    @property
    def replaying(self) -> int:
        """How many histories replay from every prefix."""
        return self.histories - len(self.findings.keys() | self.could_not_run.keys())


def replay(
    subjects: Sequence[Subject],
    *,
    patience: float = PATIENCE_SECONDS,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> UpgradeReport:
    """Have every history go on from each of its prefixes, on the handler's code as it is now.

    Args:
        subjects: Which, and on what.
        patience: Seconds that one execution may take in real time.
        progress: Told how many runs of how many are done.
    """
    began = time.monotonic()
    cases = [
        _Case(subject, golden, changes)
        for subject in subjects
        for golden in (Golden(subject.history),)
        for changes in range(len(subject.history.changes) + 1)
    ]
    found: dict[int, tuple[Finding, ...]] = {}
    problems: dict[int, tuple[str, ...]] = {}
    hung = False
    jobs = [case.findings for case in cases]
    for done, fate in enumerate(run_all(jobs, threads=SIDE_BY_SIDE, patience=patience), 1):
        match fate:
            case Done(number, tuple() as findings):
                found[number] = findings
            case Done(number, error):
                problems[number] = (f"{cases[number].where}: {type(error).__name__}: {error}",)
            case Stuck(number):
                hung = True
                problems[number] = (f"{cases[number].where}: still running after {patience:g} s",)
            case NotBegun(number):
                problems[number] = (f"{cases[number].where}: left out, because too many others hang",)
        progress(done, len(cases))
    return UpgradeReport(
        len(subjects),
        len(cases),
        len(found),
        time.monotonic() - began,
        {name: _once(findings) for name, findings in _by_history(cases, found).items()},
        _by_history(cases, problems),
        hung,
    )


def _by_history[T](cases: Sequence[_Case], outcomes: Mapping[int, tuple[T, ...]]) -> Mapping[str, tuple[T, ...]]:
    """What the cases of each history came to, in their order, where that is anything."""
    by_history: dict[str, tuple[T, ...]] = {}
    for number, outcome in sorted(outcomes.items()):
        if outcome:
            name = cases[number].subject.name
            by_history[name] = by_history.get(name, ()) + outcome
    return by_history


def confirm(subject: Subject, patience: float = PATIENCE_SECONDS) -> None:
    """See that a history replays on the code that it was just recorded on.

    Args:
        subject: The history and its handler.
        patience: Seconds that one execution may take in real time.

    Raises:
        CannotRunError: It does not: the handler depends on more than what is recorded.
    """
    report = replay([subject], patience=patience)
    for why in report.could_not_run.get(subject.name, ())[:1]:
        raise CannotRunError(f"{subject.history.recorded.handler} cannot replay its own history: {why}.")
    for found in report.findings.get(subject.name, ())[:1]:
        raise CannotRunError(
            f"{subject.history.recorded.handler} does not replay its own history. {found.crash}: at {found.path}, "
            f"expected {found.expected}, and got {found.actual}. See what durable-ai check says about it."
        )


@dataclass(frozen=True)
class _Case:
    """One execution to run: a history from one of its prefixes."""

    subject: Subject
    golden: Golden
    changes: int

    @property
    def where(self) -> str:
        """Which prefix, in words."""
        return self.golden.where(self.changes)

    def findings(self) -> tuple[Finding, ...]:
        history, observer = self.golden.history, _Meeting()
        scenario = recorded_scenario(history, observer)
        fresh = InProcessService(scenario, Observer()).start(1)
        conditions = Conditions(prefix=prefix_after(history, self.changes, fresh), baseline=self.golden.values)
        run = run_in_process(self.subject.handler_for, scenario, conditions, observer)
        return tuple(upgrade(Replayed(self.golden, self.changes, run, frozenset(observer.met))))


class _Meeting(Observer):
    """Also knows which operations the code came by."""

    def __init__(self) -> None:
        super().__init__()
        self.met: set[str] = set()

    def seen(self, info: OperationInfo) -> str:
        self.met.add(info.operation_id)
        return super().seen(info)


def _once(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Each difference once, with the first prefix that shows it and how many more do."""
    alike: dict[tuple[str, str, str], list[Finding]] = {}
    for found in findings:
        alike.setdefault((found.path, found.expected, found.actual), []).append(found)
    return tuple(
        dataclasses.replace(first, crash=f"{first.crash}, and {len(more)} more") if more else first
        for first, *more in alike.values()
    )
