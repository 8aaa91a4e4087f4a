"""Suite 4: callbacks."""

import datetime as dt
import json
from typing import Any

from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import CallbackConfig

from tests.oracle.handlers.registry import SECONDS, Mapped, caught, requirement


@requirement("4-1", "4-6")
def basic(event: Any, context: DurableContext) -> Any:
    return context.create_callback(event).result()


@requirement("4-2")
def named(_event: Any, context: DurableContext) -> Any:
    return context.create_callback("approval").result()


@requirement("4-3")
def times_out(event: Any, context: DurableContext) -> Any:
    return context.create_callback(event, CallbackConfig(timeout=SECONDS(5))).result()


@requirement("4-4")
def no_heartbeat(event: Any, context: DurableContext) -> Any:
    return context.create_callback(event, CallbackConfig(heartbeat_timeout=SECONDS(5))).result()


@requirement("4-5")
def kept_alive(event: Any, context: DurableContext) -> Any:
    return context.create_callback(event, CallbackConfig(heartbeat_timeout=SECONDS(10))).result()


@requirement("4-7")
def then_step(event: Any, context: DurableContext) -> Any:
    callback = context.create_callback(event)
    context.step(lambda _: "done")
    return callback.result()


@requirement("4-8")
def then_step_times_out(event: Any, context: DurableContext) -> Any:
    callback = context.create_callback(event, CallbackConfig(timeout=SECONDS(5)))
    context.step(lambda _: "done")
    return callback.result()


@requirement("4-9", "4-10")
def then_wait(event: Any, context: DurableContext) -> Any:
    callback = context.create_callback(event)
    context.wait(SECONDS(5))
    return callback.result()


@requirement("4-11")
def times_out_in_wait(event: Any, context: DurableContext) -> Any:
    callback = context.create_callback(event, CallbackConfig(timeout=SECONDS(3)))
    context.wait(SECONDS(6))
    return callback.result()


@requirement("4-12")
def before_wait(event: Any, context: DurableContext) -> Any:
    result = basic(event, context)
    context.wait(SECONDS(2))
    return result


@requirement("4-13")
def failure_caught(event: Any, context: DurableContext) -> Any:
    message = caught(lambda: basic(event, context), "it failed")
    context.wait(SECONDS(2))
    return message


@requirement("4-14")
def timeout_caught(event: Any, context: DurableContext) -> Any:
    callback = context.create_callback(event, CallbackConfig(timeout=SECONDS(3)))
    message = caught(callback.result, "it timed out")
    context.wait(SECONDS(2))
    return message


def _received(data: str) -> Any:
    document = json.loads(data)
    return document | {"timestamp": dt.datetime.fromisoformat(document["timestamp"])}


@requirement("4-15")
def typed(event: Any, context: DurableContext) -> Any:
    received = context.create_callback(event, CallbackConfig(serdes=Mapped(json.dumps, _received))).result()
    assert isinstance(received, dict)
    return {"received": received | {"timestamp": int(received["timestamp"].timestamp())}}


@requirement("4-16")
def number(event: Any, context: DurableContext) -> Any:
    count: Any = context.create_callback(event, CallbackConfig(serdes=Mapped(str, int))).result()
    return {"count": count, "doubled": count * 2}


@requirement("4-17")
def one_after_the_other(event: Any, context: DurableContext) -> Any:
    return [context.create_callback(name).result() for name in event]


@requirement("4-18")
def both_open(event: Any, context: DurableContext) -> Any:
    callbacks = [context.create_callback(name) for name in event]
    return [callback.result() for callback in callbacks]


@requirement("4-19")
def both_open_second_first(event: Any, context: DurableContext) -> Any:
    first, second = [context.create_callback(name) for name in event]
    return [second.result(), first.result()]
