"""Correct handlers with tricky control flow: sagas, batches, nesting, retries, at-most-once steps."""

from __future__ import annotations

from typing import Any

from aws_durable_execution_sdk_python import (
    BatchResult,
    ChildContextError,
    DurableContext,
    ParallelBranch,
    StepContext,
    StepError,
    durable_execution,
)
from aws_durable_execution_sdk_python.config import (
    CompletionConfig,
    Duration,
    MapConfig,
    NestingType,
    ParallelConfig,
    StepConfig,
    StepSemantics,
)
from aws_durable_execution_sdk_python.retries import RetryDecision, WithRetryConfig, with_retry

from patterns.durable import ask, fan_out
from providers import Message, ModelError, ModelProvider, ModelRequest
from providers.scripted import reply
from tests.conformance.corpus.asking import question, say_in_step
from tests.conformance.corpus.entry import Shelf

SHELF = Shelf()
NEVER: StepConfig = StepConfig(retry_strategy=lambda *_: RetryDecision.no_retry())
AT_MOST_ONCE: StepConfig = StepConfig(
    retry_strategy=lambda *_: RetryDecision.no_retry(), step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY
)


def soon(_: Exception, attempt: int) -> RetryDecision:
    """Three attempts, a second apart."""
    return RetryDecision.retry(Duration.from_seconds(1)) if attempt < 3 else RetryDecision.no_retry()


def all_of[T](batch: BatchResult[T]) -> list[T]:
    """Every branch's result; the first failure, if there is one."""
    batch.throw_if_error()
    return batch.get_results()


@SHELF.correct()
def saga_that_compensates() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> dict[str, Any]:
        def refuse(_: object) -> str:
            raise ValueError("no rooms left")

        undo: list[str] = []
        try:
            for name, book in (("flight", lambda _: "f-1"), ("car", lambda _: "c-1"), ("hotel", refuse)):
                context.step(book, f"book-{name}", NEVER)
                undo.append(name)
        except StepError as error:
            for name in reversed(undo):
                context.step(lambda _: None, f"cancel-{name}")
            return {"status": "rolled back", "why": error.message, "cancelled": undo}
        return {"status": "booked"}

    return handler


