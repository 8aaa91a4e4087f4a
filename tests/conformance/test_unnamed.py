"""Operations without a name: their paths say their subtype, and people and other functions answer them like others."""

from __future__ import annotations

from typing import Any

import pytest
from aws_durable_execution_sdk_python import BatchResult, DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration, MapConfig, NestingType
from aws_durable_execution_sdk_python.waits import WaitForConditionConfig, WaitForConditionDecision

from durable_conformance import Answered, Exploration, Refused, Scenario, explore, handler_factory
from durable_conformance.exploring import scenario_of
from durable_conformance.runtime import run_in_process
from durable_conformance.subject import OK, Always, CallbackAnswer, reference_to

AN_HOUR: CallbackConfig = CallbackConfig(timeout=Duration.from_hours(1))


def asked(context: DurableContext, *_: Any) -> Any:
    return context.create_callback(config=AN_HOUR).result()


@durable_execution
def callbacks(event: Any, context: DurableContext) -> list[Any]:
    first, second = context.create_callback(config=AN_HOUR), context.create_callback(config=AN_HOUR)
    return [first.result(), second.result()]


@durable_execution
def in_batches(event: Any, context: DurableContext) -> list[Any]:
    flat: MapConfig[int] = MapConfig(nesting_type=NestingType.FLAT)
    nested: BatchResult[Any] = context.map([1, 2], asked)
    flattened: BatchResult[Any] = context.map([1, 2], asked, config=flat)
    side_by_side: BatchResult[Any] = context.parallel([asked, asked])
    child = context.run_in_child_context(asked)
    return [nested.get_results(), flattened.get_results(), side_by_side.get_results(), child]


@durable_execution
def of_each_kind(event: Any, context: DurableContext) -> list[Any]:
    context.wait(Duration.from_minutes(5))
    polling: WaitForConditionConfig[int] = WaitForConditionConfig(
        initial_state=0,
        wait_strategy=lambda state, _: (
            WaitForConditionDecision.stop_polling()
            if state > 1
            else WaitForConditionDecision.continue_waiting(Duration.from_seconds(5))
        ),
    )
    polled = context.wait_for_condition(lambda state, _: state + 1, polling)
    step: int = context.step(lambda _: 1)
    invoked: Any = context.invoke("arn:aws:lambda:us-east-1:000000000000:function:other:1", step)
    return [polled, step, invoked]


@pytest.mark.parametrize("handler", [callbacks, in_batches, of_each_kind])
def test_an_operation_without_a_name_is_explored_here_and_in_other_sandboxes(handler: Any) -> None:
    exploration = Exploration(faults=False, orders=False, pairs=False)
    scenario = Scenario({}, ask=Always(OK))
    report = explore(handler_factory(handler), scenario, exploration, elsewhere=reference_to(handler))
    assert (report.findings, report.could_not_run) == ((), ())


def test_other_sandboxes_are_told_who_answered_what_has_no_name() -> None:
    answers: list[CallbackAnswer] = [Answered('"yes"'), Refused("no")]
    run = run_in_process(handler_factory(callbacks), Scenario({}, callbacks={"": answers}))
    assert scenario_of(run, Scenario({})).callbacks == {"": answers}
