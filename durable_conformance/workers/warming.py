"""What a base does before it forks: everything that the first execution in a process costs more than later ones.

Pages that a fork touches are copied for it, and what is made when it is first needed is made in every fork: a first
execution costs three times as much as a later one. One execution in the base, of a handler of our own, spares all of
its forks a part of that. It leaves nothing for the user's handler to meet but what Python and the SDK keep to
themselves.
"""

from __future__ import annotations

import gc
import random
from typing import Any

from aws_durable_execution_sdk_python import BatchResult, DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration

from durable_conformance.execution import Action, Conditions, CrashKind, CrashPoint, Run
from durable_conformance.runtime import run_in_process
from durable_conformance.subject import OK, Always, Scenario

_CRASH = CrashPoint("/1:step", Action.SUCCEED, 0, CrashKind.BEFORE_PERSIST)


@durable_execution
def _handler(_event: Any, context: DurableContext) -> Any:
    context.step(lambda _: 1, "step")
    context.wait(Duration.from_seconds(1), "wait")
    context.wait_for_callback(lambda *_: None, "callback")
    batch: BatchResult[int] = context.map([1, 2], lambda child, item, *_: child.step(lambda _: item, "look"), "map")
    return batch.get_results()


def warm_up() -> Run:
    """Make one execution, which is interrupted once; and keep from the collector all that is there by then.

    A collection would touch every object of the base, in each of its forks; so it begins to collect only now.
    """
    state = random.getstate()
    conditions = Conditions(crashes=[_CRASH], keep_snapshots=True)
    run = run_in_process(lambda _model: _handler, Scenario({}, ask=Always(OK)), conditions)
    random.setstate(state)
    gc.freeze()
    gc.enable()
    return run
