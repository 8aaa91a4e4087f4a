"""Two corpora of small handlers: broken ones, each with the rule that must be reported, and correct ones."""

from collections.abc import Mapping

from tests.conformance.corpus import (
    broken_budget,
    broken_calls,
    broken_effects,
    broken_environment,
    broken_faults,
    broken_order,
    broken_replay,
    broken_state,
    broken_suspension,
    correct_effects,
    correct_flow,
    correct_values,
    correct_waiting,
)
from tests.conformance.corpus.entry import Shelf

BROKEN: Mapping[str, Shelf] = {
    "replay": broken_replay.SHELF,
    "calls": broken_calls.SHELF,
    "state": broken_state.SHELF,
    "suspension": broken_suspension.SHELF,
    "faults": broken_faults.SHELF,
    "budget": broken_budget.SHELF,
    "environment": broken_environment.SHELF,
    "order": broken_order.SHELF,
    "effects": broken_effects.SHELF,
}
CORRECT: Mapping[str, Shelf] = {
    "values": correct_values.SHELF,
    "flow": correct_flow.SHELF,
    "waiting": correct_waiting.SHELF,
    "effects": correct_effects.SHELF,
}
