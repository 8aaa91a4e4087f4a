"""Correct handlers around recorded values: times, ids, large and odd results, names that come from checkpoints."""

from __future__ import annotations

import random
import time
import uuid
from typing import Any

from aws_durable_execution_sdk_python import BatchResult, DurableContext, StepError, durable_execution
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration, StepConfig

from durable_conformance import Answered
from patterns.durable import ask
from providers import ModelProvider
from providers.scripted import reply
from tests.conformance.corpus.asking import SENSIBLE, say_in_step
from tests.conformance.corpus.entry import Shelf

SHELF = Shelf(in_other_sandboxes=True)


@SHELF.correct()
def recorded_time() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> dict[str, Any]:
        now = context.step(lambda _: time.time(), "now")
        return {"at": now, "text": ask(context, model, "greet", f"It is {now}. Greet me.").text}

    return workflow


@SHELF.correct()
def recorded_id() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> dict[str, str]:
        order = context.step(lambda _: str(uuid.uuid4()), "order-id")
        return {"order": order, "receipt": context.step(lambda _: f"receipt for {order}", "receipt")}

    return handler


@SHELF.correct()
def recorded_number_that_is_calculated_with() -> object:
    """Neither the number nor what is made of it can be told from other text."""

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> dict[str, Any]:
        drawn = context.step(lambda _: random.randint(1, 60_000), "draw")
        text = say_in_step(context, model, "comment", f"Comment on {drawn}")
        return {"drawn": drawn, "squared": drawn * drawn, "text": text}

    return workflow


@SHELF.correct()
def branches_on_a_recorded_number() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        if context.step(lambda _: random.random(), "toss") < 0.5:
            return context.step(lambda _: "heads", "heads")
        context.wait(Duration.from_seconds(5), "tails")
        return "tails"

    return handler


@SHELF.correct()
def recorded_id_of_a_child_context() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[str]:
        batch = context.run_in_child_context(lambda _: uuid.uuid4().hex, "batch-id")
        return [batch, context.step(lambda _: batch[:3], "shorten")]

    return handler


@SHELF.correct()
def recorded_id_in_an_operation_name() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        order = context.step(lambda _: uuid.uuid4().hex, "order-id")
        return context.step(lambda _: "shipped", f"ship-{order}")

    return handler


@SHELF.correct()
def model_answer_in_an_operation_name() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        category = say_in_step(context, model, "classify", "Which department?")
        return say_in_step(context, model, f"handle-{category}", "Handle it")

    return workflow


@SHELF.correct()
def random_value_and_answer_in_one_record() -> object:
    """What the step saves holds both: an answer that differs by the call, and an id that differs by the execution."""

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> dict[str, str]:
        text = say_in_step(context, model, "draft", "Draft")
        return context.step(lambda _: {"id": str(uuid.uuid4()), "text": f"saved {text}"}, "save")

    return workflow


@SHELF.correct()
def random_value_in_an_error() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        def charge(_: object) -> str:
            raise ValueError(f"charge {uuid.uuid4()} was refused")

        try:
            return context.step(charge, "charge", StepConfig(retry_strategy=SENSIBLE))
        except StepError as error:
            return error.message or ""

    return handler


@SHELF.correct(callbacks={"reply": [Answered('"yes"')] * 3})
def callback_id_sent_by_a_step() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[Any]:
        callback = context.create_callback("reply", CallbackConfig(timeout=Duration.from_days(2)))
        sent = context.step(lambda _: f"mail with {callback.callback_id}", "send")
        return [callback.result(), sent]

    return handler


@SHELF.correct()
def large_result_of_a_child_context() -> object:
    """Too large to store: the SDK makes it anew on replay, from the steps in it."""

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> int:
        def book(child: DurableContext) -> str:
            return say_in_step(child, model, "chapter", "Write") * 2 + "x" * 300_000

        text = context.run_in_child_context(book, "book")
        context.step(lambda _: None, "save")
        return len(text) > 300_000

    return workflow


@SHELF.correct()
def large_results_of_map_branches() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> list[str]:
        def page(branch: DurableContext, number: int, *_: object) -> str:
            return say_in_step(branch, model, "write", f"Page {number}") + "x" * 150_000

        batch: BatchResult[Any] = context.map([1, 2], page, "pages")
        batch.throw_if_error()
        context.step(lambda _: None, "save")
        return [text[:20] for text in batch.get_results()]

    return workflow


@SHELF.correct(event={"name": "Zoë 🦊"}, script={"*": [reply("Grüße, 世界 ~ „Zoë“")] * 9})
def unicode_everywhere() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> dict[str, str]:
        greeting = ask(context, model, "greet", f"Greet {event['name']}").text
        return {event["name"]: context.step(lambda _: greeting + "\u2028\ud7ff", "decorate")}

    return workflow


@SHELF.correct()
def steps_that_return_nothing() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> None:
        if context.step(lambda _: None, "look") is None:
            context.step(lambda _: None, "report")

    return handler


@SHELF.correct()
def typed_values_in_and_out() -> object:
    """Tuples, bytes and None survive the SDK's own serialisation."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[Any]:
        pair = context.step(lambda _: ("a", 1, None), "pair")
        data = context.step(lambda _: b"\x00\xff", "data")
        return [type(pair).__name__, list(pair), data.hex()]

    return handler
