"""What an exploration runs: each case is one execution, the conditions it meets, and how it is judged."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial

from durable_conformance.evidence.run_record import Place, Section
from durable_conformance.execution.crash_points import CrashKind, CrashPoint
from durable_conformance.execution.pinned import recorded_by
from durable_conformance.execution.run import Prefix, Run, Start
from durable_conformance.rules import PAIR_RULES, RUN_RULES, stability
from durable_conformance.rules.calls import no_repeated_call
from durable_conformance.rules.findings import Finding, Rule
from durable_conformance.rules.model_faults import (
    every_error,
    exhaustion,
    passing_error,
    permanent_error,
    same_attempts,
)
from durable_conformance.rules.normal_form import Canonical, canonical
from durable_conformance.rules.side_effects import side_effects
from durable_conformance.runtime.answering import ModelFault
from durable_conformance.runtime.branch_order import Order, orders
from durable_conformance.runtime.driver import Conditions
from durable_conformance.runtime.horizon import as_followed, begun_before
from providers import ModelAccessDeniedError, ModelThrottledError

type Judge = Callable[[Run], Iterable[Finding]]

MAX_FAULTY_INVOCATIONS = 60
"""Invocations that a model that fails may cost an execution; past that it retries without bound."""


SAME_ANSWERS = "same question, same answer"
NEVER_TWICE = "never the same answer twice"
COLUMNS = {
    CrashKind.BEFORE_PERSIST: "before it persists",
    CrashKind.AFTER_PERSIST: "response lost",
    CrashKind.TOKEN_REVOKED: "token revoked",
    CrashKind.DURING_CALL: "",  # a call can be interrupted in one way only
}
EVERY_CALL = "every model call"
DIES_BETWEEN = "throttled every time, dies in between"


@dataclass(frozen=True)
class Case:
    """One execution to run.

    Attributes:
        where: What happens to it, for people.
        conditions: The same for the engine.
        judge: What is wrong with the run.
        place: Where it stands among the others.
        against: The run it is held against; None if it is judged by itself.
        like: The run that it goes like, as far as it is not followed; None if it is followed to its end.
        before: How the invocations began that it takes over; empty for those of the run it is held against.
    """

    where: str
    conditions: Conditions
    judge: Judge
    place: Place
    against: Canonical | None = None
    like: Run | None = None
    before: Sequence[Start] = ()

    @property
    def name(self) -> str:
        """What tells it from the others."""
        return named(self.where, never_twice=self.conditions.never_twice)


def named(where: str, *, never_twice: bool) -> str:
    """What happens to an execution, and what kind of model it has."""
    return f"{where}, the model never answering twice the same" if never_twice else where


def model_group(*, never_twice: bool) -> str:
    """How the model answers, for people."""
    return NEVER_TWICE if never_twice else SAME_ANSWERS


def judged_alone(run: Run, where: str) -> Iterator[Finding]:
    """What is wrong with a run, whatever others did."""
    return itertools.chain.from_iterable(rule(run, where) for rule in RUN_RULES)


def differences(baseline: Canonical, run: Run, where: str) -> Iterator[Finding]:
    """What differs between a run and the baseline that should not."""
    # What a handler does about a step that died half-way, and may not be repeated, is its own business.
    rules = (no_repeated_call, side_effects) if run.interrupted_for_good else PAIR_RULES
    theirs = as_followed(baseline, canonical(run))
    return itertools.chain.from_iterable(rule(baseline, theirs, where) for rule in rules)


def shown_for(rule: Rule, found: Finding) -> Finding:
    """The same finding, for another rule: what showed it says what broke."""
    return Finding(rule.name, found.path, found.crash, found.expected, found.actual, rule.remedy)


def crash_cases(
    baseline: Canonical,
    points: Sequence[CrashPoint],
    volatile: Set[str],
    *,
    pairs: bool,
    never_twice: bool,
    horizon: int | None = None,
    to_the_end: Set[CrashPoint] = frozenset(),
) -> list[Case]:
    """A case for every point at which `baseline` can be interrupted, and for every pair of them on request.

    Args:
        baseline: The run that is held against.
        points: Where executions die.
        volatile: The operations whose recorded values differ from execution to execution.
        pairs: Whether to try every pair, too.
        never_twice: Whether the model never answers twice the same.
        horizon: How far they are followed; None follows them to their ends.
        to_the_end: The points for which they are followed to their ends all the same.
    """
    recorded = recorded_by(baseline.run, volatile)
    plans: list[tuple[CrashPoint, ...]] = [(point,) for point in points]
    if pairs:
        plans += itertools.combinations(points, 2)

    def case(plan: tuple[CrashPoint, ...]) -> Case:
        where = ", then ".join(str(point) for point in plan)
        followed = horizon if to_the_end.isdisjoint(plan) else None
        prefix, rest = _seeded(baseline.run, plan, followed)
        if rest == plan and prefix.death:
            where += f", in an invocation that goes on from {prefix.updates[-1]}"
        conditions = Conditions(
            crashes=rest, prefix=prefix, never_twice=never_twice, baseline=recorded, horizon=followed
        )
        return Case(
            where,
            conditions,
            lambda run: itertools.chain(judged_alone(run, where), differences(baseline, run, where)),
            _place(plan, model_group(never_twice=never_twice)),
            against=baseline,
            like=baseline.run,
        )

    return [case(plan) for plan in plans]


def _place(plan: Sequence[CrashPoint], group: str) -> Place:
    first, *rest = plan
    if rest:
        return Place(Section.PAIRS, str(first), group, column=", then ".join(map(str, rest)), group=group)
    return Place(Section.CRASHES, first.path, first.moment, COLUMNS[first.kind], group)


def _seeded(baseline: Run, plan: Sequence[CrashPoint], horizon: int | None) -> tuple[Prefix, tuple[CrashPoint, ...]]:
    """Where a run of `plan` can begin, and which of its crashes are still to come there.

    Up to the first crash it would do what the baseline did. An invocation that dies once an update has persisted need
    not be run at all: what is left of it is that update. Any other is run whole, for what it leaves in the process;
    with a horizon, from so many operations before its crash.
    """
    first, *rest = plan
    if first.kind is CrashKind.AFTER_PERSIST:
        return baseline.until_update(_position(baseline, first)), tuple(rest)
    if horizon and (prefix := begun_before(baseline, min(_position(baseline, point) for point in plan), horizon)):
        return prefix, tuple(plan)
    return baseline.until_invocation(min(point.invocation for point in plan)), tuple(plan)


def _position(baseline: Run, point: CrashPoint) -> int:
    """Of the update in `baseline` that `point` interrupts; for a call, of the one that came next."""
    if point.kind is CrashKind.DURING_CALL:
        of_path = [call for call in baseline.calls if call.path == point.path]
        return of_path[point.occurrence].after_updates
    return next(
        position
        for position, update in enumerate(baseline.updates)
        if (update.path, update.action, update.occurrence) == (point.path, point.action, point.occurrence)
    )


def order_cases(baseline: Canonical, volatile: Set[str]) -> list[Case]:
    """A case for every order in which the branches of the baseline's batches may end."""
    recorded = recorded_by(baseline.run, volatile)

    def judge(where: str, run: Run) -> Iterator[Finding]:
        yield from judged_alone(run, where)
        theirs = canonical(run)
        if baseline.decided_early or theirs.decided_early:
            return  # the batch's completion configuration declares that the first ones decide
        for rule in (stability.result_stability, stability.history_stability, stability.request_stability):
            for found in rule(baseline, theirs, where):
                yield shown_for(stability.COMPLETION_ORDER, found)

    return [
        Case(
            str(order),
            Conditions(order=order, baseline=recorded, interrupted=True),
            partial(judge, str(order)),
            _order_place(order),
            against=baseline,
        )
        for order in orders(baseline.run)
    ]


