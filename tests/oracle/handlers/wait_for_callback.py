"""Suite 7: waiting for a callback."""

import json
from typing import Any

from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import WaitForCallbackConfig

from tests.oracle.handlers.registry import SECOND, SECONDS, Mapped, caught, fail, requirement, retries


def submit(*_: object) -> None:
    """Nobody needs to be told."""


@requirement("7-1", "7-4", "7-15")
def basic(event: Any, context: DurableContext) -> Any:
    return context.wait_for_callback(submit, name=event)


@requirement("7-2")
def named(_event: Any, context: DurableContext) -> Any:
    return context.wait_for_callback(submit, name="approval")


@requirement("7-3")
def unnamed(_event: Any, context: DurableContext) -> Any:
    return context.wait_for_callback(lambda *_: None)


@requirement("7-5")
def times_out(event: Any, context: DurableContext) -> Any:
    return context.wait_for_callback(submit, name=event, config=WaitForCallbackConfig(timeout=SECONDS(3)))


@requirement("7-6")
def failure_caught(event: Any, context: DurableContext) -> Any:
    return caught(lambda: basic(event, context), "recovered")


@requirement("7-7")
def submitter_fails(event: Any, context: DurableContext) -> Any:
    return context.wait_for_callback(fail, name=event, config=WaitForCallbackConfig(retry_strategy=retries(2)))


@requirement("7-8")
def in_child(event: Any, context: DurableContext) -> Any:
    return context.run_in_child_context(lambda child: basic(event, child), name="wrapper")


@requirement("7-9")
def sequential(_event: Any, context: DurableContext) -> Any:
    context.wait_for_callback(submit, name="first")
    return context.wait_for_callback(submit, name="second")


@requirement("7-10")
def after_others(event: Any, context: DurableContext) -> Any:
    context.wait(SECOND)
    context.step(lambda _: "data")
    return basic(event, context)


@requirement("7-11")
def deserialized(event: Any, context: DurableContext) -> Any:
    config = WaitForCallbackConfig(serdes=Mapped(json.dumps))
    return context.wait_for_callback(submit, name=event, config=config)["status"]


@requirement("7-12")
def no_heartbeat(event: Any, context: DurableContext) -> Any:
    return context.wait_for_callback(submit, name=event, config=WaitForCallbackConfig(heartbeat_timeout=SECONDS(5)))


@requirement("7-13")
def kept_alive(event: Any, context: DurableContext) -> Any:
    return context.wait_for_callback(submit, name=event, config=WaitForCallbackConfig(heartbeat_timeout=SECONDS(10)))


@requirement("7-14")
def timeout_caught(event: Any, context: DurableContext) -> Any:
    return caught(lambda: times_out(event, context), "timed-out-handled")
