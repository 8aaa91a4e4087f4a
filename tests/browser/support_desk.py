"""A handler that works until an invocation dies: what the pictures show, and what the browser opens."""

from __future__ import annotations

from typing import Any

from aws_durable_execution_sdk_python import DurableContext, StepContext
from aws_durable_execution_sdk_python.config import Duration, JitterStrategy, StepConfig
from aws_durable_execution_sdk_python.retries import RetryStrategyConfig, create_retry_strategy

from durable_conformance import Scenario
from providers import Message, ModelProvider, ModelRequest, RetryableModelError
from providers.scripted import Script, ScriptedProvider, reply

RETRIES = create_retry_strategy(
    RetryStrategyConfig(
        max_attempts=5,
        initial_delay=Duration.from_seconds(2),
        jitter_strategy=JitterStrategy.NONE,
        retryable_error_types=[RetryableModelError],
    )
)

EVENT = {"ticket": "My parcel never came, and I leave on Friday."}
SCRIPT: Script = {
    "classify": [reply("A delivery that is late.")],
    "draft-reply": [reply("We are sorry. A new parcel leaves today.")],
    "polish": [reply("We are so sorry! A new parcel is on its way today.")],
}
SCENARIO = Scenario(EVENT, lambda: ScriptedProvider(SCRIPT))


def answer_ticket(event: dict[str, Any], context: DurableContext, model: ModelProvider) -> dict[str, str]:
    """Answers a customer's ticket, after a night's rest."""
    notes: list[str] = []

    def say(name: str, prompt: str) -> str:
        def ask(_: StepContext) -> str:
            answer = model.converse(ModelRequest(messages=(Message.user(prompt),), label=name)).text
            notes.append(f"{name}: {answer}")  # the defect: replay skips this body, and the note is not there
            return answer

        return context.step(ask, name, StepConfig(retry_strategy=RETRIES))

    say("classify", f"What is this ticket about? {event['ticket']}")
    draft = say("draft-reply", f"Draft a reply of two sentences. Notes so far:\n{'; '.join(notes)}")
    context.wait(Duration.from_hours(12), "sleep-on-it")
    return {"reply": say("polish", f"Make this reply friendlier: {draft}")}
