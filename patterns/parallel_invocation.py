"""Parallel invocation: independent prompts at the same time, their answers together.

    perspectives -> perspectives-1: ask
                 -> perspectives-2: ask
                 -> perspectives-3: ask

What durability gives it: every branch is checkpointed and retried by itself. A crash repeats only the calls that were
in flight; a throttled branch waits without holding up the others. A branch that fails for good is reported in `failed`;
if all of them do, the execution fails, instead of succeeding with nothing.

Invoke it with `{"topic": "tides"}`; it returns the topic, `perspectives` and `failed`.
"""

from aws_durable_execution_sdk_python import DurableContext

from patterns.durable import Event, Result, Text, ask, durable_handler, fan_out
from providers import ModelProvider

PROMPTS = (
    "Explain the benefits of",
    "Describe the challenges of",
    "Summarize the future of",
)


class ParallelInvocationEvent(Event):
    """What to look at from every side."""

    topic: Text = "artificial intelligence"


class Perspective(Result):
    """One prompt's answer."""

    prompt: str
    response: str


class FailedPerspective(Result):
    """One prompt that has no answer, and why."""

    prompt: str
    error: str


class ParallelInvocationResult(Result):
    """Every prompt stands in exactly one of the two lists."""

    topic: str
    perspectives: list[Perspective]
    failed: list[FailedPerspective]


def parallel_invocation(
    event: ParallelInvocationEvent, context: DurableContext, model: ModelProvider
) -> ParallelInvocationResult:
    """Ask every prompt about the topic at once."""

    def ask_one(branch: DurableContext, prompt: str, number: int) -> str:
        return ask(branch, model, "ask", f"{prompt} {event.topic}", label=f"perspective-{number}").text

    answers = fan_out(context, "perspectives", PROMPTS, ask_one)
    return ParallelInvocationResult(
        topic=event.topic,
        perspectives=[Perspective(prompt=answer.item, response=answer.value) for answer in answers.succeeded],
        failed=[FailedPerspective(prompt=failure.item, error=failure.error) for failure in answers.failed],
    )


handler = durable_handler(parallel_invocation)
