"""Changes that executions which run meanwhile do not notice."""

from __future__ import annotations

import time
import uuid
from typing import Any

from aws_durable_execution_sdk_python import BatchResult, DurableContext
from aws_durable_execution_sdk_python.config import (
    CompletionConfig,
    Duration,
    ParallelConfig,
    StepConfig,
    StepSemantics,
)
from aws_durable_execution_sdk_python.retries import RetryStrategyConfig, create_retry_strategy

from durable_conformance import Answered, Silence
from providers import ModelProvider, ModelThrottledError
from providers.scripted import reply, throttled
from tests.conformance.corpus.asking import question, say_in_step
from tests.conformance.upgrades.breaking import published, titled
from tests.conformance.upgrades.change import Before, Changes

CHANGES = Changes()
YES = {"approve": [Answered('"yes"')]}


@CHANGES.compatible(Before(published, callbacks=YES))
def written_otherwise(event: Any, context: DurableContext, model: ModelProvider) -> str:
    def asked(name: str, text: str) -> str:
        return say_in_step(context, model, name, text)

    return titled(context, model, asked("edit", f"Edit {asked('draft', 'Draft')}"))


@CHANGES.compatible(Before(published, event={"topic": "tea"}, callbacks=YES))
def event_field_with_a_default(event: Any, context: DurableContext, model: ModelProvider) -> str:
    draft = say_in_step(context, model, "draft", f"{event.get('tone', '')}Draft")
    return titled(context, model, say_in_step(context, model, "edit", f"Edit {draft}"))


def stamped(event: Any, context: DurableContext, model: ModelProvider) -> str:
    """A time and an id that are recorded."""
    when = context.step(lambda _: time.time_ns(), "now")
    number = context.step(lambda _: uuid.uuid4().hex, "number")
    return say_in_step(context, model, "letter", f"Letter {number} of {when}") + number


@CHANGES.compatible(Before(stamped))
def another_number(event: Any, context: DurableContext, model: ModelProvider) -> str:
    """Where the old number is recorded, it counts."""
    when = context.step(lambda _: time.time_ns(), "now")
    number = context.step(lambda _: f"letter-{uuid.uuid4()}", "number")
    return say_in_step(context, model, "letter", f"Letter {number} of {when}") + number


def patient(event: Any, context: DurableContext, model: ModelProvider) -> str:
    return say_in_step(context, model, "ask", "Ask")


@CHANGES.compatible(Before(patient, script=[throttled(), throttled(), reply("An answer.")]))
def more_attempts_and_other_delays(event: Any, context: DurableContext, model: ModelProvider) -> str:
    retries = RetryStrategyConfig(
        max_attempts=9, initial_delay=Duration.from_minutes(2), retryable_error_types=[ModelThrottledError]
    )
    config: StepConfig = StepConfig(retry_strategy=create_retry_strategy(retries))
    return context.step(lambda _: model.converse(question("Ask")).text, "ask", config)


def charged(event: Any, context: DurableContext, model: ModelProvider) -> str:
    """A step that must not run twice: what died in it is over, and the handler says so."""
    once: StepConfig = StepConfig(step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY)
    context.step(lambda _: "charged", "charge", once)
    return say_in_step(context, model, "receipt", "Receipt")


@CHANGES.compatible(Before(charged))
def once_and_not_again(event: Any, context: DurableContext, model: ModelProvider) -> str:
    once: StepConfig = StepConfig(
        retry_strategy=create_retry_strategy(RetryStrategyConfig(max_attempts=1)),
        step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY,
    )
    context.step(lambda _: "charged", "charge", once)
    return say_in_step(context, model, "receipt", "Receipt")


def raced(event: Any, context: DurableContext, model: ModelProvider) -> str:
    """The first answer counts, and which that is depends on the machine."""
    branches = [lambda branch, n=n: say_in_step(branch, model, "ask", f"Ask {n}") for n in range(3)]
    first_of_all: ParallelConfig = ParallelConfig(completion_config=CompletionConfig(min_successful=1))
    answers = context.parallel(branches, "race", first_of_all).get_results()
    context.wait(Duration.from_hours(1), "cool-down")
    return say_in_step(context, model, "thank", f"Thank for {answers[0]}")


@CHANGES.compatible(Before(raced))
def raced_as_before(event: Any, context: DurableContext, model: ModelProvider) -> str:
    return raced(event, context, model)


def asked_alike(event: Any, context: DurableContext, model: ModelProvider) -> list[str]:
    """Branches that ask the same and are answered each in its way."""
    batch: BatchResult[str] = context.map(
        [1, 2, 3], lambda branch, *_: say_in_step(branch, model, "ask", "Any idea?"), "ideas"
    )
    return batch.get_results()


@CHANGES.compatible(Before(asked_alike, script=lambda _request, position: reply(f"Idea {position}.")))
def asked_alike_as_before(event: Any, context: DurableContext, model: ModelProvider) -> list[str]:
    return asked_alike(event, context, model)


@CHANGES.compatible(Before(published, callbacks={"approve": [Silence()]}))
def failing_as_before(event: Any, context: DurableContext, model: ModelProvider) -> str:
    """Nobody answers, and the execution fails in both."""
    return published(event, context, model)


def reported(event: Any, context: DurableContext, model: ModelProvider) -> int:
    """A result that the service does not store: it is computed from what the context holds."""

    def pages(child: DurableContext) -> list[str]:
        return [child.step(lambda _: "x" * 100_000, f"page-{n}") for n in range(3)]

    return sum(map(len, context.run_in_child_context(pages, "pages")))


@CHANGES.compatible(Before(reported))
def reported_as_before(event: Any, context: DurableContext, model: ModelProvider) -> int:
    return reported(event, context, model)
