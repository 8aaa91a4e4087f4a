"""Two handlers that are right until a process dies: deployed beside the patterns, to see that the wire finds it out."""

import hashlib
import tempfile
from pathlib import Path

from aws_durable_execution_sdk_python import DurableContext

from patterns.durable import ask, durable_handler
from patterns.prompt_chaining import PromptChainingEvent, PromptChainingResult
from providers import Message, ModelProvider, ModelRequest, ModelResponse


class Remembering:
    """A model whose answers stay in the process, by label."""

    def __init__(self, model: ModelProvider) -> None:
        self._model = model
        self.answers: dict[str, ModelResponse] = {}

    def converse(self, request: ModelRequest) -> ModelResponse:
        self.answers[request.label] = self._model.converse(request)
        return self.answers[request.label]


def joke_from_memory(event: PromptChainingEvent, context: DurableContext, model: ModelProvider) -> PromptChainingResult:
    """Takes the joke not from its step, but from the process, and asks again if it is not there."""
    remembering = Remembering(model)
    prompt = f"Make a joke about {event.topic}"
    ask(context, remembering, "generate-joke", prompt)
    if "generate-joke" not in remembering.answers:
        remembering.converse(ModelRequest(messages=(Message.user(prompt),), label="generate-joke"))
    joke = remembering.answers["generate-joke"]
    review = ask(context, model, "review-joke", f'Rate this joke 1-10 and explain why: "{joke.text}"')
    return PromptChainingResult(joke=joke.text, review=review.text)


def joke_from_file(event: PromptChainingEvent, context: DurableContext, model: ModelProvider) -> PromptChainingResult:
    """Keeps the joke in the temporary folder, and skips its step if it is there."""
    arn = context.execution_context.durable_execution_arn
    kept = Path(tempfile.gettempdir(), hashlib.sha256(arn.encode()).hexdigest())
    if not kept.exists():
        kept.write_text(ask(context, model, "generate-joke", f"Make a joke about {event.topic}").text)
    joke = kept.read_text()
    review = ask(context, model, "review-joke", f'Rate this joke 1-10 and explain why: "{joke}"')
    return PromptChainingResult(joke=joke, review=review.text)


remembers = durable_handler(joke_from_memory)
skips = durable_handler(joke_from_file)
