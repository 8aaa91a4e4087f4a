"""The SDK's own code, on a simulated service: one execution, from its first invocation to its end."""

from durable_conformance.runtime.branch_order import BranchOrder
from durable_conformance.runtime.crashing import Crashes
from durable_conformance.runtime.driver import instrumented, run_in_process
from durable_conformance.runtime.horizon import Horizon
from durable_conformance.runtime.model_gate import ModelGate
from durable_conformance.runtime.narrator import Narrator
from durable_conformance.runtime.observer import Observer
from durable_conformance.runtime.sdk import QUICK_SECONDS, SETTING, quick_stops, quiet_sdk_logs
from durable_conformance.runtime.service import ARN, EXECUTION_ID, Service

__all__ = [
    "ARN",
    "EXECUTION_ID",
    "QUICK_SECONDS",
    "SETTING",
    "BranchOrder",
    "Crashes",
    "Horizon",
    "ModelGate",
    "Narrator",
    "Observer",
    "Service",
    "instrumented",
    "quick_stops",
    "quiet_sdk_logs",
    "run_in_process",
]
