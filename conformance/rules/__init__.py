"""The rules: what must hold for a durable handler, each with what breaks it, why it matters and what to do.

A rule about one run looks at that run alone; a rule about two compares an interrupted run with the baseline.
"""

from collections.abc import Callable, Iterable

from conformance.canonical import Canonical
from conformance.findings import Finding
from conformance.rules import budget, calls, endings, model_faults, side_effects, stability
from conformance.run import Run

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
NAMES: tuple[str, ...] = (
    stability.REPLAY_IDENTITY.name,
    stability.RESULT_STABILITY.name,
    stability.HISTORY_STABILITY.name,
    stability.REQUEST_STABILITY.name,
    calls.NO_REPEATED_CALL.name,
    calls.DURABLE_CALLS.name,
    endings.SUSPENSION.name,
    stability.NO_INVOCATION_STATE.name,
    stability.ENVIRONMENT.name,
    stability.COMPLETION_ORDER.name,
    side_effects.SIDE_EFFECTS.name,
    model_faults.RETRY_POLICY.name,
    model_faults.FAILURE_VISIBLE.name,
    budget.BUDGET.name,
)
"""The rules that `explore` checks."""
