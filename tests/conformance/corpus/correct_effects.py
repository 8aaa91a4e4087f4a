"""Correct handlers with side effects, chained invocations and heartbeats."""

from __future__ import annotations

import json
from typing import Any

from aws_durable_execution_sdk_python import CallbackTimeoutError, DurableContext, InvokeError, durable_execution
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration, StepConfig, StepSemantics
from aws_durable_execution_sdk_python.exceptions import StepInterruptedError
from aws_durable_execution_sdk_python.retries import RetryPresets

from durable_conformance import Answered, Effect, Refused, Semantics, Silence
from providers import ModelProvider
from tests.conformance.corpus.asking import say_in_step
from tests.conformance.corpus.entry import Shelf

SHELF = Shelf(in_other_sandboxes=True)
CHARGE = Effect("charge", Semantics.AT_MOST_ONCE)
MAIL = Effect("mail", Semantics.AT_LEAST_ONCE)


@SHELF.correct()
def charge_at_most_once() -> object:
    config: StepConfig = StepConfig(RetryPresets.none(), StepSemantics.AT_MOST_ONCE_PER_RETRY)

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        try:
            context.step(lambda _: CHARGE.happened("order-7"), "charge", config)
        except StepInterruptedError:
            return "ask the bank"
        return "charged"

    return handler


@SHELF.correct()
def mail_in_a_step() -> object:
    """At least once is what it says: a crash in the step repeats it, and nothing else does."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        context.step(lambda _: MAIL.happened("welcome"), "mail")
        context.wait(Duration.from_days(1), "a-day")
        context.step(lambda _: MAIL.happened("still there?"), "mail-again")
        return "done"

    return handler


@SHELF.correct(invokes={"price": [Answered(json.dumps({"price": 12}))], "other-function:1": [Refused("sold out")]})
def chained_invocations() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        item = say_in_step(context, model, "choose", "Choose an item")
        price: Any = context.invoke("price-function:1", {"item": item}, "price")
        try:
            context.invoke("other-function:1", {"item": item})
        except InvokeError as error:
            return f"{item} for {price['price']}: {error}"
        return "unreached"

    return workflow


@SHELF.correct(callbacks={"inspection": [Silence()]})
def callback_without_heartbeat() -> object:
    config = CallbackConfig(timeout=Duration.from_days(3), heartbeat_timeout=Duration.from_minutes(5))

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        callback = context.create_callback("inspection", config)
        context.step(lambda _: None, "tell-the-inspector")
        try:
            return str(callback.result())
        except CallbackTimeoutError as error:
            return str(error)

    return handler
