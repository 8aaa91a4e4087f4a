"""The exploration: run a handler, interrupt it everywhere, fail its model, and hold every run against the rules."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from conformance.answering import ModelFault
from conformance.canonical import Canonical, canonical
from conformance.crash import ALL_KINDS, CrashKind, CrashPoint, crash_points
from conformance.findings import Finding, Report, Rule
from conformance.in_process import run_in_process
from conformance.recorded import NOTHING_RECORDED, Recorded, recorded_by
from conformance.rules import NAMES, PAIR_RULES, RUN_RULES, stability
from conformance.rules.calls import no_repeated_call
from conformance.rules.endings import ENDED
from conformance.rules.model_faults import every_error, passing_error, permanent_error
from conformance.run import Run, Start
from conformance.scenario import HandlerFactory, Scenario
from providers import ModelAccessDeniedError, ModelThrottledError

SIDE_BY_SIDE = 32
"""Executions at the same time: each spends most of its time waiting for the SDK's checkpoint thread to close."""

NOTHING = "no interruption"


@dataclass(frozen=True)
class Exploration:
    """What to explore.

    Attributes:
        kinds: How invocations die.
        pairs: Whether to try every pair of crash points, too.
        never_twice: Whether the model's answers may be varied; not if it answers only what was recorded.
        faults: Whether to fail model calls.
    """

    kinds: Sequence[CrashKind] = ALL_KINDS
    pairs: bool = False
    never_twice: bool = True
    faults: bool = True


def explore(
    handler_for: HandlerFactory,
    scenario: Scenario,
    exploration: Exploration = Exploration(),  # frozen
    *,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Report:
    """Explore how `scenario` can be interrupted.

    Args:
        handler_for: Makes the handler under test.
        scenario: What the execution meets.
        exploration: What to explore.
        progress: Told how many runs of how many are done, now and then.
    """
    return _Explorer(handler_for, scenario, exploration, progress).report()


@dataclass(frozen=True)
class _Case:
    """One run to make, and what it is held against."""

    baseline: Canonical
    crashes: tuple[CrashPoint, ...]
    start: Start | None
    never_twice: bool


class _Explorer:
    def __init__(
        self,
        handler_for: HandlerFactory,
        scenario: Scenario,
        exploration: Exploration,
        progress: Callable[[int, int], None],
    ) -> None:
        self._handler_for = handler_for
        self._scenario = scenario
        self._exploration = exploration
        self._progress = progress
        self._findings: dict[tuple[str, str], Finding] = {}
        self._volatile: frozenset[str] = frozenset()
        self._runs = 0
        self._points = 0

    def report(self) -> Report:
        began = time.monotonic()
        pure = self._baseline(never_twice=False)
        if pure.run.status not in ENDED:
            why = f"{pure.run.status}; an execution that does not end has no interruptions worth trying"
            return Report(0, self._runs, NAMES, time.monotonic() - began, self._found(), (why,))
        cases = self._cases(pure)
        if self._exploration.never_twice:
            cases += self._cases(self._baseline(never_twice=True), never_twice=True)
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            for done, _ in enumerate(pool.map(self._check, cases), 1):
                self._progress(done, len(cases))
        if self._exploration.faults:
            self._check_faults(pure.run)
        return Report(self._points, self._runs, NAMES, time.monotonic() - began, self._found())

    def _found(self) -> tuple[Finding, ...]:
        return tuple(sorted(self._findings.values(), key=lambda found: (NAMES_ORDER[found.rule], found.path)))

    def _baseline(self, *, never_twice: bool) -> Canonical:
        """The run that others are held against, and one more of the same in the same process."""
        first = self._run(never_twice=never_twice)
        self._add(itertools.chain.from_iterable(rule(first, NOTHING) for rule in RUN_RULES))
        baseline = canonical(first)
        second = self._run(never_twice=never_twice, baseline=recorded_by(first))
        self._volatile |= second.taken_on
        again = canonical(second)
        differences = itertools.chain.from_iterable(rule(baseline, again, "a second execution") for rule in PAIR_RULES)
        self._add(_as(stability.NO_INVOCATION_STATE, found) for found in differences)
        return baseline

    def _cases(self, baseline: Canonical, *, never_twice: bool = False) -> list[_Case]:
        points = crash_points(baseline.run, self._exploration.kinds)
        self._points = max(self._points, len(points))
        plans: list[tuple[CrashPoint, ...]] = [(point,) for point in points]
        if self._exploration.pairs:
            plans += itertools.combinations(points, 2)
        starts = baseline.run.starts
        return [
            _Case(baseline, plan, starts[min(point.invocation for point in plan) - 1], never_twice) for plan in plans
        ]

    def _check(self, case: _Case) -> None:
        where = ", then ".join(str(point) for point in case.crashes)
        recorded = recorded_by(case.baseline.run, self._volatile)
        run = self._run(crashes=case.crashes, start=case.start, never_twice=case.never_twice, baseline=recorded)
        self._add(itertools.chain.from_iterable(rule(run, where) for rule in RUN_RULES))
        # What a handler does about a step that died half-way, and may not be repeated, is its own business.
        rules = (no_repeated_call,) if run.interrupted_for_good else PAIR_RULES
        interrupted = canonical(run)
        self._add(itertools.chain.from_iterable(rule(case.baseline, interrupted, where) for rule in rules))

    def _check_faults(self, baseline: Run) -> None:
        for path in baseline.ledger:
            denied = ModelFault(ModelAccessDeniedError, path)
            self._add(permanent_error(self._faulty(denied), path, str(denied)))
            throttled = ModelFault(ModelThrottledError, path, times=1)
            self._add(passing_error(self._faulty(throttled), baseline, path, str(throttled)))
        everything = ModelFault(ModelAccessDeniedError)
        self._add(every_error(self._faulty(everything), baseline, str(everything)))

    def _faulty(self, fault: ModelFault) -> Run:
        run = self._run(fault=fault)
        self._add(itertools.chain.from_iterable(rule(run, str(fault)) for rule in RUN_RULES))
        return run

    def _run(
        self,
        *,
        crashes: Sequence[CrashPoint] = (),
        start: Start | None = None,
        never_twice: bool = False,
        fault: ModelFault | None = None,
        baseline: Recorded = NOTHING_RECORDED,
    ) -> Run:
        self._runs += 1
        return run_in_process(
            self._handler_for,
            self._scenario,
            crashes,
            start,
            never_twice=never_twice,
            fault=fault,
            baseline=baseline,
        )

    def _add(self, findings: Iterable[Finding]) -> None:
        for found in findings:
            self._findings.setdefault((found.rule, found.path), found)


NAMES_ORDER = {name: position for position, name in enumerate(NAMES)}


def _as(rule: Rule, found: Finding) -> Finding:
    """The same finding, for another rule: what showed it says what broke."""
    return Finding(rule.name, found.path, found.crash, found.expected, found.actual, rule.remedy)
