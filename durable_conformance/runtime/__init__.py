"""The SDK's own code, on a simulated service: one execution, from its first invocation to its end."""

from durable_conformance.runtime.crashing import Crashes as Crashes
from durable_conformance.runtime.crashing import Horizon as Horizon
from durable_conformance.runtime.current import current as current
from durable_conformance.runtime.driver import observed as observed
from durable_conformance.runtime.driver import run_in_process as run_in_process
from durable_conformance.runtime.gate import CallGate as CallGate
from durable_conformance.runtime.narrator import Narrator as Narrator
from durable_conformance.runtime.observer import Observer as Observer
from durable_conformance.runtime.scope import SECOND as SECOND
from durable_conformance.runtime.sdk import QUICK as QUICK
from durable_conformance.runtime.sdk import quick_stops as quick_stops
from durable_conformance.runtime.sdk import quiet_sdk_logs as quiet_sdk_logs
from durable_conformance.runtime.service import Service as Service
from durable_conformance.runtime.source import read_ahead as read_ahead
from durable_conformance.runtime.source import suspects as suspects
from durable_conformance.runtime.trial import trial as trial
from durable_conformance.runtime.watching import WITHOUT_CAUSES as WITHOUT_CAUSES
from durable_conformance.runtime.watching import free_tool as free_tool
from durable_conformance.runtime.watching import watch as watch
from durable_conformance.runtime.world import SANDBOX_VARIABLES as SANDBOX_VARIABLES
from durable_conformance.runtime.world import Taker as Taker
from durable_conformance.runtime.world import install as install
from durable_conformance.runtime.world import is_of_a_sandbox as is_of_a_sandbox
from durable_conformance.runtime.world import outside as outside
from durable_conformance.runtime.world import takers as takers
