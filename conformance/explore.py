"""The exploration: run a handler, interrupt it everywhere, fail its model, and hold every run against the rules."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from conformance.canonical import Canonical, canonical
from conformance.cases import (
    Case,
    between_attempts,
    crash_cases,
    differences,
    fault_cases,
    judged_alone,
    order_cases,
    shown_for,
)
from conformance.crash import crash_points
from conformance.environment import EnvironmentReport, explore_environment
from conformance.exploration import EVERYTHING, Exploration
from conformance.findings import Finding, Report
from conformance.fresh_processes import AVAILABLE
from conformance.in_process import Conditions, run_in_process
from conformance.recorded import recorded_by
from conformance.reference import Reference
from conformance.rules import NAMES, stability
from conformance.rules.endings import ENDED
from conformance.run import Run
from conformance.scenario import HandlerFactory, Scenario
from conformance.side_by_side import Done, NotBegun, Stuck, run_all

NOTHING = "no interruption"
AGAIN = "a second execution"

type Progress = Callable[[int, int], None]


def explore(
    handler_for: HandlerFactory,
    scenario: Scenario,
    exploration: Exploration = EVERYTHING,
    *,
    reference: Reference | None = None,
    progress: Progress = lambda _done, _all: None,
) -> Report:
    """Explore how `scenario` can be interrupted.

    Args:
        handler_for: Makes the handler under test.
        scenario: What the execution meets.
        exploration: What to explore.
        reference: Where another process finds the handler, to run it in other sandboxes; None leaves that out.
        progress: Told how many runs of how many are done, now and then.
    """
    return _Explorer(handler_for, scenario, exploration, reference, progress).report()


@dataclass(frozen=True)
class _Baseline:
    """The run that others are held against.

    Attributes:
        canonical: The run in comparable terms.
        volatile: The operations whose recorded values differ from execution to execution.
        findings: What is wrong with it, and with a second execution in the same process.
    """

    canonical: Canonical
    volatile: frozenset[str]
    findings: tuple[Finding, ...]


class _Explorer:
    def __init__(  # private, and made in one place
        self,
        handler_for: HandlerFactory,
        scenario: Scenario,
        exploration: Exploration,
        reference: Reference | None,
        progress: Progress,
    ) -> None:
        self._reference = reference if AVAILABLE else None
        self._handler_for = handler_for
        self._scenario = scenario
        self._exploration = exploration
        self._progress = progress
        self._findings: dict[tuple[str, str], Finding] = {}
        self._could_not_run: list[str] = []
        self._counter = threading.Lock()
        self._runs = 0
        self._points = 0

    def report(self) -> Report:
        began = time.monotonic()
        baselines = self._baselines()
        for baseline in baselines.values():
            self._add(baseline.findings)
        unended = [one.canonical.run.status for one in baselines.values() if one.canonical.run.status not in ENDED]
        if unended:
            self._could_not_run.append(f"{unended[0]}; an execution that does not end has no interruptions to try")
        elif baselines:
            self._explore(baselines)
        found = sorted(self._findings.values(), key=lambda one: (NAMES.index(one.rule), one.path))
        return Report(
            self._points, self._runs, NAMES, time.monotonic() - began, tuple(found), tuple(self._could_not_run)
        )

    def _baselines(self) -> dict[bool, _Baseline]:
        """A baseline for each way in which the model answers: the same, or never twice the same."""
        chosen = self._exploration
        pure = chosen.pure or chosen.faults or chosen.orders or not chosen.never_twice
        ways = [*([False] if pure else []), *([True] if chosen.never_twice else [])]
        jobs = [lambda way=way: self._baseline(never_twice=way) for way in ways]
        return dict(self._outcomes(jobs, ways, lambda way: "no interruption" + (", never-twice model" if way else "")))

    def _baseline(self, *, never_twice: bool) -> _Baseline:
        """The run that others are held against, and one more of the same in the same process."""
        first = self._run(Conditions(never_twice=never_twice, keep_snapshots=True))
        findings = list(judged_alone(first, NOTHING))
        baseline = canonical(first)
        if first.status not in ENDED:
            return _Baseline(baseline, frozenset(), tuple(findings))
        second = self._run(Conditions(never_twice=never_twice, baseline=recorded_by(first)))
        findings += (shown_for(stability.NO_INVOCATION_STATE, found) for found in differences(baseline, second, AGAIN))
        return _Baseline(baseline, second.taken_on, tuple(findings))

    def _explore(self, baselines: dict[bool, _Baseline]) -> None:
        chosen = self._exploration
        pure = baselines.get(False)
        cases: list[Case] = []
        for never_twice, baseline in baselines.items():
            points = crash_points(baseline.canonical.run, chosen.kinds)
            if chosen.points is not None:
                points = tuple(point for point in points if point in chosen.points)
            self._points = max(self._points, len(points))
            if never_twice or chosen.pure:
                cases += crash_cases(
                    baseline.canonical, points, baseline.volatile, pairs=chosen.pairs, never_twice=never_twice
                )
        if pure and chosen.orders:
            cases += order_cases(pure.canonical, pure.volatile)
        if pure and chosen.faults:
            cases += fault_cases(pure.canonical.run)
        jobs = [lambda case=case: self._judged(case) for case in cases]
        elsewhere = self._begin_elsewhere(pure.canonical.run) if pure and self._reference else None
        found: dict[str, tuple[Finding, ...]] = {}
        for done, (case, findings) in enumerate(self._outcomes(jobs, cases, lambda case: case.where), 1):
            found[case.where] = findings
            self._progress(done, len(cases))
        for case in cases:  # in their order, not in that of arrival: which crash stands for a finding does not vary
            self._add(found.get(case.where, ()))
        if elsewhere:
            environment = elsewhere.result()
            self._add(environment.findings)
            self._could_not_run += environment.could_not_run
            self._runs += environment.runs

    def _begin_elsewhere(self, pure: Run) -> Future[EnvironmentReport]:
        """The environment's part, in processes of its own, while everything else goes on here."""
        assert self._reference is not None
        thread = ThreadPoolExecutor(1)
        future = thread.submit(
            explore_environment, self._reference, self._scenario.event, pure, self._exploration.patience
        )
        thread.shutdown(wait=False)
        return future

    def _judged(self, case: Case) -> tuple[Finding, ...]:
        run = self._run(case.conditions)
        findings = list(case.judge(run))
        fault = case.conditions.fault
        if fault and fault.times is None and (again := between_attempts(run, fault)):
            findings += again.judge(self._run(again.conditions))
        return tuple(findings)

    def _outcomes[K, T](
        self, jobs: Sequence[Callable[[], T]], keys: Sequence[K], where: Callable[[K], str]
    ) -> Iterator[tuple[K, T]]:
        """What `jobs` return, each with its key; what hangs or fails to run is noted."""
        chosen = self._exploration
        for fate in run_all(jobs, threads=chosen.side_by_side, patience=chosen.patience):
            key = keys[fate.number]
            match fate:
                case Done(outcome=BaseException() as error):
                    self._could_not_run.append(f"{where(key)}: {type(error).__name__}: {error}")
                case Done(outcome=outcome):
                    yield key, outcome  # type: ignore[misc]  # errors were matched above
                case Stuck():
                    self._could_not_run.append(
                        f"{where(key)}: the handler was still running after {chosen.patience:g} s"
                    )
                case NotBegun():
                    self._could_not_run.append(f"{where(key)}: left out, because too many runs before it hang")

    def _run(self, conditions: Conditions) -> Run:
        with self._counter:
            self._runs += 1
        return run_in_process(self._handler_for, self._scenario, conditions)

    def _add(self, findings: Iterable[Finding]) -> None:
        for found in findings:
            self._findings.setdefault((found.rule, found.path), found)
