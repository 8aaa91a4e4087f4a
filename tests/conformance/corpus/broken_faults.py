"""Handlers that retry what cannot pass or do not retry what can, and handlers that hide that everything failed."""

from __future__ import annotations

from typing import Any

from aws_durable_execution_sdk_python import BatchResult, DurableContext, StepError
from aws_durable_execution_sdk_python.config import CompletionConfig, Duration, JitterStrategy, MapConfig, StepConfig
from aws_durable_execution_sdk_python.retries import (
    RetryDecision,
    RetryStrategyConfig,
    WithRetryConfig,
    create_retry_strategy,
    with_retry,
)

from durable_conformance.rules import Severity
from patterns.durable import ask
from providers import ModelError, ModelProvider, ModelTimeoutError, RetryableModelError
from tests.conformance.corpus.asking import say, say_in_step
from tests.conformance.corpus.entry import Shelf

SHELF = Shelf()


# retry-policy


@SHELF.broken("retry-policy", severity=Severity.WARNING)
def retries_everything_by_default() -> object:
    """Without a strategy a step has the SDK's: six attempts, whatever the error."""

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        return context.step(lambda _: say(model, "Draft"), "draft")  # the fault

    return workflow


@SHELF.broken("retry-policy")
def retries_without_error_types() -> object:
    policy = create_retry_strategy(  # the fault
        RetryStrategyConfig(max_attempts=2, jitter_strategy=JitterStrategy.NONE)
    )

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        return context.step(lambda _: say(model, "Draft"), "draft", StepConfig(retry_strategy=policy))

    return workflow


@SHELF.broken("retry-policy")
def retries_inside_the_step() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        def draft(_: object) -> str:
            for _attempt in range(3):  # the fault
                try:
                    return say(model, "Draft")
                except ModelError as error:
                    last = error
            raise last

        return context.step(draft, "draft", StepConfig(retry_strategy=lambda *_: RetryDecision.no_retry()))

    return workflow


@SHELF.broken("retry-policy")
def never_retries() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        config: StepConfig = StepConfig(retry_strategy=lambda *_: RetryDecision.no_retry())  # the fault
        return context.step(lambda _: say(model, "Draft"), "draft", config)

    return workflow


@SHELF.broken("retry-policy")
def retries_timeouts_but_not_throttling() -> object:
    policy = create_retry_strategy(  # the fault
        RetryStrategyConfig(max_attempts=3, retryable_error_types=[ModelTimeoutError])
    )

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        return context.step(lambda _: say(model, "Draft"), "draft", StepConfig(retry_strategy=policy))

    return workflow


@SHELF.broken("retry-policy")
def retries_the_whole_block() -> object:
    """The step's policy is right, and the block around it tries a permanent error again, in another step."""

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        def draft(child: Any) -> str:
            return say_in_step(child, model, "draft", "Draft")

        config: WithRetryConfig[str] = WithRetryConfig(
            retry_strategy=lambda _, attempt: (  # the fault
                RetryDecision.retry(Duration.from_seconds(1)) if attempt < 3 else RetryDecision.no_retry()
            )
        )
        return with_retry(context, lambda child, _: draft(child), config, "drafting")

    return workflow


@SHELF.broken("retry-policy")
def attempts_counted_in_a_local_variable() -> object:
    """The count begins anew with every invocation, so the retries never come to an end."""

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        failures: list[Exception] = []

        def again(error: Exception, _attempt: int) -> RetryDecision:
            failures.append(error)  # the fault
            passes = isinstance(error, RetryableModelError) and len(failures) < 3
            return RetryDecision.retry(Duration.from_seconds(1)) if passes else RetryDecision.no_retry()

        return context.step(lambda _: say(model, "Draft"), "draft", StepConfig(retry_strategy=again))

    return workflow


@SHELF.broken("retry-policy")
def retries_without_end() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        def again(error: Exception, _attempt: int) -> RetryDecision:
            passes = isinstance(error, RetryableModelError)  # the fault
            return RetryDecision.retry(Duration.from_seconds(1)) if passes else RetryDecision.no_retry()

        return context.step(lambda _: say(model, "Draft"), "draft", StepConfig(retry_strategy=again))

    return workflow


# failure-visible


@SHELF.broken("failure-visible")
def nothing_for_an_answer() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> dict[str, str]:
        try:
            return {"draft": say_in_step(context, model, "draft", "Draft")}
        except StepError:  # the fault
            return {}

    return workflow


@SHELF.broken("failure-visible")
def failed_branches_dropped() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> list[str]:
        config: MapConfig[str] = MapConfig(completion_config=CompletionConfig(tolerated_failure_percentage=100))
        topics = ["tides", "winds"]
        batch: BatchResult[Any] = context.map(
            topics, lambda branch, topic, *_: say_in_step(branch, model, "ask", topic), "topics", config
        )
        return batch.get_results()  # the fault

    return workflow


@SHELF.broken("failure-visible")
def an_empty_list_of_failures() -> object:
    """It has a field for failures, and never fills it."""

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> dict[str, list[str]]:
        answers: list[str] = []
        for name in ("pro", "contra"):
            try:
                answers.append(ask(context, model, name, f"{name}?").text)
            except ModelError:  # the fault
                continue
        return {"answers": answers, "failed": []}

    return workflow


@SHELF.broken("failure-visible", event={"topic": "error handling and retry"})
def echoes_an_event_that_speaks_of_errors() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> dict[str, Any]:
        try:
            text: str | None = ask(context, model, "draft", "Draft").text
        except ModelError:  # the fault
            text = None
        return {"topic": event["topic"], "text": text}

    return workflow


@SHELF.broken("failure-visible")
def a_cheerful_default() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        try:
            return ask(context, model, "verdict", "Is it safe?").text
        except ModelError:  # the fault
            return "Yes, it is safe."

    return workflow
