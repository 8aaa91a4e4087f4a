"""Goes through a scenario with a deployed function, by what the testing SDK's cloud runner offers."""

from __future__ import annotations

import time

from aws_durable_execution_sdk_python_testing import DurableFunctionCloudTestRunner

from durable_conformance import Scenario
from tests.wire.answering import send
from tests.wire.history import History

LOOK_SECONDS = 2
"""How long to look for the execution's end, and then for a callback, in turns."""


def go_through(runner: DurableFunctionCloudTestRunner, scenario: Scenario, wait: int) -> History:
    """Run the scenario and answer its callbacks, as many as the model asks for.

    Args:
        runner: The function's.
        scenario: Its event and the answers; the last is given again if more are wanted.
        wait: In seconds.

    Raises:
        TimeoutError: The execution has not ended by then.
    """
    arn = runner.run_async(scenario.event)
    answers = [answer for given in scenario.callbacks.values() for answer in given]
    answered: set[str] = set()
    deadline = time.monotonic() + wait
    while True:
        try:
            return History.of(runner, arn, LOOK_SECONDS)
        except TimeoutError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{arn} has not ended after {wait} s; raise --execution-wait.") from None
        callback = _open_callback(runner, arn) if answers else None
        if callback is not None and callback not in answered:
            send(runner, callback, answers[min(len(answered), len(answers) - 1)])
            answered.add(callback)


def _open_callback(runner: DurableFunctionCloudTestRunner, arn: str) -> str | None:
    try:
        return runner.wait_for_callback(arn, timeout=LOOK_SECONDS)
    except TimeoutError:
        return None
