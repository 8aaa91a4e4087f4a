"""What an exploration tries of one baseline: each crash point, completion order and model fault, as experiments."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import replace
from functools import partial

from durable_conformance.evidence import Place, Section
from durable_conformance.execution import (
    BRANCHES,
    ENDS,
    EXECUTION,
    Action,
    Conditions,
    CrashKind,
    CrashPoint,
    Order,
    Prefix,
    Run,
    path_order,
    pinned_by,
)
from durable_conformance.exploring.following import begun_before
from durable_conformance.model import FaultKind, ModelFault
from durable_conformance.rules import (
    COMPLETION_ORDER,
    SUSPENSION,
    Canonical,
    Finding,
    canonical,
    differences,
    every_aws_error,
    every_error,
    exhaustion,
    history_stability,
    judged_alone,
    passing_error,
    permanent_error,
    request_stability,
    result_stability,
    same_attempts,
)
from durable_conformance.workers import Experiment, Judge

MAX_FAULTY_INVOCATIONS = 60
"""Invocations that a model that fails may cost an execution; past that it retries without bound."""

MAX_ORDERS = 8
"""Orders tried for a batch: each branch once first and once last, as far as this goes."""

PAUSE_SECONDS = 0.2
"""Of real time: well past what the SDK needs to take note that enough branches have succeeded."""

SHORT_PAUSE_SECONDS = 0.04
"""The same where nobody knows whether some branches are enough."""

SAME_ANSWERS = "same question, same answer"
NEVER_TWICE = "never the same answer twice"
COLUMNS = {
    CrashKind.BEFORE_PERSIST: "before it persists",
    CrashKind.AFTER_PERSIST: "response lost",
    CrashKind.TOKEN_REVOKED: "token revoked",
    CrashKind.DURING_CALL: "",  # a call can be interrupted in one way only
}
EVERY_CALL = "every model call"
EVERY_AWS_CALL = "every AWS call"
DIES_BETWEEN = "throttled every time, dies in between"
ENDS_NEVER = SUSPENSION.name, EXECUTION
"""What is told of an execution that has no end: the rule, and where."""
NEVER_TWICE_ID = "~never-twice"
BETWEEN_ATTEMPTS = "+dies-between"
"""Ends of ids."""


def of_its_model(one: Experiment) -> Experiment:
    """`one`, with an id and a name that say so where the model never answers twice the same."""
    if not one.conditions.never_twice:
        return one
    return replace(one, id=f"{one.id}{NEVER_TWICE_ID}", name=f"{one.name}, the model never answering twice the same")


def judged_beside(baseline: Canonical, what: str) -> Judge:
    """What is wrong with a run of `what`, by itself and beside the baseline."""
    return lambda run: itertools.chain(judged_alone(run, what), differences(baseline, run, what))


def model_group(*, never_twice: bool) -> str:
    """How the model answers, for people."""
    return NEVER_TWICE if never_twice else SAME_ANSWERS


def crash_cases(
    baseline: Canonical,
    points: Sequence[CrashPoint],
    volatile: Set[str],
    *,
    pairs: bool,
    never_twice: bool,
    horizon: int | None = None,
    to_the_end: Set[CrashPoint] = frozenset(),
    from_the_start: bool = False,
) -> list[Experiment]:
    """An experiment for every point at which `baseline` can be interrupted, and for every pair of them on request.

    Recorded values of `volatile` operations differ from execution to execution. Executions are followed as far as
    `horizon` says, None is to their ends; those that die at a point of `to_the_end` go there in any case. They begin
    where their crash is near, unless they are to be made `from_the_start`.
    """
    pinned = pinned_by(baseline.run, volatile)
    plans: list[tuple[CrashPoint, ...]] = [*zip(points), *(itertools.combinations(points, 2) if pairs else ())]

    def case(plan: tuple[CrashPoint, ...]) -> Experiment:
        what = ", then ".join(str(point) for point in plan)
        followed = horizon if to_the_end.isdisjoint(plan) else None
        prefix, rest = (None, plan) if from_the_start else _seeded(baseline.run, plan, followed)
        if prefix and rest == plan and prefix.died:
            what += f", in an invocation that goes on from {prefix.updates[-1]}"
        conditions = Conditions(
            crashes=rest,
            prefix=prefix,
            never_twice=never_twice,
            pinned=pinned,
            order=decided_as(baseline),
            horizon=followed,
        )
        id_, place = "+".join(point.id for point in plan), _place(plan, model_group(never_twice=never_twice))
        judge = judged_beside(baseline, what)
        return of_its_model(Experiment(id_, what, place, conditions, judge, against=baseline, like=baseline.run))

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
        return baseline.until_update(baseline.update_at(first)), tuple(rest)
    if horizon and (prefix := begun_before(baseline, min(map(baseline.update_at, plan)), horizon)):
        return prefix, tuple(plan)
    return baseline.until_invocation(min(point.invocation for point in plan)), tuple(plan)


def orders(run: Run) -> tuple[Order, ...]:
    """The orders to try for the batches that `run` has: each of its branches first, and each last."""
    found: dict[str, list[str]] = {}
    for operation in run.operations:
        if operation.sub_type in BRANCHES:
            found.setdefault(operation.path.rpartition("/")[0], []).append(operation.path)
    per_batch = {batch: _permutations(sorted(paths, key=path_order)) for batch, paths in found.items()}
    tried = itertools.zip_longest(*per_batch.values())
    return tuple(
        Order(
            {batch: order for batch, order in zip(per_batch, chosen, strict=True) if order},
            pause_seconds=SHORT_PAUSE_SECONDS,
        )
        for chosen in tried
    )


def _permutations(branches: Sequence[str]) -> Sequence[Sequence[str]]:
    """Distinct orders of `branches`, those that differ most from the natural one first."""
    if len(branches) < 2:  # noqa: PLR2004  # one branch has no order
        return []
    others = [[other for other in branches if other != branch] for branch in branches]
    first = [[branch, *rest] for branch, rest in zip(branches, others, strict=True)]
    last = [[*rest, branch] for branch, rest in zip(branches, others, strict=True)]
    candidates: Iterable[Sequence[str]] = [list(reversed(branches)), *reversed(first), *last]
    if len(first) + len(last) >= MAX_ORDERS:  # some of each
        candidates = [list(reversed(branches)), *itertools.chain.from_iterable(zip(reversed(first), last, strict=True))]
    return list(dict.fromkeys(map(tuple, candidates)))[:MAX_ORDERS]


def decided_as(baseline: Canonical) -> Order | None:
    """The order in which the branches end that decided a batch of `baseline` early: each run has the same winners.

    None if there is no such batch.
    """
    ended = [update.path for update in baseline.run.updates if update.action in ENDS]
    batches: dict[str, list[str]] = {}
    for operation in baseline.run.operations:
        batch, _, branch = operation.path.rpartition("/")
        won = {number for number, _ in baseline.winners.get(batch, ())}
        if batch in baseline.decided_early and operation.sub_type in BRANCHES and branch.partition(":")[0] in won:
            batches.setdefault(batch, []).append(operation.path)
    in_order = {batch: sorted(paths, key=ended.index) for batch, paths in batches.items()}
    return Order(in_order, decides=True) if in_order else None


def one_by_one(baseline: Canonical) -> Order | None:
    """The branches of those batches that were decided early one after another, none more than it takes to decide.

    Left to themselves, some more have ended by the time that the SDK takes note of it, now these and now those. None if
    there is no such batch.
    """
    batches: dict[str, list[str]] = {}
    for operation in baseline.run.operations:
        batch = operation.path.rpartition("/")[0]
        if batch in baseline.decided_early and operation.sub_type in BRANCHES:
            batches.setdefault(batch, []).append(operation.path)
    return Order(batches, decides=True, pause_seconds=PAUSE_SECONDS) if batches else None


def order_cases(baseline: Canonical, volatile: Set[str]) -> list[Experiment]:
    """An experiment for every order in which the branches of the baseline's batches may end."""
    pinned = pinned_by(baseline.run, volatile)

    def judge(what: str, run: Run) -> Iterator[Finding]:
        yield from judged_alone(run, what)
        theirs = canonical(run)
        if (baseline.decided_early | theirs.decided_early) - (baseline.races | theirs.races):
            return  # a batch has ended by a failure: which of several came first says nothing
        for rule in (result_stability, history_stability, request_stability):
            for found in rule(baseline, theirs, what):
                yield found.under(COMPLETION_ORDER)

    return [
        Experiment(
            f"order-{number}",
            str(order),
            _order_place(order),
            Conditions(order=order, pinned=pinned, interrupted=True),
            partial(judge, str(order)),
            against=baseline,
        )
        for number, order in enumerate(orders(baseline.run), 1)
    ]


