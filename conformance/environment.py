"""The environment's part of an exploration: what a handler does when Lambda runs its invocations in other sandboxes.

A baseline runs in a fresh process. Then the execution goes on from every place where it can be interrupted, each time
in a process of its own: once in one that differs by nothing but being new, once in one with another hash seed, clock,
random numbers, variables and temporary folder.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from conformance.batch import Batch, Request
from conformance.canonical import Canonical, canonical
from conformance.cases import differences, shown_for
from conformance.findings import Finding, Rule
from conformance.fresh_processes import FreshProcess, FreshProcessError, fresh_processes
from conformance.in_process import Conditions
from conformance.operations import OperationRecord
from conformance.perturbation import Perturbation
from conformance.recorded import Recorded, recorded_by
from conformance.reference import Reference
from conformance.rules import stability
from conformance.rules.endings import ENDED
from conformance.run import Prefix, Run
from conformance.scenario import CALLBACK_SUFFIX, Answered, CallbackAnswer, Refused, Scenario, Silence
from providers.scripted import ScriptedProvider

COLD = Perturbation()
ENDINGS = frozenset({"SUCCEED", "FAIL", "RETRY"})


@dataclass
class EnvironmentReport:
    """What the environment's part did and found.

    Attributes:
        findings: What depends on the environment, or on what an earlier invocation left.
        could_not_run: What kept executions from being run.
        runs: How many were run.
    """

    findings: list[Finding] = field(default_factory=list)
    could_not_run: list[str] = field(default_factory=list)
    runs: int = 0


def explore_environment(target: Reference, event: object, model_run: Run, patience: float) -> EnvironmentReport:
    """Run the execution that `model_run` did in other sandboxes.

    Args:
        target: The handler, by name: it is imported in each process.
        event: The execution's input.
        model_run: How the model and people answered.
        patience: Seconds that one execution may take.
    """
    return _Environment(target, scenario_of(model_run, event), model_run, patience).report()


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


class _Environment:
    def __init__(self, target: Reference, scenario: Scenario, model_run: Run, patience: float) -> None:
        self._target = target
        self._scenario = scenario
        self._answers = model_run.calls
        self._patience = patience
        self._report = EnvironmentReport()
        self._lock = threading.Lock()
        self._here, *self._elsewhere = fresh_processes()

    def report(self) -> EnvironmentReport:
        """Run everything."""
        first = self._one(self._here, Conditions(keep_snapshots=True), COLD)
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
            run = self._one(process, conditions, Perturbation(number))
            if run is not None:
                volatile |= run.taken_on
                self._find(stability.ENVIRONMENT, baseline, run, f"from the start in {Perturbation(number)}")
        return frozenset(volatile)

    def _from_every_prefix(self, baseline: Canonical, volatile: frozenset[str]) -> None:
        prefixes = dict(_prefixes(baseline.run))
        recorded = recorded_by(baseline.run, volatile)
        unstable = any(found.rule == stability.ENVIRONMENT.name for found in self._report.findings)

        def runs(process: FreshProcess, number: int, chosen: Sequence[str]) -> dict[str, Run]:
            requests = [_request(prefixes[where], recorded, Perturbation(number)) for where in chosen]
            return {chosen[position]: run for position, run in self._all(process, requests, chosen)}

        names = list(prefixes)
        shares = [names[share :: len(self._elsewhere)] for share in range(len(self._elsewhere))]
        with ThreadPoolExecutor(len(self._elsewhere) + 1) as pool:
            cold = pool.submit(runs, self._here, 0, names)
            others = [
                (number, pool.submit(runs, process, number, share))
                for number, (process, share) in enumerate(zip(self._elsewhere, shares, strict=True), 1)
            ]
        forgetful = set()
        for where, run in cold.result().items():
            # What differs from one cold execution to the next is the environment's; what only a prefix shows is not.
            rule = stability.ENVIRONMENT if unstable else stability.NO_INVOCATION_STATE
            if self._find(rule, baseline, run, f"{where}, then {COLD}"):
                forgetful.add(where)
        for number, future in others:
            for where, run in future.result().items():
                if where not in forgetful:
                    self._find(stability.ENVIRONMENT, baseline, run, f"{where}, then {Perturbation(number)}")

    def _one(self, process: FreshProcess, conditions: Conditions, perturbation: Perturbation) -> Run | None:
        runs = [run for _, run in self._all(process, [Request(conditions, perturbation)], [f"in {perturbation}"])]
        return runs[0] if runs else None

    def _all(
        self, process: FreshProcess, requests: Sequence[Request], names: Sequence[str]
    ) -> Iterator[tuple[int, Run]]:
        batch = Batch(
            self._target,
            self._scenario,
            [replace(one, conditions=replace(one.conditions, answers=self._answers)) for one in requests],
            self._patience,
        )
        try:
            for reply in process.run(batch):
                with self._lock:
                    self._report.runs += 1
                if reply.number is not None and isinstance(reply.outcome, Run):
                    yield reply.number, reply.outcome
                else:
                    where = "in a fresh process" if reply.number is None else names[reply.number]
                    self._could_not_run(f"{where}: {reply.outcome}")
        except FreshProcessError as error:
            self._could_not_run(str(error))

    def _could_not_run(self, why: str) -> None:
        with self._lock:
            if why not in self._report.could_not_run:
                self._report.could_not_run.append(why)

    def _find(self, rule: Rule, baseline: Canonical, run: Run, where: str) -> bool:
        found: Iterable[Finding] = [shown_for(rule, one) for one in differences(baseline, run, where)]
        self._report.findings += found
        return bool(found)


def _request(prefix: Prefix, recorded: Recorded, perturbation: Perturbation) -> Request:
    return Request(Conditions(prefix=prefix, baseline=recorded, interrupted=True), perturbation)


def _prefixes(run: Run) -> Iterator[tuple[str, Prefix]]:
    """What had been done when an operation ended an attempt, or an invocation began, each with its name."""
    for position, update in enumerate(run.updates):
        if update.action in ENDINGS:
            nth = f" #{update.occurrence + 1}" if update.occurrence else ""
            yield f"dies after {update.path} {update.action}{nth}", run.until_update(position)
    for start in run.starts[1:]:
        yield f"invocation {start.invocation} begins", run.until_invocation(start.invocation)
