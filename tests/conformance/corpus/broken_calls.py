"""Handlers that call the model where no checkpoint protects the answer, or again after it was recorded."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_durable_execution_sdk_python import BatchResult, DurableContext, ParallelBranch
from aws_durable_execution_sdk_python.config import Duration, MapConfig, NestingType, StepConfig
from aws_durable_execution_sdk_python.retries import RetryDecision, WithRetryConfig, with_retry

from providers import ModelProvider
from tests.conformance.corpus.asking import SENSIBLE, say, say_in_step
from tests.conformance.corpus.entry import Shelf

SHELF = Shelf()
LONG = "x" * 300_000
"""More than a checkpoint holds: the SDK then runs the context's body again on replay, to make the result anew."""


# durable-calls: outside any step, or in a body that has operations of its own.


@SHELF.broken("durable-calls")
def call_between_steps() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        topic = context.step(lambda _: "tides", "choose")
        return context.step(lambda _: "saved", "save") + say(model, f"Write about {topic}")  # the fault

    return workflow


@SHELF.broken("durable-calls")
def call_in_the_body_of_a_child_context() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        def chapter(child: DurableContext) -> str:
            text = say(model, "Write")  # the fault
            child.step(lambda _: None, "save")
            return text

        return context.run_in_child_context(chapter, "chapter")

    return workflow


@SHELF.broken("durable-calls")
def call_in_the_body_of_a_map_branch() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> list[str]:
        def page(branch: DurableContext, number: int, *_: object) -> str:
            branch.wait(Duration.from_seconds(number), "spread")
            return say(model, f"Page {number}")  # the fault

        return context.map([1, 2], page, "pages").get_results()

    return workflow


@SHELF.broken("durable-calls")
def call_in_a_thread() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> list[str]:
        with ThreadPoolExecutor(2) as pool:
            drafts = list(pool.map(lambda prompt: say(model, prompt), ["Draft", "Draft again"]))  # the fault
        return [context.step(lambda _: draft, "save") for draft in drafts]  # noqa: B023  # called at once

    return workflow


@SHELF.broken("durable-calls")
def call_that_names_the_branches() -> object:
    """`item_namer` runs in the handler, not in a step."""

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> list[int]:
        config: MapConfig[int] = MapConfig(
            item_namer=lambda _, index: f"{index}-{len(say(model, 'Name it'))}"  # the fault
        )
        batch: BatchResult[Any] = context.map(
            [1, 2], lambda branch, item, *_: branch.step(lambda _: item, "work"), "items", config
        )
        return batch.get_results()

    return workflow


@SHELF.broken("durable-calls")
def call_in_a_block_that_is_retried() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        def attempt(child: Any, number: int) -> str:
            text = say(model, "Write")  # the fault
            child.wait(Duration.from_seconds(1), f"pause-{number}")
            return text

        config: WithRetryConfig[str] = WithRetryConfig(retry_strategy=lambda *_: RetryDecision.no_retry())
        return with_retry(context, attempt, config, "write")

    return workflow


@SHELF.broken("durable-calls")
def call_while_waiting_for_a_callback() -> object:
    """Between making the callback and waiting for it, to write the mail that carries its id."""

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        answer = context.step(lambda _: "yes", "ask")
        mail = say(model, "Write a mail")  # the fault
        context.wait(Duration.from_days(1), "a-day")
        return answer + mail

    return workflow


# no-repeated-call: an operation that had ended called the model again.


@SHELF.broken("no-repeated-call")
def call_in_a_context_whose_result_is_too_large() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> int:
        text = context.run_in_child_context(lambda _: say(model, "Write") + LONG, "chapter")  # the fault
        context.step(lambda _: None, "save")
        return len(text)

    return workflow


@SHELF.broken("no-repeated-call")
def call_in_a_branch_whose_result_is_too_large() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> int:
        branches: list[ParallelBranch[str]] = [
            ParallelBranch(lambda _: say(model, "Write") + LONG, "write"),  # the fault
            ParallelBranch(lambda _: "", "rest"),
        ]
        batch: BatchResult[Any] = context.parallel(branches, "both")
        context.step(lambda _: None, "save")
        return len(batch.get_results())

    return workflow


@SHELF.broken("no-repeated-call")
def call_in_a_map_whose_results_are_too_large() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> int:
        batch: BatchResult[Any] = context.map(
            [1, 2],
            lambda _, number, *__: say(model, f"Write {number}") + LONG,  # the fault
            "chapters",
        )
        context.step(lambda _: None, "save")
        return batch.success_count

    return workflow


@SHELF.broken("no-repeated-call")
def calls_as_often_as_it_was_invoked() -> object:
    invocations = itertools.count(1)

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        times = next(invocations)  # the fault

        def best_of(_: object) -> str:
            return min(say(model, f"Draft {number}") for number in range(times))

        return context.step(best_of, "draft", StepConfig(retry_strategy=SENSIBLE))

    return workflow


@SHELF.broken("no-repeated-call")
def call_in_a_flat_branch_of_a_large_map() -> object:
    """Flat branches have no checkpoint: when the map's result is too large, their bodies run again."""

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> int:
        config: MapConfig[int] = MapConfig(nesting_type=NestingType.FLAT)
        batch: BatchResult[Any] = context.map(
            [1, 2],
            lambda _, number, *__: say(model, f"Write {number}") + LONG,  # the fault
            "chapters",
            config,
        )
        say_in_step(context, model, "title", "Title")
        return batch.success_count

    return workflow
