"""Prompt chaining: each model call builds on the answer of the one before.

    generate-joke -> review-joke

What durability gives it: each answer is checkpointed as soon as it arrives. A crash after the first call costs nothing
but the second: the joke that is reviewed is always the joke that is returned, even if a new one would have come out
differently. A throttled call suspends the function and is retried by policy, without being billed for waiting.

Invoke it with `{"topic": "tea"}`; it returns

    {"joke": "…", "review": "…"}
"""

from aws_durable_execution_sdk_python import DurableContext

from patterns.durable import Event, Result, Text, ask, durable_handler
from providers import ModelProvider


class PromptChainingEvent(Event):
    """What to joke about."""

    topic: Text = "programming"


class PromptChainingResult(Result):
    """The joke, and what the model thinks of it."""

    joke: str
    review: str


def prompt_chaining(event: PromptChainingEvent, context: DurableContext, model: ModelProvider) -> PromptChainingResult:
    """Make a joke about the topic, then review that joke."""
    joke = ask(context, model, "generate-joke", f"Make a joke about {event.topic}")
    review = ask(context, model, "review-joke", f'Rate this joke 1-10 and explain why: "{joke.text}"')
    return PromptChainingResult(joke=joke.text, review=review.text)


handler = durable_handler(prompt_chaining)