@SHELF.correct()
def first_of_three() -> object:
    """Whoever is first, the result is the same; which branches got how far is nobody's business."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        def mirror(branch: DurableContext) -> str:
            return branch.step(lambda _: "the file", "download")

        config = ParallelConfig(completion_config=CompletionConfig(min_successful=1))
        batch: BatchResult[str] = context.parallel([mirror, mirror, mirror], "mirrors", config)
        return batch.get_results()[0]

    return handler


@SHELF.correct(script=lambda *_: reply("yes"))
def first_of_three_models() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> bool:
        def vote(branch: DurableContext, number: int, *_: object) -> bool:
            return say_in_step(branch, model, "vote", f"Juror {number}: is it safe?").startswith("yes")

        config: MapConfig[int] = MapConfig(max_concurrency=2, completion_config=CompletionConfig(min_successful=1))
        return context.map([1, 2, 3], vote, "jury", config).get_results()[0]

    return workflow


@SHELF.correct()
def slow_branch_left_behind() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        def slow(branch: DurableContext) -> str:
            branch.wait(Duration.from_days(3), "long-way")
            return "slow"

        config = ParallelConfig(completion_config=CompletionConfig(min_successful=1))
        branches: list[ParallelBranch[str]] = [
            ParallelBranch(slow, "slow"),
            ParallelBranch(lambda branch: branch.step(lambda _: "ok", "q"), "quick"),
        ]
        batch: BatchResult[str] = context.parallel(branches, "race", config)
        return batch.get_results()[0]

    return handler


@SHELF.correct()
def retry_by_attempt_number() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        def flaky(step: StepContext) -> str:
            if step.attempt < 3:
                raise ConnectionError(f"attempt {step.attempt}")
            return f"connected at attempt {step.attempt}"

        return context.step(flaky, "connect", StepConfig(retry_strategy=soon))

    return handler


@SHELF.correct()
def block_retried_with_waits() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        def attempt(child: Any, number: int) -> str:
            child.step(lambda _: number, "prepare")
            if number < 2:
                raise ConnectionError("not yet")
            return f"done at {number}"

        config: WithRetryConfig[str] = WithRetryConfig(retry_strategy=soon)
        return with_retry(context, attempt, config, "upload")

    return handler


@SHELF.correct()
def nested_child_contexts() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        def inner(child: DurableContext) -> str:
            child.wait(Duration.from_seconds(1), "breathe")
            return ask(child, model, "inner-ask", "Inner").text

        def outer(child: DurableContext) -> str:
            first = ask(child, model, "outer-ask", "Outer").text
            return first + child.run_in_child_context(inner, "inner")

        return context.run_in_child_context(outer, "outer")

    return workflow


@SHELF.correct()
def child_context_that_fails() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        def part(child: DurableContext) -> str:
            child.step(lambda _: None, "begin")
            raise ValueError("this part failed")

        try:
            return context.run_in_child_context(part, "part")
        except ChildContextError as error:
            why = error.message
            return context.step(lambda _: f"noted: {why}", "note")

    return handler


@SHELF.correct()
def map_a_few_at_a_time() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> list[str]:
        config: MapConfig[str] = MapConfig(max_concurrency=2)
        topics = ["tides", "winds", "dunes"]
        return all_of(
            context.map(
                topics, lambda branch, topic, *_: ask(branch, model, "ask", topic, label=topic).text, "topics", config
            )
        )

    return workflow


@SHELF.correct()
def parallel_with_named_branches() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> list[str]:
        def side(name: str) -> ParallelBranch[str]:
            return ParallelBranch(lambda branch: ask(branch, model, "argue", name, label=name).text, name)

        return all_of(context.parallel([side("pro"), side("contra")], "sides"))

    return workflow


@SHELF.correct()
def flat_branches() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> list[str]:
        config: MapConfig[int] = MapConfig(nesting_type=NestingType.FLAT)
        return all_of(
            context.map(
                [1, 2], lambda branch, number, *_: say_in_step(branch, model, "ask", f"Page {number}"), "pages", config
            )
        )

    return workflow


@SHELF.correct()
def empty_map() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> dict[str, Any]:
        batch: BatchResult[Any] = context.map(
            [], lambda branch, item, *_: branch.step(lambda _: item, "work"), "nothing"
        )
        return {"count": len(batch.get_results()), "saved": context.step(lambda _: True, "save")}

    return handler


@SHELF.correct()
def batch_with_a_failed_branch() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> dict[str, list[str]]:
        def answer(branch: DurableContext, item: str, number: int) -> str:
            if item == "bad":
                raise ValueError("bad item")
            return ask(branch, model, "ask", item, label=f"item-{number}").text

        batch = fan_out(context, "items", ("good", "bad"), answer)
        return {"answers": [one.value for one in batch.succeeded], "failed": [one.error for one in batch.failed]}

    return workflow


@SHELF.correct()
def at_most_once_with_another_attempt() -> object:
    config: StepConfig = StepConfig(retry_strategy=soon, step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY)

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        paid = context.step(lambda _: "paid", "pay", config)
        return paid + context.step(lambda _: "told", "tell")

    return handler


@SHELF.correct()
def at_most_once_that_asks_what_became_of_it() -> object:
    """If it was interrupted nobody knows whether it happened: another step looks it up, and the result says so."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        try:
            return context.step(lambda _: "paid", "pay", AT_MOST_ONCE)
        except StepError:
            return context.step(lambda _: "interrupted; found paid", "look-up")

    return handler


@SHELF.correct()
def fallback_that_says_so() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> dict[str, Any]:
        try:
            return {"text": ask(context, model, "write", "Write").text, "degraded": False}
        except ModelError:
            return {"text": context.step(lambda _: "a template", "template"), "degraded": True}

    return workflow


@SHELF.correct()
def fallback_to_another_model() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        try:
            return ask(context, model, "write", "Write", tier="large").text
        except ModelError:
            return ask(context, model, "write-smaller", "Write", tier="small").text

    return workflow


@SHELF.correct(script={"*": [reply("more")] * 2 + [reply("done")] * 9})
def agent_loop() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        messages = [Message.user("Begin")]
        for turn in range(1, 6):
            request: ModelRequest = question(*messages)
            response = Message.assistant(
                say_in_step(context, model, f"turn-{turn}", request.messages[-1].text + f" {len(messages)}")
            )
            messages += [response, Message.user("Go on")]
            if response.text.startswith("done"):
                return response.text
        raise RuntimeError("the agent did not finish within 5 turns")

    return workflow
