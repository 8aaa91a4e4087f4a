"""The exploration: run a handler, interrupt it everywhere, fail its model, and hold every run against the rules."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from durable_conformance.evidence.run_record import Place, Section, record_of
from durable_conformance.execution.crash_points import CrashPoint, crash_points
from durable_conformance.execution.pinned import recorded_by
from durable_conformance.execution.run import Run
from durable_conformance.exploring.cases import (
    Case,
    between_attempts,
    crash_cases,
    differences,
    fault_cases,
    judged_alone,
    model_group,
    named,
    order_cases,
    shown_for,
)
from durable_conformance.exploring.environment import EnvironmentReport, explore_environment
from durable_conformance.exploring.executions import Executions, Job
from durable_conformance.exploring.exploration import EVERYTHING, Exploration
from durable_conformance.exploring.listener import Listener, Recorder
from durable_conformance.exploring.sweep import NOT_SWEPT, Sweep, Swept, crash_sweeps, fault_sweep, swept
from durable_conformance.rules import NAMES, stability
from durable_conformance.rules.endings import ENDED
from durable_conformance.rules.findings import Finding, Report
from durable_conformance.rules.normal_form import Canonical, canonical
from durable_conformance.runtime.driver import Conditions
from durable_conformance.runtime.horizon import AT_HORIZON, drifted
from durable_conformance.subject.reference import Reference
from durable_conformance.subject.scenario import HandlerFactory, Scenario
from durable_conformance.workers.fresh_processes import AVAILABLE

NOTHING = "no interruption"
AGAIN = "a second execution"


def explore(
    handler_for: HandlerFactory,
    scenario: Scenario,
    exploration: Exploration = EVERYTHING,
    *,
    reference: Reference | None = None,
    listener: Listener | None = None,
    recorder: Recorder | None = None,
) -> Report:
    """Explore how `scenario` can be interrupted.

    Args:
        handler_for: Makes the handler under test.
        scenario: What the execution meets.
        exploration: What to explore.
        reference: Where another process finds the handler, to run it in other sandboxes; None leaves that out.
        listener: Told what the exploration does.
        recorder: Told what each run did; None saves the work of finding that out.
    """
    explorer = _Explorer(
        handler_for, scenario, exploration, reference=reference, listener=listener or Listener(), recorder=recorder
    )
    return explorer.report()


@dataclass(frozen=True)
class _Baseline:
    """The run that others are held against.

    Attributes:
        canonical: The run in comparable terms.
        volatile: The operations whose recorded values differ from execution to execution.
        points: Where it can be interrupted.
        findings: What is wrong with it, and with a second execution in the same process.
    """

    canonical: Canonical
    volatile: frozenset[str]
    points: tuple[CrashPoint, ...]
    findings: tuple[Finding, ...]


class _Explorer:
    def __init__(  # private, and made in one place
        self,
        handler_for: HandlerFactory,
        scenario: Scenario,
        exploration: Exploration,
        *,
        reference: Reference | None,
        listener: Listener,
        recorder: Recorder | None,
    ) -> None:
        self._executions = Executions(handler_for, scenario, exploration, recorder)
        self._recorder = recorder
        self._reference = reference if AVAILABLE else None
        self._event = scenario.event
        self._exploration = exploration
        self._listener = listener
        self._findings: dict[tuple[str, str], Finding] = {}
        self._enough = threading.Event()
        self._points = 0
        self._horizon: int | None = None
        self._together = NOT_SWEPT
        self._stopped_early = False

    def report(self) -> Report:
        began = time.monotonic()
        could_not_run = self._executions.could_not_run
        baselines = self._baselines()
        for baseline in baselines.values():
            self._add(baseline.findings)
        unended = [one.canonical.run.status for one in baselines.values() if one.canonical.run.status not in ENDED]
        if unended:
            could_not_run.append(f"{unended[0]}; an execution that does not end has no interruptions to try")
        elif baselines and not self._enough.is_set():
            self._explore(baselines)
        found = sorted(self._findings.values(), key=lambda one: (NAMES.index(one.rule), one.path))
        return Report(
            self._points,
            self._executions.runs,
            NAMES,
            time.monotonic() - began,
            tuple(found),
            tuple(could_not_run),
            tuple(self._left_out()),
            next((_ending(one.canonical.run) for one in baselines.values()), ""),
        )

    def _left_out(self) -> Iterator[str]:
        if self._enough.is_set():
            yield "what comes after the first finding"
        if self._stopped_early:
            horizon = self._horizon
            operations = f"{horizon} operation{'' if horizon == 1 else 's'}"
            yield f"what an interruption shows only more than {operations} later, and one that dies everywhere does not"
        yield from self._together.left_out
        if not self._reference:
            yield "other sandboxes: the handler is not run in other processes"

    def _baselines(self) -> dict[bool, _Baseline]:
        """A baseline for each way in which the model answers: the same, or never twice the same.

        One after the other: what a handler keeps in its module must not depend on which was faster.
        """
        chosen = self._exploration
        pure = chosen.pure or chosen.faults or chosen.orders or not chosen.never_twice
        baselines: dict[bool, _Baseline] = {}
        for way in [*([False] if pure else []), *([True] if chosen.never_twice else [])]:
            name = named(NOTHING, never_twice=way)
            job = Job(name, _whole(NOTHING, never_twice=way), partial(self._baseline, name, never_twice=way))
            for _, baseline in self._executions.outcomes([job]):
                baselines[way] = baseline
            if way not in baselines or (chosen.pure and not baselines[way].canonical.run.calls):
                break  # it cannot be run; or nobody asks the model, and how it answers makes no difference
        return baselines

    def _baseline(self, name: str, *, never_twice: bool) -> _Baseline:
        """The run that others are held against, and one more of the same in the same process."""
        self._listener.began(name)
        first = self._executions.run(Conditions(never_twice=never_twice, keep_snapshots=True))
        findings = list(judged_alone(first, NOTHING))
        baseline = canonical(first)
        self._executions.record(lambda: record_of(name, _whole(NOTHING, never_twice=never_twice), first, findings))
        if first.status not in ENDED:
            return _Baseline(baseline, frozenset(), (), tuple(findings))
        second = self._executions.run(Conditions(never_twice=never_twice, baseline=recorded_by(first)))
        again = [shown_for(stability.NO_INVOCATION_STATE, found) for found in differences(baseline, second, AGAIN)]
        its_name, place = named(AGAIN, never_twice=never_twice), _whole(AGAIN, never_twice=never_twice)
        self._executions.record(lambda: record_of(its_name, place, second, again, against=baseline))
        findings += again
        self._listener.ended(name, tuple(findings), 0, 1)
        points = crash_points(first, self._exploration.kinds)
        if self._exploration.points is not None:
            points = tuple(point for point in points if point in self._exploration.points)
        return _Baseline(baseline, second.taken_on, points, tuple(findings))

    def _explore(self, baselines: Mapping[bool, _Baseline]) -> None:
        chosen = self._exploration
        self._points = max(len(baseline.points) for baseline in baselines.values())
        if chosen.horizon and any(len(one.canonical.history) > 2 * chosen.horizon for one in baselines.values()):
            self._horizon = chosen.horizon
        to_crash = {way: baseline for way, baseline in baselines.items() if way or chosen.pure}
        if self._horizon:
            self._together = self._swept(baselines, to_crash)
            self._stopped_early = bool(chosen.skip)  # another process may have stopped those
        cases: list[Case] = []
        for way, baseline in to_crash.items():
            cases += crash_cases(
                baseline.canonical,
                baseline.points,
                baseline.volatile,
                pairs=chosen.pairs,
                never_twice=way,
                horizon=self._horizon,
                to_the_end=self._together.to_the_end[way],
            )
        pure = baselines.get(False)
        if pure and chosen.orders:
            cases += order_cases(pure.canonical, pure.volatile)
        if pure and chosen.faults:
            passing_to_the_end = self._together.passing_to_the_end
            cases += fault_cases(pure.canonical.run, self._horizon, passing_to_the_end=passing_to_the_end)
        elsewhere = self._begin_elsewhere(pure.canonical.run) if pure and self._reference else None
        self._judge([case for case in cases if case.name not in chosen.skip])
        if elsewhere:
            environment = elsewhere.result()
            self._add(environment.findings)
            self._executions.could_not_run += environment.could_not_run
            self._executions.runs += environment.runs
            self._stopped_early |= environment.stopped_early

    def _swept(self, baselines: Mapping[bool, _Baseline], to_crash: Mapping[bool, _Baseline]) -> Swept:
        """What executions show that are interrupted everywhere."""
        sweeps: list[Sweep] = []
        for way, one in to_crash.items():
            sweeps += crash_sweeps(one.canonical, one.points, one.volatile, never_twice=way)
        if False in baselines and self._exploration.faults and baselines[False].canonical.run.calls:
            sweeps.append(fault_sweep(baselines[False].canonical))
        return swept(sweeps, self._executions, self._listener)

    def _judge(self, cases: Sequence[Case]) -> None:
        """Run every case, and take note of what is found."""
        found: dict[int, tuple[Finding, ...]] = {}
        jobs = [Job(case.name, case.place, partial(self._judged, case)) for case in cases]
        for number, findings in self._executions.outcomes(jobs):
            if findings is None:
                continue
            found[number] = findings
            self._look_for_enough(findings)
            self._listener.ended(cases[number].name, findings, len(found), len(cases))
        for number in sorted(found):  # in their order, not in that of arrival: what stands for a finding does not vary
            self._add(found[number])

    def _judged(self, case: Case) -> tuple[Finding, ...] | None:
        """What is wrong with a run of `case`; None if what was found before is enough."""
        if self._enough.is_set():
            return None
        self._listener.began(case.name)
        run = self._followed(case)
        findings = list(case.judge(run))
        self._executions.record(
            lambda: record_of(case.name, case.place, run, findings, against=case.against, before=case.before)
        )
        fault = case.conditions.fault
        if fault and fault.times is None and (again := between_attempts(run, case)):
            interrupted = self._followed(again)
            more = list(again.judge(interrupted))
            self._executions.record(lambda: record_of(again.name, again.place, interrupted, more, before=again.before))
            findings += more
        return tuple(findings)

    def _followed(self, case: Case) -> Run:
        """A run of `case`, which is followed to its end if it does not go as far as its horizon like the baseline."""
        run = self._executions.run(case.conditions)
        if case.like and drifted(case.like, run):
            return self._executions.run(replace(case.conditions, horizon=None))
        if run.status == AT_HORIZON:
            self._stopped_early = True  # whatever other threads write is the same
        return run

    def _begin_elsewhere(self, pure: Run) -> Future[EnvironmentReport]:
        """The environment's part, in processes of its own, while everything else goes on here."""
        assert self._reference is not None
        thread = ThreadPoolExecutor(1)
        future = thread.submit(
            explore_environment,
            self._reference,
            self._event,
            pure,
            self._exploration.patience,
            self._recorder,
            horizon=self._horizon,
            noticed=self._look_for_enough,
            enough=self._enough.is_set,
        )
        thread.shutdown(wait=False)
        return future

    def _add(self, findings: Iterable[Finding]) -> None:
        for found in findings:
            self._findings.setdefault((found.rule, found.path), found)
        self._look_for_enough(self._findings.values())

    def _look_for_enough(self, findings: Iterable[Finding]) -> None:
        if not self._exploration.until.isdisjoint(found.rule for found in findings):
            self._enough.set()


def _whole(what: str, *, never_twice: bool) -> Place:
    return Place(Section.WHOLE, what, column=model_group(never_twice=never_twice))


def _ending(run: Run) -> str:
    return f"{run.status} with {run.error_type}: {run.error_message}" if run.error_type else run.status
