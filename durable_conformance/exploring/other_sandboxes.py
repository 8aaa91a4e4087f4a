"""What a handler does when Lambda runs its invocations in other sandboxes.

A baseline runs in a cold process. Then the execution goes on from every place where it can be interrupted, each time
in a process of its own: once in one that differs by nothing but being new, once in one with another hash seed, clock,
random numbers, variables and temporary folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from durable_conformance.evidence import Place, Section
from durable_conformance.execution import (
    AT_HORIZON,
    ENDINGS,
    ENDS,
    Action,
    Conditions,
    CrashKind,
    CrashPoint,
    OperationKind,
    OperationRecord,
    Pinned,
    Prefix,
    Run,
    Status,
    pinned_by,
)
from durable_conformance.exploring.cases import decided_as
from durable_conformance.exploring.following import diverged
from durable_conformance.model import scripted
from durable_conformance.rules import (
    ENVIRONMENT,
    NO_INVOCATION_STATE,
    Canonical,
    Finding,
    Rule,
    canonical,
    differences,
)
from durable_conformance.subject import CALLBACK_SUFFIX, Answered, CallbackAnswer, Refused, Scenario, Silence
from durable_conformance.workers import OTHER_SEEDS, Experiment, Where, not_judged

ATTEMPT_ENDS = ENDS | {Action.RETRY}
ELSEWHERE = "in other sandboxes"
BETWEEN = "between invocations"
CHANGED = "seed, clock, … changed"
WHOLE_ID = "elsewhere"
_GOES_ON = re.compile(r"(.+)~way-[0-9]+", re.DOTALL)


def way_named(way: int) -> str:
    """How the sandboxes of an execution differ, in words."""
    return f"other sandboxes, way {way}" if way else "a cold sandbox"


def start_of(case: str) -> str:
    """The id of where the execution of `case` goes on in another sandbox; empty if it does not."""
    goes_on = _GOES_ON.fullmatch(case)
    return goes_on[1] if goes_on else ""


def scenario_of(run: Run, scenario: Scenario) -> Scenario:
    """`scenario`, but people and other functions answer as in `run`. It can be sent to another process."""
    called, chained = OperationKind.CALLBACK, OperationKind.CHAINED_INVOKE
    answers: dict[str, dict[str, list[CallbackAnswer]]] = {called: {}, chained: {}}
    # Not what its path says, which is its subtype if it has no name.
    names = {update.path: update.name or update.function_name or "" for update in run.updates}
    for operation in run.operations:
        if operation.type in answers:
            name = names.get(operation.path, operation.name).removesuffix(CALLBACK_SUFFIX)
            answers[operation.type].setdefault(name, []).append(_answer(operation))
    return replace(
        scenario, model=scripted, ask=None, ask_invokes=None, callbacks=answers[called], invokes=answers[chained]
    )


def _answer(operation: OperationRecord) -> CallbackAnswer:
    if operation.status == Status.SUCCEEDED:
        return Answered(operation.result)
    if operation.status == Status.FAILED:
        return Refused(operation.error_message or "", operation.error_type)
    return Silence()


@dataclass(frozen=True)
class Judged:
    """A run elsewhere, and what is wrong with it."""

    experiment: Experiment
    run: Run
    findings: tuple[Finding, ...]
    told: bool = True  # whether these are findings; another run shows the same otherwise


@dataclass(frozen=True)
class _Beginning:
    """Where an execution goes on: its id and name, the row it stands in, and what had been done."""

    id: str
    where: str
    operation: str
    moment: str
    prefix: Prefix


class OtherSandboxes:
    """Plans what runs elsewhere, and judges it: as `like` ran here. `cold` is the template of what is only new.

    `execution_id` is whose ARN they all have; None leaves each its own. `whole` executions alone can run there if a
    process keeps what they need.
    """

    def __init__(
        self, like: Canonical, horizon: int | None, cold: int, execution_id: str | None = None, *, whole: bool = False
    ) -> None:
        self._whole_alone = whole
        self._execution_id = execution_id
        self._answers = like.run.all_calls
        self._order = decided_as(like)
        self._horizon = horizon
        self._cold = cold
        self._baseline: Canonical | None = None
        self._volatile: set[str] = set()
        self._unstable = False
        self._whole: set[str] = set()

        self._clean: dict[str, bool] = {}
        self._before_cold: dict[str, list[tuple[Experiment, Run]]] = {}
        self._ours: set[str] = set()
        self.could_not_run: list[str] = []  # what kept the whole from being explored
        self.stopped_early = False  # an execution was not followed to its end

    def __contains__(self, experiment: Experiment) -> bool:
        return experiment.id in self._ours

    def begin(self) -> Experiment:
        """The first one: undisturbed, in a cold process."""
        place = Place(Section.WHOLE, ELSEWHERE, column="cold")
        return self._experiment(WHOLE_ID, f"in {way_named(0)}", place, 0, Conditions(keep_snapshots=True))

    def lost(self, experiment: Experiment) -> list[Experiment]:
        """What is to be made next, though there is no run of `experiment`."""
        return self._after_whole(experiment) if experiment.id in self._whole else []

    def took(self, experiment: Experiment, run: Run) -> tuple[list[Experiment], list[Judged]]:
        """What is to be made next, and what is known now."""
        if self._baseline is None:
            return self._took_baseline(experiment, run)
        if experiment.id in self._whole:
            self._volatile |= run.pinned
            judged = self._judged(ENVIRONMENT, experiment, run)
            self._unstable |= bool(judged.findings)
            return self._after_whole(experiment), [judged]
        if experiment.conditions.horizon and diverged(self._baseline.run, run):
            return [replace(experiment, conditions=replace(experiment.conditions, horizon=None))], []
        self.stopped_early |= run.status == AT_HORIZON
        return [], list(self._took_beginning(experiment, run))

    def _took_baseline(self, experiment: Experiment, run: Run) -> tuple[list[Experiment], list[Judged]]:
        if run.status not in ENDINGS:
            self.could_not_run.append(f"in a fresh process: {run.status}")
            return [], [Judged(experiment, run, ())]
        self._baseline = canonical(run)
        conditions = Conditions(pinned=pinned_by(run))
        again = [
            self._experiment(
                f"{WHOLE_ID}-{way}",
                f"from the start in {way_named(way)}",
                Place(Section.WHOLE, ELSEWHERE, column=f"{CHANGED}, way {way}" if way else "cold, again"),
                way,
                conditions,
            )
            for way in range(len(OTHER_SEEDS) + 1)
        ]
        self._whole = {one.id for one in again}
        return again, [Judged(experiment, run, ())]

    def _after_whole(self, experiment: Experiment) -> list[Experiment]:
        """From every prefix, once all whole executions have shown which values differ."""
        self._whole.discard(experiment.id)
        if self._whole or self._whole_alone or self._baseline is None:
            return []
        pinned = pinned_by(self._baseline.run, frozenset(self._volatile))
        beginnings = list(_beginnings(self._baseline.run))
        # Branches race, and the way is a part of the case's id, which is the same in each exploration.
        numbers = {id_: number for number, id_ in enumerate(sorted(one.id for one in beginnings))}
        return [
            self._from(beginning, pinned, way)
            for beginning in beginnings
            for way in (0, 1 + numbers[beginning.id] % len(OTHER_SEEDS))
        ]

    def _from(self, start: _Beginning, pinned: Pinned, way: int) -> Experiment:
        place = Place(Section.CRASHES, start.operation, start.moment, CHANGED if way else "cold", ELSEWHERE)
        conditions = Conditions(prefix=start.prefix, pinned=pinned, interrupted=True, horizon=self._horizon)
        what = f"{start.where}, then {way_named(way)}"
        return self._experiment(f"{start.id}~way-{way}", what, place, way, conditions)

    def _experiment(self, id_: str, what: str, place: Place, way: int, conditions: Conditions) -> Experiment:
        self._ours.add(id_)
        where = Where(OTHER_SEEDS[way - 1] if way else self._cold, way)
        conditions = replace(conditions, answers=self._answers, order=self._order, execution_id=self._execution_id)
        return Experiment(id_, what, place, conditions, not_judged, where, against=self._baseline)

    def _took_beginning(self, experiment: Experiment, run: Run) -> Iterator[Judged]:
        """Where a cold sandbox shows something, another one that shows it, too, says nothing new."""
        where = start_of(experiment.id)
        if experiment.where.way and where not in self._clean:
            self._before_cold.setdefault(where, []).append((experiment, run))
            return
        if experiment.where.way:
            yield self._of_other(experiment, run, where)
            return
        # What differs from one cold execution to the next is the environment's; what only a prefix shows is not.
        judged = self._judged(ENVIRONMENT if self._unstable else NO_INVOCATION_STATE, experiment, run)
        self._clean[where] = not judged.findings
        yield judged
        for other, its_run in self._before_cold.pop(where, ()):
            yield self._of_other(other, its_run, where)

    def rest(self) -> list[Judged]:
        """What waited for a cold sandbox that was never there."""
        return [
            self._of_other(other, run, where) for where, others in self._before_cold.items() for other, run in others
        ]

    def _of_other(self, experiment: Experiment, run: Run, where: str) -> Judged:
        if self._clean.get(where, True):
            return self._judged(ENVIRONMENT, experiment, run)
        return replace(self._judged(NO_INVOCATION_STATE, experiment, run), told=False)

    def _judged(self, rule: Rule, experiment: Experiment, run: Run) -> Judged:
        assert self._baseline
        return Judged(experiment, run, tuple(differences(self._baseline, run, experiment.name, rule)))


def _beginnings(run: Run) -> Iterator[_Beginning]:
    """What had been done when an operation ended an attempt, or an invocation began, each with its name."""
    for position, update in enumerate(run.updates):
        if update.action in ATTEMPT_ENDS:
            id_ = CrashPoint(update.path, update.action, update.occurrence, CrashKind.AFTER_PERSIST).id
            yield _Beginning(id_, f"dies after {update}", update.path, update.label, run.until_update(position))
    for start in run.starts[1:]:
        where = f"invocation {start.invocation} begins"
        yield _Beginning(
            f"invocation-{start.invocation}", where, BETWEEN, where, run.until_invocation(start.invocation)
        )
