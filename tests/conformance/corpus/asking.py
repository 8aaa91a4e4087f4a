"""Model calls as somebody writes them who does not use `patterns.durable`: no digest, no repairs."""

from __future__ import annotations

from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import Duration, JitterStrategy, StepConfig
from aws_durable_execution_sdk_python.retries import RetryStrategyConfig, create_retry_strategy

from providers import Message, ModelProvider, ModelRequest, RetryableModelError

SENSIBLE = create_retry_strategy(
    RetryStrategyConfig(
        max_attempts=3,
        initial_delay=Duration.from_seconds(1),
        jitter_strategy=JitterStrategy.NONE,
        retryable_error_types=[RetryableModelError],
    )
)
"""A retry strategy that no rule objects to."""


def question(*turns: Message | str) -> ModelRequest:
    """A request of these turns; strings are the user's."""
    return ModelRequest(messages=tuple(Message.user(turn) if isinstance(turn, str) else turn for turn in turns))


def say(model: ModelProvider, prompt: str) -> str:
    """The model's answer, with nothing durable about it."""
    return model.converse(question(prompt)).text


def say_in_step(context: DurableContext, model: ModelProvider, name: str, prompt: str) -> str:
    """The model's answer, from a step."""
    return context.step(lambda _: say(model, prompt), name, StepConfig(retry_strategy=SENSIBLE))