def _order_place(order: Order) -> Place:
    branches = (", ".join(path.rpartition("/")[2] for path in paths) for paths in order.batches.values())
    return Place(Section.ORDERS, "; ".join(order.batches), column="; ".join(branches))


def fault_cases(baseline: Run, horizon: int | None = None, *, passing_to_the_end: bool = False) -> list[Case]:
    """For each operation that asks the model, how it takes a permanent error and one that passes; and both for all.

    Args:
        baseline: The run that nothing disturbs.
        horizon: How far executions are followed past the operation; None follows them to their ends.
        passing_to_the_end: Whether to follow them to their ends all the same where the error passes.
    """

    def case(
        fault: ModelFault, column: str, judge: Callable[..., Iterable[Finding]], horizon: int | None = horizon
    ) -> Case:
        where = str(fault)
        prefix = _shortly_before(baseline, fault.path, horizon) if horizon and fault.path else None
        conditions = Conditions(
            fault=fault,
            prefix=prefix,
            max_invocations=baseline.invocations + MAX_FAULTY_INVOCATIONS,
            keep_snapshots=fault.times is None,
            horizon=horizon,
            anchor=fault.path,
        )
        return Case(
            where,
            conditions,
            lambda run: itertools.chain(judged_alone(run, where), judge(run, fault=where)),
            Place(Section.FAULTS, fault.path or EVERY_CALL, column=column),
            like=baseline,
            before=baseline.starts,
        )

    cases = []
    once_followed = None if passing_to_the_end else horizon
    for path in baseline.ledger:
        denied = ModelFault(ModelAccessDeniedError, path)
        cases.append(case(denied, "denied", partial(permanent_error, path=path)))
        once = ModelFault(ModelThrottledError, path, times=1)
        passing = partial(passing_error, baseline=baseline, path=path)
        cases.append(case(once, "throttled once", passing, once_followed))
        always = ModelFault(ModelThrottledError, path)
        cases.append(case(always, "throttled every time", partial(exhaustion, path=path)))
    everything = ModelFault(ModelAccessDeniedError)
    cases.append(case(everything, "denied", partial(every_error, baseline=baseline)))
    return cases


def _shortly_before(baseline: Run, path: str, horizon: int) -> Prefix | None:
    """A state of `baseline` so many operations before the one at `path` begins; None if there is none."""
    begins = (position for position, update in enumerate(baseline.updates) if update.path == path)
    return begun_before(baseline, next(begins, 0), horizon)


def between_attempts(run: Run, case: Case) -> Case | None:
    """A case in which an invocation of `run` dies after the first failed attempt; None if there is no second one.

    Args:
        run: An execution whose model failed.
        case: That execution's.
    """
    fault = case.conditions.fault
    path = fault.path if fault else None
    position = next(
        (n for n, update in enumerate(run.updates) if (update.path, update.action) == (path, "RETRY")), None
    )
    if path is None or position is None:
        return None
    where = f"{fault}, and {path} RETRY {CrashKind.AFTER_PERSIST}"
    conditions = replace(case.conditions, prefix=run.until_update(position), keep_snapshots=False)
    return Case(
        where,
        conditions,
        lambda interrupted: same_attempts(run, interrupted, path, where),
        Place(Section.FAULTS, path, column=DIES_BETWEEN),
        like=case.like,
        before=(*case.before, *run.starts),
    )
