"""Explores how an execution can be interrupted: plans experiments, has them made, and judges the runs."""

from durable_conformance.exploring.cases import (
    MAX_FAULTY_INVOCATIONS,
    between_attempts,
    crash_cases,
    fault_cases,
    model_group,
    order_cases,
    orders,
)
from durable_conformance.exploring.exploration import EVERYTHING, HORIZON, Exploration
from durable_conformance.exploring.explore import ExplorationInterrupted, Listener, Recorder, explore
from durable_conformance.exploring.following import begun_before, drifted
from durable_conformance.exploring.other_sandboxes import OtherSandboxes, scenario_of
from durable_conformance.exploring.sweep import MOST, crash_sweeps, fault_sweep

__all__ = [
    "EVERYTHING",
    "HORIZON",
    "MAX_FAULTY_INVOCATIONS",
    "MOST",
    "Exploration",
    "ExplorationInterrupted",
    "Listener",
    "OtherSandboxes",
    "Recorder",
    "begun_before",
    "between_attempts",
    "crash_cases",
    "crash_sweeps",
    "drifted",
    "explore",
    "fault_cases",
    "fault_sweep",
    "model_group",
    "order_cases",
    "orders",
    "scenario_of",
]