def _order_place(order: Order) -> Place:
    branches = (", ".join(path.rpartition("/")[2] for path in paths) for paths in order.batches.values())
    return Place(Section.ORDERS, "; ".join(order.batches), column="; ".join(branches))


def fault_cases(
    baseline: Run, horizon: int | None = None, *, passing_to_the_end: bool = False, from_the_start: bool = False
) -> list[Experiment]:
    """For each operation that asks the model, how it takes a permanent error and one that passes; and both for all.

    Executions are followed `horizon` operations past it, None is to their ends; or there if the error passes and
    `passing_to_the_end` says so. They begin as in `crash_cases`.
    """

    def case(
        fault: ModelFault, column: str, judge: Callable[..., Iterable[Finding]], horizon: int | None = horizon
    ) -> Experiment:
        what = str(fault)
        begins = (position for position, update in enumerate(baseline.updates) if update.path == fault.path)
        prefix = None
        if horizon and fault.path and not from_the_start:
            prefix = begun_before(baseline, next(begins, 0), horizon)
        conditions = Conditions(
            fault=fault,
            prefix=prefix,
            max_invocations=baseline.invocations + MAX_FAULTY_INVOCATIONS,
            keep_snapshots=fault.times is None,
            horizon=horizon,
            anchor=fault.path,
        )
        return Experiment(
            f"{fault.path or 'all'}:{column.replace(' ', '-')}",
            what,
            Place(Section.FAULTS, fault.path or EVERY_CALL, column=column),
            conditions,
            lambda run: _judged_with_fault(run, what, list(judge(run, fault=what))),
            like=baseline,
        )

    cases = []
    denied, throttled = FaultKind.DENIED, FaultKind.THROTTLED
    once_followed = None if passing_to_the_end else horizon
    for path in baseline.ledger:
        passing = partial(passing_error, baseline=baseline, path=path)
        cases += [
            case(ModelFault(denied, path), "denied", partial(permanent_error, path=path)),
            case(ModelFault(throttled, path, times=1), "throttled once", passing, once_followed),
            case(ModelFault(throttled, path), "throttled every time", partial(exhaustion, path=path)),
        ]
    if baseline.calls:
        cases.append(case(ModelFault(denied), "denied", partial(every_error, baseline=baseline)))
    if baseline.aws_calls:
        refused = case(ModelFault(denied, aws=True), "refused", partial(every_aws_error, baseline=baseline))
        cases.append(replace(refused, id="aws:refused", place=Place(Section.FAULTS, EVERY_AWS_CALL, column="denied")))
    return cases


