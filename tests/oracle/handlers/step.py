"""Suite 1: steps."""

from typing import Any

from aws_durable_execution_sdk_python import DurableContext, StepContext
from aws_durable_execution_sdk_python.config import StepConfig, StepSemantics

from tests.oracle.handlers.registry import (
    NO_RETRY,
    SECOND,
    SECONDS,
    UPPERCASE,
    caught,
    fail,
    requirement,
    retries,
    retrying,
)


class TransientError(Exception):
    """Worth another attempt, or not, as the strategy says."""


def failing_before(attempt: int, result: Any, error: type[Exception] = ValueError) -> Any:
    """A step that fails until an attempt."""

    def step(context: StepContext) -> Any:
        if context.attempt < attempt:
            raise error(f"attempt {context.attempt}")
        return result

    return step


@requirement("1-1", "1-7")
def basic(event: Any, context: DurableContext) -> Any:
    def greet(step: StepContext) -> str:
        step.logger.info("Greeting step started for: %s", event)
        return f"Hello, {event}!"

    return context.step(greet)


@requirement("1-2")
def named(event: Any, context: DurableContext) -> Any:
    return context.step(lambda _: f"Hello, {event}!", name="custom_step_name")


@requirement("1-3")
def sequential(_event: Any, context: DurableContext) -> Any:
    first = context.step(lambda _: "first")
    return context.step(lambda _: f"{first}_second")


@requirement("1-4")
def complex_object(event: Any, context: DurableContext) -> Any:
    return context.step(lambda _: {"user": event, "count": len(event["tags"])})


@requirement("1-5")
def nothing(_event: Any, context: DurableContext) -> Any:
    return context.step(lambda _: None)


@requirement("1-6")
def custom_serdes(event: Any, context: DurableContext) -> Any:
    return context.step(lambda _: event, config=StepConfig(serdes=UPPERCASE))


@requirement("1-8")
def step_and_wait(_event: Any, context: DurableContext) -> Any:
    result = context.step(lambda _: "computed")
    context.wait(SECONDS(2))
    return result


@requirement("1-9")
def replay_skips(_event: Any, context: DurableContext) -> Any:
    result = context.step(lambda _: "cached_value")
    context.wait(SECOND)
    return result


@requirement("1-10")
def replay_throws_again(_event: Any, context: DurableContext) -> Any:
    result = caught(lambda: context.step(fail, config=NO_RETRY), "caught")
    context.wait(SECOND)
    return result


@requirement("1-11")
def retried(_event: Any, context: DurableContext) -> Any:
    return context.step(failing_before(2, "Operation succeeded"), config=retrying(3))


@requirement("1-12")
def exhausted(_event: Any, context: DurableContext) -> Any:
    return context.step(fail, config=retrying(4))


@requirement("1-13")
def default_strategy(_event: Any, context: DurableContext) -> Any:
    return context.step(failing_before(3, "ok"))


@requirement("1-14")
def backoff(_event: Any, context: DurableContext) -> Any:
    return context.step(failing_before(3, "ok"), config=retrying(5, delay=2, backoff=3))


@requirement("1-15")
def specific_error(_event: Any, context: DurableContext) -> Any:
    strategy = retries(3, retryable_error_types=[TransientError])
    return context.step(failing_before(2, "ok", TransientError), config=StepConfig(retry_strategy=strategy))


@requirement("1-16")
def other_error(_event: Any, context: DurableContext) -> Any:
    strategy = retries(3, retryable_error_types=[KeyError])
    return context.step(failing_before(2, "ok", TransientError), config=StepConfig(retry_strategy=strategy))


@requirement("1-17", dies="/1:at_most_once_flaky_step")
def at_most_once(event: Any, context: DurableContext) -> Any:
    config = StepConfig(NO_RETRY.retry_strategy, StepSemantics.AT_MOST_ONCE_PER_RETRY)
    return context.step(lambda _: event, name="at_most_once_flaky_step", config=config)


@requirement("1-18", dies="/1:flaky")
def at_most_once_per_retry(_event: Any, context: DurableContext) -> Any:
    config = retrying(2, step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY)
    return context.step(lambda _: "succeeded on second attempt", name="flaky", config=config)


@requirement("1-19")
def permanent(_event: Any, context: DurableContext) -> Any:
    return context.step(fail, config=NO_RETRY)


@requirement("1-20")
def handled(_event: Any, context: DurableContext) -> Any:
    fallback = caught(lambda: context.step(fail, config=NO_RETRY), "fallback")
    return context.step(lambda _: f"{fallback}_result")
