"""The SDK's own code, on a simulated service: one execution, from its first invocation to its end."""

from durable_conformance.runtime.crashing import Crashes as Crashes
from durable_conformance.runtime.crashing import Horizon as Horizon
from durable_conformance.runtime.driver import instrumented as instrumented
from durable_conformance.runtime.driver import run_in_process as run_in_process
from durable_conformance.runtime.model_gate import ModelGate as ModelGate
from durable_conformance.runtime.narrator import Narrator as Narrator
from durable_conformance.runtime.observer import Observer as Observer
from durable_conformance.runtime.sdk import QUICK_SECONDS as QUICK_SECONDS
from durable_conformance.runtime.sdk import SETTING as SETTING
from durable_conformance.runtime.sdk import quick_stops as quick_stops
from durable_conformance.runtime.sdk import quiet_sdk_logs as quiet_sdk_logs
from durable_conformance.runtime.service import ARN as ARN
from durable_conformance.runtime.service import EXECUTION_ID as EXECUTION_ID
from durable_conformance.runtime.service import Service as Service