def _judged_with_fault(run: Run, what: str, of_fault: Sequence[Finding]) -> Iterable[Finding]:
    """All that is wrong with a run whose model fails; what is wrong with how it takes that says why it does not end."""
    alone = (one for one in judged_alone(run, what) if not of_fault or (one.rule, one.path) != ENDS_NEVER)
    return itertools.chain(alone, of_fault)


def between_attempts(run: Run, case: Experiment, *, from_the_start: bool = False) -> Experiment | None:
    """One in which an invocation of `run` dies after the first failed attempt; None if there is no second one.

    `run` is that of `case`, whose model fails every time.
    """
    fault = case.conditions.fault
    path = fault.path if fault and fault.times is None else None
    retries = (n for n, update in enumerate(run.updates) if (update.path, update.action) == (path, Action.RETRY))
    position = next(retries, None)
    if path is None or position is None or not case.conditions.keep_snapshots:
        return None
    what = f"{fault}, and {path} RETRY {CrashKind.AFTER_PERSIST}"
    conditions = replace(case.conditions, prefix=run.until_update(position), keep_snapshots=False)
    if from_the_start:
        dies = CrashPoint(path, Action.RETRY, 0, CrashKind.AFTER_PERSIST)
        conditions = replace(case.conditions, crashes=(dies,), keep_snapshots=False)
    return Experiment(
        f"{case.id}{BETWEEN_ATTEMPTS}",
        what,
        Place(Section.FAULTS, path, column=DIES_BETWEEN),
        conditions,
        lambda interrupted: same_attempts(run, interrupted, path, what),
        like=case.like,
    )
