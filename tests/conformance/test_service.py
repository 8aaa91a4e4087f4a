"""What the simulated service does of its own accord: time passes in order, and an error keeps its type."""

from __future__ import annotations

from typing import Any

import pytest
from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration

from durable_conformance import Answered, Refused, Scenario, Silence
from durable_conformance.execution import EPOCH, AnswerCame, Run, TimePassed
from durable_conformance.histories import provenance, record, recorded_scenario
from durable_conformance.runtime import run_in_process
from durable_conformance.subject import CallbackAnswer


def run(body: Any, **answers: CallbackAnswer) -> Run:
    """A handler in process, each callback answered by name."""
    scenario = Scenario(None, callbacks={name: [answer] for name, answer in answers.items()})
    return run_in_process(lambda _: durable_execution(body), scenario)


def waits_meanwhile(_event: Any, context: DurableContext) -> Any:
    """Waits for five seconds while a callback has a minute."""
    callback = context.create_callback("answer", CallbackConfig(timeout=Duration.from_minutes(1)))
    context.wait(Duration.from_seconds(5), name="pause")
    context.step(lambda _: "done", name="after-pause")
    return callback.result()


def test_a_wait_ends_before_a_timeout_that_is_later() -> None:
    made = run(waits_meanwhile, answer=Silence())
    order = [(one.seconds if isinstance(one, TimePassed) else "timeout") for one in made.events if _tells_time(one)]
    assert order == [5, 55, "timeout"]
    assert made.error_type is not None
    assert made.error_type.endswith("CallbackTimeoutError")


def _tells_time(event: object) -> bool:
    return isinstance(event, TimePassed | AnswerCame)


def two_callbacks(_event: Any, context: DurableContext) -> Any:
    _, second = (context.create_callback(name) for name in ("first", "second"))
    return second.result()


def test_one_callback_that_nothing_ends_keeps_no_other_from_its_answer() -> None:
    assert run(two_callbacks, first=Silence(), second=Answered("yes")).result == "yes"


def one_callback(_event: Any, context: DurableContext) -> Any:
    return context.create_callback("answer").result()


@pytest.mark.parametrize("type_", [None, "RejectedError"])
def test_a_refusal_has_the_type_that_it_was_given_and_so_has_its_history(type_: str | None) -> None:
    refused = Refused("not approved", type_)
    (callback,) = run(one_callback, answer=refused).operations
    assert (callback.error_type, callback.error_message) == (type_, "not approved")
    scenario = Scenario(None, callbacks={"answer": [refused]})
    history = record(lambda _: durable_execution(one_callback), scenario, provenance("handler", "refused", EPOCH))
    assert recorded_scenario(history).callbacks == {"answer": [refused]}
