"""Suite 5: chained invocations. What is invoked echoes its payload, or fails."""

import json
from collections.abc import Sequence
from typing import Any

from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import InvokeConfig

from durable_conformance import Answered, Refused
from durable_conformance.subject import CallbackAnswer
from tests.oracle.handlers.registry import SECOND, Mapped, caught, requirement

TARGET = "target:1"
LARGE = "x" * 200_000


def echo(event: Any) -> Sequence[CallbackAnswer]:
    return [Answered(json.dumps(event))] * 2


def echo_payload(event: Any) -> Sequence[CallbackAnswer]:
    return echo(event["payload"])


def fails(_event: Any) -> Sequence[CallbackAnswer]:
    return [Refused("the target fails")]


@requirement("5-1", "5-3", "5-4", invoked=echo)
@requirement("5-5", invoked=fails)
def basic(event: Any, context: DurableContext) -> Any:
    return context.invoke(TARGET, event)


@requirement("5-2", invoked=echo_payload)
def named(event: Any, context: DurableContext) -> Any:
    return context.invoke(TARGET, event["payload"], name=event["name"])


@requirement("5-6", invoked=fails)
def failure_caught(event: Any, context: DurableContext) -> Any:
    return caught(lambda: basic(event, context), "fallback")


@requirement("5-7", invoked=lambda _: echo(LARGE))
def large(_event: Any, context: DurableContext) -> Any:
    return len(context.invoke(TARGET, LARGE))


@requirement("5-8", invoked=echo_payload)
def tenant(event: Any, context: DurableContext) -> Any:
    return context.invoke(TARGET, event["payload"], config=InvokeConfig(tenant_id=event["tenantId"]))


@requirement("5-9", invoked=echo)
def replayed(event: Any, context: DurableContext) -> Any:
    result = basic(event, context)
    context.wait(SECOND)
    return result


@requirement("5-10", invoked=fails)
def failure_replayed(event: Any, context: DurableContext) -> Any:
    result = failure_caught(event, context)
    context.wait(SECOND)
    return result


@requirement("5-11", invoked=lambda _: echo("from the step"))
def after_step(_event: Any, context: DurableContext) -> Any:
    return context.invoke(TARGET, context.step(lambda _: "from the step"))


@requirement("5-12", invoked=echo)
def before_step(event: Any, context: DurableContext) -> Any:
    result = basic(event, context)
    return context.step(lambda _: result)


@requirement("5-13", invoked=echo)
def in_child(event: Any, context: DurableContext) -> Any:
    return context.run_in_child_context(lambda child: child.invoke(TARGET, event))


@requirement("5-14", invoked=echo)
def sequential(event: Any, context: DurableContext) -> Any:
    return [context.invoke(TARGET, event), context.invoke(TARGET, event)]


@requirement("5-15", invoked=lambda event: echo(event["data"].upper()))
def payload_serdes(event: Any, context: DurableContext) -> Any:
    config: InvokeConfig[Any, Any] = InvokeConfig(serdes_payload=Mapped(lambda value: f'"{value["data"].upper()}"'))
    return context.invoke(TARGET, event, config=config)


@requirement("5-16", invoked=echo)
def result_serdes(event: Any, context: DurableContext) -> Any:
    config: InvokeConfig[Any, Any] = InvokeConfig(serdes_result=Mapped(json.dumps, str.upper))
    return context.invoke(TARGET, event, config=config)
