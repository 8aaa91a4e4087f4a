"""Handlers whose result depends on the sandbox that happens to run them."""

from __future__ import annotations

import datetime as dt
import os
import random
import tempfile
from pathlib import Path
from typing import Any

from aws_durable_execution_sdk_python import DurableContext, durable_execution

from providers import ModelProvider
from tests.conformance.corpus.asking import say_in_step
from tests.conformance.corpus.entry import Shelf

SHELF = Shelf(in_other_sandboxes=True)
REGIONS = {"us-east-1", "eu-west-1", "ap-south-1", "sa-east-1", "af-south-1"}
_known: dict[str, str] = {}


@SHELF.broken("environment")
def operations_in_the_order_of_a_set() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[str]:
        return [context.step(lambda _, region=region: region.upper(), f"deploy-{region}") for region in REGIONS]  # type: ignore[misc]  # the fault

    return handler


@SHELF.broken("environment")
def set_joined_into_a_prompt() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        context.step(lambda _: None, "prepare")
        return say_in_step(context, model, "compare", f"Compare {', '.join(REGIONS)}")  # the fault

    return workflow


@SHELF.broken("environment")
def set_of_two_names_in_a_prompt() -> object:
    """Which of two comes first is a coin that every hash seed tosses: it takes several to see both sides."""

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        context.step(lambda _: None, "prepare")
        return say_in_step(context, model, "compare", f"Compare {' with '.join({'ana', 'ora'})}")  # the fault

    return workflow


@SHELF.broken("environment")
def hash_of_a_text_as_a_shard() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> int:
        return context.step(lambda _: 10, "offset") + hash("order-7") % 1_000  # the fault

    return handler


@SHELF.broken("environment")
def date_read_outside_any_step() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        total = context.step(lambda _: 12, "add-up")
        return f"{total} EUR on {dt.datetime.now(dt.UTC).date()}"  # the fault

    return handler


@SHELF.broken("environment")
def weekend_branch() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        context.step(lambda _: None, "prepare")
        if dt.datetime.now(dt.UTC).toordinal() % 2:  # the fault
            return context.step(lambda _: "odd", "odd-day")
        return context.step(lambda _: "even", "even-day")

    return handler


@SHELF.broken("environment")
def random_number_from_a_seeded_generator() -> object:
    """In one process the generator goes on; in the next it starts with another seed."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[int]:
        lucky = random.randrange(1_000_000)  # no secret  # the fault
        return [context.step(lambda _: 1, "draw"), lucky]

    return handler


@SHELF.broken("environment")
def name_of_the_log_stream() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        context.step(lambda _: None, "work")
        return os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", "local")  # the fault

    return handler


@SHELF.broken("no-invocation-state")
def file_in_the_temporary_folder() -> object:
    """A warm sandbox still has it."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        draft = Path(tempfile.gettempdir()) / "durable-ai-draft"
        context.step(lambda _: draft.write_text("a draft", encoding="utf-8"), "draft")  # the fault
        context.step(lambda _: None, "check")
        return draft.read_text(encoding="utf-8")  # the fault

    return handler


@SHELF.broken("no-invocation-state")
def value_kept_in_the_module_by_a_step() -> object:
    """In one process it is always there; after a cold start it is not."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        context.step(lambda _: _known.update(customer="Ana"), "look-up")  # the fault
        context.step(lambda _: None, "check")
        return _known.get("customer", "nobody")

    return handler
