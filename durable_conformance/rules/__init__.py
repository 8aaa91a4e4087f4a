"""The rules: what must hold for a durable handler, each with what breaks it, why it matters and what to do.

A rule about one run looks at that run alone; a rule about two compares an interrupted run with the baseline.
"""

from collections.abc import Callable, Iterable

from durable_conformance.execution.run import Run
from durable_conformance.rules import budget, calls, endings, model_faults, side_effects, stability
from durable_conformance.rules.findings import Finding, Rule
from durable_conformance.rules.normal_form import Canonical

type RunRule = Callable[[Run, str], Iterable[Finding]]
type PairRule = Callable[[Canonical, Canonical, str], Iterable[Finding]]

RUN_RULES: tuple[RunRule, ...] = (
    stability.replay_identity,
    calls.durable_calls,
    endings.suspension,
    budget.budget,
    side_effects.too_often,
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
