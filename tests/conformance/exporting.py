"""What the service exports of an execution, made by the testing SDK's runner: it builds the same events."""

from __future__ import annotations

import json
from typing import Any

from aws_durable_execution_sdk_python_testing import DurableFunctionTestRunner

from durable_conformance import Scenario
from durable_conformance.subject import CALLBACK_SUFFIX, HandlerFactory
from tests.wire.answering import send


def exported(handler_for: HandlerFactory, scenario: Scenario) -> dict[str, Any]:
    """What the runner exports of an execution."""
    assert callable(scenario.model)
    with DurableFunctionTestRunner(handler_for(scenario.model()), poll_interval=0.01) as runner:
        arn = runner.run_async(input=json.dumps(scenario.event))
        for name, (answer, *_) in scenario.callbacks.items():
            callback_id = runner.wait_for_callback(arn, name=f"{name}{CALLBACK_SUFFIX}")
            send(runner, callback_id, answer)
        runner.wait_for_result(arn)
        history = runner.get_execution_history(arn, include_execution_data=True)
    document: dict[str, Any] = json.loads(json.dumps(history.to_dict(), default=str))
    return document
