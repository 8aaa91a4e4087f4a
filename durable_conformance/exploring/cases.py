"""What an exploration tries of one baseline: each crash point, completion order and model fault, as experiments."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import replace
from functools import partial

from durable_conformance.evidence import Place, Section
from durable_conformance.execution import (
    BRANCHES,
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
    Canonical,
    Finding,
    canonical,
    differences,
    every_error,
    exhaustion,
    history_stability,
    judged_alone,
    passing_error,
    permanent_error,
    request_stability,
    result_stability,
    same_attempts,
    shown_for,
)
from durable_conformance.workers import Experiment

MAX_FAULTY_INVOCATIONS = 60
"""Invocations that a model that fails may cost an execution; past that it retries without bound."""

MAX_ORDERS = 8
"""Orders tried for a batch: each branch once first and once last, as far as this goes."""

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


def named(what: str, *, never_twice: bool) -> str:
    """What happens to an execution, and what kind of model it has."""
    return f"{what}, the model never answering twice the same" if never_twice else what


def identified(what: str, *, never_twice: bool) -> str:
    """The same as an id."""
    return f"{what}~never-twice" if never_twice else what


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
) -> list[Experiment]:
    """An experiment for every point at which `baseline` can be interrupted, and for every pair of them on request.

    Args:
        baseline: The run that is held against.
        points: Where executions die.
        volatile: The operations whose recorded values differ from execution to execution.
        pairs: Whether to try every pair, too.
        never_twice: Whether the model never answers twice the same.
        horizon: How far they are followed; None follows them to their ends.
        to_the_end: The points for which they are followed to their ends all the same.
    """
    pinned = pinned_by(baseline.run, volatile)
    plans: list[tuple[CrashPoint, ...]] = [(point,) for point in points]
    if pairs:
        plans += itertools.combinations(points, 2)

    def case(plan: tuple[CrashPoint, ...]) -> Experiment:
        what = ", then ".join(str(point) for point in plan)
        followed = horizon if to_the_end.isdisjoint(plan) else None
        prefix, rest = _seeded(baseline.run, plan, followed)
        if rest == plan and prefix.died:
            what += f", in an invocation that goes on from {prefix.updates[-1]}"
        conditions = Conditions(crashes=rest, prefix=prefix, never_twice=never_twice, pinned=pinned, horizon=followed)
        return Experiment(
            identified("+".join(point.id for point in plan), never_twice=never_twice),
            named(what, never_twice=never_twice),
            _place(plan, model_group(never_twice=never_twice)),
            conditions,
            lambda run: itertools.chain(judged_alone(run, what), differences(baseline, run, what)),
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
        Order({batch: order for batch, order in zip(per_batch, chosen, strict=True) if order}) for chosen in tried
    )


def _permutations(branches: Sequence[str]) -> Sequence[Sequence[str]]:
    """Distinct orders of `branches`, those that differ most from the natural one first."""
    if len(branches) < 2:  # noqa: PLR2004  # one branch has no order
        return []
    others = [[other for other in branches if other != branch] for branch in branches]
    first = [[branch, *rest] for branch, rest in zip(branches, others, strict=True)]
    last = [[*rest, branch] for branch, rest in zip(branches, others, strict=True)]
    candidates: Iterable[Sequence[str]] = [list(reversed(branches)), *reversed(first), *last]
    return list(dict.fromkeys(map(tuple, candidates)))[:MAX_ORDERS]


def order_cases(baseline: Canonical, volatile: Set[str]) -> list[Experiment]:
    """An experiment for every order in which the branches of the baseline's batches may end."""
    pinned = pinned_by(baseline.run, volatile)

    def judge(what: str, run: Run) -> Iterator[Finding]:
        yield from judged_alone(run, what)
        theirs = canonical(run)
        if baseline.decided_early or theirs.decided_early:
            return  # the batch's completion configuration declares that the first ones decide
        for rule in (result_stability, history_stability, request_stability):
            for found in rule(baseline, theirs, what):
                yield shown_for(COMPLETION_ORDER, found)

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


def fault_cases(baseline: Run, horizon: int | None = None, *, passing_to_the_end: bool = False) -> list[Experiment]:
    """For each operation that asks the model, how it takes a permanent error and one that passes; and both for all.

    Args:
        baseline: The run that nothing disturbs.
        horizon: How far executions are followed past the operation; None follows them to their ends.
        passing_to_the_end: Whether to follow them to their ends all the same where the error passes.
    """

    def case(
        fault: ModelFault, column: str, judge: Callable[..., Iterable[Finding]], horizon: int | None = horizon
    ) -> Experiment:
        what = str(fault)
        prefix = _shortly_before(baseline, fault.path, horizon) if horizon and fault.path else None
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
            lambda run: itertools.chain(judged_alone(run, what), judge(run, fault=what)),
            like=baseline,
        )

    cases = []
    once_followed = None if passing_to_the_end else horizon
    for path in baseline.ledger:
        denied = ModelFault(FaultKind.DENIED, path)
        cases.append(case(denied, "denied", partial(permanent_error, path=path)))
        once = ModelFault(FaultKind.THROTTLED, path, times=1)
        passing = partial(passing_error, baseline=baseline, path=path)
        cases.append(case(once, "throttled once", passing, once_followed))
        always = ModelFault(FaultKind.THROTTLED, path)
        cases.append(case(always, "throttled every time", partial(exhaustion, path=path)))
    everything = ModelFault(FaultKind.DENIED)
    cases.append(case(everything, "denied", partial(every_error, baseline=baseline)))
    return cases


def _shortly_before(baseline: Run, path: str, horizon: int) -> Prefix | None:
    """A state of `baseline` so many operations before the one at `path` begins; None if there is none."""
    begins = (position for position, update in enumerate(baseline.updates) if update.path == path)
    return begun_before(baseline, next(begins, 0), horizon)


def between_attempts(run: Run, case: Experiment) -> Experiment | None:
    """One in which an invocation of `run` dies after the first failed attempt; None if there is no second one.

    Args:
        run: An execution whose model failed every time.
        case: That execution's experiment.
    """
    fault = case.conditions.fault
    path = fault.path if fault and fault.times is None else None
    position = next(
        (n for n, update in enumerate(run.updates) if (update.path, update.action) == (path, "RETRY")), None
    )
    if path is None or position is None or not case.conditions.keep_snapshots:
        return None
    what = f"{fault}, and {path} RETRY {CrashKind.AFTER_PERSIST}"
    return Experiment(
        f"{case.id}+dies-between",
        what,
        Place(Section.FAULTS, path, column=DIES_BETWEEN),
        replace(case.conditions, prefix=run.until_update(position), keep_snapshots=False),
        lambda interrupted: same_attempts(run, interrupted, path, what),
        like=case.like,
    )
