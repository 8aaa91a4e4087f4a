"""The same question to many: nothing is lost when all of them fail, and what is told of it can be checkpointed."""

from __future__ import annotations

import json
from itertools import count

import pytest
from aws_durable_execution_sdk_python import DurableContext

from durable_conformance import Scenario
from durable_conformance.runtime import run_in_process
from patterns.durable import Event, durable_handler, fan_out
from providers import ModelProvider
from providers.scripted import ScriptedProvider

MAX_ERROR_OBJECT_BYTES = 32_768


@pytest.mark.parametrize("branches", [1, 3, 100])
def test_the_error_of_all_branches_names_each_and_is_short_enough_for_a_checkpoint(branches: int) -> None:
    numbers = count(1)

    def fail(_: DurableContext, item: int, __: int) -> str:
        raise ValueError(f"{item}: " + "🎉" * 40_000)

    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        items = [next(numbers) for _ in range(branches)]
        context.run_in_child_context(lambda child: fan_out(child, "all", items, fail) and "", "outer")
        return "unreached"

    outcome = run_in_process(lambda model: durable_handler(workflow, model=model), Scenario({}, ScriptedProvider))
    assert outcome.status == "FAILED"
    message = outcome.operation("outer").error_message or ""
    assert "Every branch of 'all' failed: 1: " in message
    assert f" | {branches}: " in message or branches == 1
    assert len(json.dumps(message)) < MAX_ERROR_OBJECT_BYTES, "the service takes no larger one"
