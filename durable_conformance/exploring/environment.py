"""The environment's part of an exploration: what a handler does when Lambda runs its invocations in other sandboxes.

A baseline runs in a fresh process. Then the execution goes on from every place where it can be interrupted, each time
in a process of its own: once in one that differs by nothing but being new, once in one with another hash seed, clock,
random numbers, variables and temporary folder.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from durable_conformance.evidence.run_record import NOT_RUN, Place, RunRecord, Section, planned, record_of
from durable_conformance.execution.operations import OperationRecord
from durable_conformance.execution.pinned import Recorded, recorded_by
from durable_conformance.execution.run import Prefix, Run
from durable_conformance.exploring.cases import differences, shown_for
from durable_conformance.rules import stability
from durable_conformance.rules.endings import ENDED
from durable_conformance.rules.findings import Finding, Rule
from durable_conformance.rules.normal_form import Canonical, canonical
from durable_conformance.runtime.driver import Conditions
from durable_conformance.runtime.horizon import AT_HORIZON, drifted
from durable_conformance.subject.reference import Reference
from durable_conformance.subject.scenario import CALLBACK_SUFFIX, Answered, CallbackAnswer, Refused, Scenario, Silence
from durable_conformance.workers.batch import Batch, Request
from durable_conformance.workers.fresh_processes import FreshProcess, FreshProcessError, fresh_processes
from durable_conformance.workers.perturbation import Perturbation
from providers.scripted import ScriptedProvider

COLD = Perturbation()
ENDINGS = frozenset({"SUCCEED", "FAIL", "RETRY"})
ELSEWHERE = "in other sandboxes"
BETWEEN = "between invocations"
CHANGED = "seed, clock, … changed"


@dataclass
class EnvironmentReport:
    """What the environment's part did and found.

    Attributes:
        findings: What depends on the environment, or on what an earlier invocation left.
        could_not_run: What kept executions from being run.
        runs: How many were run.
        stopped_early: Whether one was not followed to its end.
    """

    findings: list[Finding] = field(default_factory=list)
    could_not_run: list[str] = field(default_factory=list)
    runs: int = 0
    stopped_early: bool = False


def explore_environment(
    target: Reference,
    event: object,
    model_run: Run,
    patience: float,
    recorder: Callable[[RunRecord], None] | None = None,
    *,
    horizon: int | None = None,
    noticed: Callable[[Sequence[Finding]], object] = len,
    enough: Callable[[], bool] = bool,
) -> EnvironmentReport:
    """Run the execution that `model_run` did in other sandboxes.

    Args:
        target: The handler, by name: it is imported in each process.
        event: The execution's input.
        model_run: How the model and people answered.
        patience: Seconds that one execution may take.
        recorder: Told what each run did.
        horizon: How many operations one is followed past its interruption; None follows each to its end.
        noticed: Told what is found, at once.
        enough: Whether what was found is enough: what has not begun is left out.
    """
    return _Environment(
        target,
        scenario_of(model_run, event),
        model_run,
        patience,
        recorder,
        horizon=horizon,
        noticed=noticed,
        enough=enough,
    ).report()


def scenario_of(run: Run, event: object) -> Scenario:
    """A scenario in which people and other functions answer as in `run`. It can be sent to another process."""
    answers: dict[str, dict[str, list[CallbackAnswer]]] = {"CALLBACK": {}, "CHAINED_INVOKE": {}}
    invoked = {update.path: update.name or update.function_name for update in run.updates if update.function_name}
    for operation in run.operations:
        if operation.type in answers:
            name = invoked.get(operation.path) or operation.name.removesuffix(CALLBACK_SUFFIX)
            answers[operation.type].setdefault(name, []).append(_answer(operation))
    return Scenario(event, ScriptedProvider, answers["CALLBACK"], invokes=answers["CHAINED_INVOKE"])


def _answer(operation: OperationRecord) -> CallbackAnswer:
    if operation.status == "SUCCEEDED":
        return Answered(operation.result)
    return Refused(operation.error_message or "") if operation.status == "FAILED" else Silence()


@dataclass(frozen=True)
class _Beginning:
    """Where an execution goes on: what it is called, the row it stands in, and what had been done."""

    where: str
    operation: str
    moment: str
    prefix: Prefix


@dataclass(frozen=True)
class _Planned:
    """One execution to run, where it stands, and what it is called when it could not be run."""

    name: str
    place: Place
    request: Request
    where: str


_numbers = itertools.count(1)


class _Environment:
    def __init__(
        self,
        target: Reference,
        scenario: Scenario,
        model_run: Run,
        patience: float,
        recorder: Callable[[RunRecord], None] | None,
        *,
        horizon: int | None,
        noticed: Callable[[Sequence[Finding]], object],
        enough: Callable[[], bool],
    ) -> None:
        self._recorder = recorder
        self._horizon = horizon
        self._noticed = noticed
        self._enough = enough
        self._number = next(_numbers)
        self._target = target
        self._scenario = scenario
        self._answers = model_run.calls
        self._patience = patience
        self._report = EnvironmentReport()
        self._lock = threading.Lock()
        self._here, *self._elsewhere = fresh_processes()

    def report(self) -> EnvironmentReport:
        """Run everything."""
        place = Place(Section.WHOLE, ELSEWHERE, column="cold")
        request = Request(Conditions(keep_snapshots=True), COLD)
        alone = _Planned(f"in {COLD}", place, request, f"in {COLD}")
        first = self._one(self._here, alone)
        if first is not None:
            self._record(alone, first)
        if first is None or first.status not in ENDED:
            if first is not None:
                self._could_not_run(f"in a fresh process: {first.status}")
            return self._report
        baseline = canonical(first)
        volatile = self._whole_executions(baseline)
        self._from_every_prefix(baseline, volatile)
        return self._report

    def _whole_executions(self, baseline: Canonical) -> frozenset[str]:
        """The execution again, uninterrupted, in every process; returns the operations whose values differ."""
        conditions = Conditions(baseline=recorded_by(baseline.run))
        volatile: set[str] = set()
        for number, process in enumerate((self._here, *self._elsewhere)):
            way = Perturbation(number)
            place = Place(Section.WHOLE, ELSEWHERE, column=f"{CHANGED}, way {number}" if number else "cold, again")
            whole = _Planned(f"from the start in {way}", place, Request(conditions, way), f"in {way}")
            run = self._one(process, whole)
            if run is not None:
                volatile |= run.taken_on
                self._add(self._judged(stability.ENVIRONMENT, baseline, run, whole))
        return frozenset(volatile)

    def _from_every_prefix(self, baseline: Canonical, volatile: frozenset[str]) -> None:
        beginnings = {beginning.where: beginning for beginning in _beginnings(baseline.run)}
        recorded = recorded_by(baseline.run, volatile)
        unstable = any(found.rule == stability.ENVIRONMENT.name for found in self._report.findings)

        def runs(process: FreshProcess, number: int, chosen: Sequence[str]) -> dict[str, tuple[_Planned, Run]]:
            way = Perturbation(number)
            all_ = [self._planned(beginnings[where], recorded, way, self._horizon) for where in chosen]
            made = {one.where: (one, run) for one, run in self._all(process, all_)}
            further = [where for where, (_, run) in made.items() if drifted(baseline.run, run)]
            to_the_end = [self._planned(beginnings[where], recorded, way, None) for where in further]
            made |= {one.where: (one, run) for one, run in self._all(process, to_the_end)}
            if any(run.status == AT_HORIZON for _, run in made.values()):
                self._report.stopped_early = True
            return made

        names = list(beginnings)
        shares = [names[share :: len(self._elsewhere)] for share in range(len(self._elsewhere))]
        with ThreadPoolExecutor(len(self._elsewhere) + 1) as pool:
            cold = pool.submit(runs, self._here, 0, names)
            others = [
                pool.submit(runs, process, number, share)
                for number, (process, share) in enumerate(zip(self._elsewhere, shares, strict=True), 1)
            ]
        forgetful = set()
        for where, (one, run) in cold.result().items():
            # What differs from one cold execution to the next is the environment's; what only a prefix shows is not.
            rule = stability.ENVIRONMENT if unstable else stability.NO_INVOCATION_STATE
            if found := self._judged(rule, baseline, run, one):
                self._add(found)
                forgetful.add(where)
        for future in others:
            for where, (one, run) in future.result().items():
                if where not in forgetful:
                    self._add(self._judged(stability.ENVIRONMENT, baseline, run, one))
                elif self._recorder:  # reported of the cold sandbox already
                    self._judged(stability.NO_INVOCATION_STATE, baseline, run, one)

    def _planned(self, beginning: _Beginning, recorded: Recorded, way: Perturbation, horizon: int | None) -> _Planned:
        column = CHANGED if way.number else "cold"
        conditions = Conditions(prefix=beginning.prefix, baseline=recorded, interrupted=True, horizon=horizon)
        return _Planned(
            f"{beginning.where}, then {way}",
            Place(Section.CRASHES, beginning.operation, beginning.moment, column, ELSEWHERE),
            Request(conditions, way),
            beginning.where,
        )

    def _one(self, process: FreshProcess, chosen: _Planned) -> Run | None:
        runs = [run for _, run in self._all(process, [chosen])]
        return runs[0] if runs else None

    def _all(self, process: FreshProcess, chosen: Sequence[_Planned]) -> Iterator[tuple[_Planned, Run]]:
        batch = Batch(
            self._number,
            self._target,
            self._scenario,
            [replace(one.request, conditions=replace(one.request.conditions, answers=self._answers)) for one in chosen],
            self._patience,
        )
        for one in chosen:
            self._failed(one)
        if self._enough() or not chosen:
            return
        try:
            for reply in process.run(batch):
                with self._lock:
                    self._report.runs += 1
                if reply.number is not None and isinstance(reply.outcome, Run):
                    yield chosen[reply.number], reply.outcome
                elif reply.number is None:
                    self._could_not_run(f"in a fresh process: {reply.outcome}")
                else:
                    self._could_not_run(f"{chosen[reply.number].where}: {reply.outcome}")
                    self._failed(chosen[reply.number], str(reply.outcome))
        except FreshProcessError as error:
            self._could_not_run(str(error))

    def _add(self, found: Sequence[Finding]) -> None:
        self._report.findings += found
        self._noticed(found)

    def _could_not_run(self, why: str) -> None:
        with self._lock:
            if why not in self._report.could_not_run:
                self._report.could_not_run.append(why)

    def _judged(self, rule: Rule, baseline: Canonical, run: Run, one: _Planned) -> Sequence[Finding]:
        found = [shown_for(rule, difference) for difference in differences(baseline, run, one.name)]
        self._record(one, run, found, baseline)
        return found

    def _record(
        self, one: _Planned, run: Run, findings: Sequence[Finding] = (), against: Canonical | None = None
    ) -> None:
        if self._recorder:
            self._recorder(record_of(one.name, one.place, run, findings, against=against))

    def _failed(self, one: _Planned, why: str = NOT_RUN) -> None:
        if self._recorder:
            self._recorder(planned(one.name, one.place, why))


def _beginnings(run: Run) -> Iterator[_Beginning]:
    """What had been done when an operation ended an attempt, or an invocation began, each with its name."""
    for position, update in enumerate(run.updates):
        if update.action in ENDINGS:
            yield _Beginning(f"dies after {update}", update.path, update.label, run.until_update(position))
    for start in run.starts[1:]:
        where = f"invocation {start.invocation} begins"
        yield _Beginning(where, BETWEEN, where, run.until_invocation(start.invocation))
