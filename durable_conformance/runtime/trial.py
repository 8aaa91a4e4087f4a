"""An execution of a handler of our own: a step, a wait, a callback and a map, interrupted once.

Where it succeeds, the durable SDK that is installed is one that the engine can run on.
"""

from __future__ import annotations

from typing import Any

from aws_durable_execution_sdk_python import BatchResult, DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration

from durable_conformance.execution import Action, Conditions, CrashKind, CrashPoint, Run
from durable_conformance.runtime.driver import run_in_process
from durable_conformance.subject import OK, Always, Scenario

_CRASH = CrashPoint("/1:step", Action.SUCCEED, 0, CrashKind.BEFORE_PERSIST)


@durable_execution
def _handler(_event: Any, context: DurableContext) -> Any:
    context.step(lambda _: 1, "step")
    context.wait(Duration.from_seconds(1), "wait")
    context.wait_for_callback(lambda *_: None, "callback")
    batch: BatchResult[int] = context.map([1, 2], lambda child, item, *_: child.step(lambda _: item, "look"), "map")
    return batch.get_results()


def trial() -> Run:
    """Make the execution, in this process."""
    conditions = Conditions(crashes=[_CRASH], keep_snapshots=True)
    return run_in_process(lambda _model: _handler, Scenario({}, ask=Always(OK)), conditions)
