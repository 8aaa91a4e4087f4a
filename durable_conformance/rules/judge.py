"""Holds a run against the rules: alone, and beside the baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from durable_conformance.execution import AT_HORIZON, ENDED, Run, path_order
from durable_conformance.rules import budget, calls, endings, model_faults, side_effects, stability
from durable_conformance.rules.findings import Finding, Rule
from durable_conformance.rules.normal_form import Canonical, canonical, raced_otherwise

type RunRule = Callable[[Run, str], Iterable[Finding]]
type PairRule = Callable[[Canonical, Canonical, str], Iterable[Finding]]

RUN_RULES: tuple[RunRule, ...] = (
    stability.replay_identity,
    stability.changed_variables,
    calls.durable_calls,
    endings.suspension,
    budget.budget,
    side_effects.too_often,
    side_effects.outside_any_step,
)
PAIR_RULES: tuple[PairRule, ...] = (
    stability.result_stability,
    stability.history_stability,
    stability.request_stability,
    calls.no_repeated_call,
    side_effects.side_effects,
)
RULES: tuple[Rule, ...] = (
    stability.REPLAY_IDENTITY,
    stability.RESULT_STABILITY,
    stability.HISTORY_STABILITY,
    stability.REQUEST_STABILITY,
    calls.NO_REPEATED_CALL,
    calls.DURABLE_CALLS,
    endings.SUSPENSION,
    stability.NO_INVOCATION_STATE,
    stability.ENVIRONMENT,
    stability.COMPLETION_ORDER,
    side_effects.SIDE_EFFECTS,
    model_faults.RETRY_POLICY,
    model_faults.FAILURE_VISIBLE,
    budget.BUDGET,
)
"""The rules that `explore` checks."""
NAMES: tuple[str, ...] = tuple(rule.name for rule in RULES)


def judged_alone(run: Run, where: str) -> Iterator[Finding]:
    """What is wrong with a run, whatever others did."""
    return (found for rule in RUN_RULES for found in rule(run, where))


def differences(baseline: Canonical, run: Run, where: str, under: Rule | None = None) -> Iterator[Finding]:
    """What differs between a run and the baseline that should not, `under` a rule that the way it was made tells.

    Where other branches have decided a batch, what differs comes of that.
    """
    # What a handler does about a step that died half-way, and may not be repeated, is its own business.
    rules = (calls.no_repeated_call, side_effects.side_effects) if run.interrupted_for_good else PAIR_RULES
    theirs = extrapolated(baseline, canonical(run))
    found = (one for rule in rules for one in rule(baseline, theirs, where))
    if raced_otherwise(baseline, theirs):
        if not (baseline.races | theirs.races):
            return iter(())  # which of several failures came first: nobody has chosen a race
        under = stability.COMPLETION_ORDER
    return (one.under(under) for one in found) if under else found


def extrapolated(baseline: Canonical, run: Canonical) -> Canonical:
    """`run` as it would be if it went on as `baseline` did from where it was stopped, if it was stopped."""
    if run.run.status != AT_HORIZON:
        return run
    expected = {row.path: row for row in baseline.history}
    known = {row.path for row in run.history}
    ended = {operation.path for operation in run.run.operations if operation.status in ENDED}
    history = [row for row in baseline.history if row.path not in known]
    for operation, row in zip(run.run.operations, run.history, strict=True):
        theirs = expected.get(row.path, row)
        same = (theirs.type, theirs.sub_type) == (row.type, row.sub_type)
        history.append(theirs if same and operation.path not in ended else row)
    return replace(
        run,
        run=replace(run.run, status=baseline.run.status),
        result=baseline.result,
        error=baseline.error,
        history=tuple(sorted(history, key=lambda row: path_order(row.path))),
        # An operation may have begun to ask when the execution was stopped, or not: that is a matter of timing.
        requests={path: texts for path, texts in run.requests.items() if path in known or path not in expected},
    )
