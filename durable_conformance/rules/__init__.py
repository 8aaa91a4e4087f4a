"""What must hold for a durable handler: a file for each group of rules, and the judge that holds runs against them.

A rule about one run looks at that run alone; a rule about two compares an interrupted run with the baseline, both in
their normal form.
"""

from durable_conformance.rules import budget, calls, endings, model_faults, side_effects, stability
from durable_conformance.rules.budget import MAX_TIMEOUT_SECONDS
from durable_conformance.rules.findings import EXECUTION, Finding, Report, Rule, finding
from durable_conformance.rules.judge import (
    NAMES,
    PAIR_RULES,
    RULES,
    RUN_RULES,
    as_followed,
    differences,
    judged_alone,
    shown_for,
)
from durable_conformance.rules.model_faults import (
    every_error,
    exhaustion,
    passing_error,
    permanent_error,
    same_attempts,
)
from durable_conformance.rules.normal_form import Canonical, canonical
from durable_conformance.rules.stability import (
    COMPLETION_ORDER,
    ENVIRONMENT,
    GUIDE,
    NO_INVOCATION_STATE,
    REQUEST_STABILITY,
    difference,
    history_stability,
    replay_identity,
    request_stability,
    result_stability,
)

__all__ = [
    "COMPLETION_ORDER",
    "ENVIRONMENT",
    "EXECUTION",
    "GUIDE",
    "MAX_TIMEOUT_SECONDS",
    "NAMES",
    "NO_INVOCATION_STATE",
    "PAIR_RULES",
    "REQUEST_STABILITY",
    "RULES",
    "RUN_RULES",
    "Canonical",
    "Finding",
    "Report",
    "Rule",
    "as_followed",
    "budget",
    "calls",
    "canonical",
    "difference",
    "differences",
    "endings",
    "every_error",
    "exhaustion",
    "finding",
    "history_stability",
    "judged_alone",
    "model_faults",
    "passing_error",
    "permanent_error",
    "replay_identity",
    "request_stability",
    "result_stability",
    "same_attempts",
    "shown_for",
    "side_effects",
    "stability",
]
