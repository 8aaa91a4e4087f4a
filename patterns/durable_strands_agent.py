"""Durable Strands agent: the agent framework's loop, with every model call and tool call a durable operation.

    agent: converse -> tool:get_population -> converse -> …

What durability gives it: wrapping a whole agent in one step would repeat every paid call of a run that crashed near its
end. Here a crash repeats at most the call that was in flight, a throttled call suspends instead of billing, a tool may
wait a day for a person, and once the agent has finished, later replays skip it whole.

Invoke it with `{"prompt": "…"}`; it returns the prompt and the response. Needs the extra `strands`.
"""

from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import Duration

from patterns.durable import Event, Result, Text, ask_human, durable_handler, tool
from patterns.durable.strands_agent import run_agent
from providers import ModelProvider

MAX_TURNS = 10  # a task that needs more should be split; a turn costs one call, and with repairs three at most
APPROVAL_TIMEOUT = Duration.from_hours(24)  # an approval that nobody gives in a day is not coming
SYSTEM = "Answer briefly. Use the tools for facts, and ask a person before anything you are not sure of."

POPULATIONS = {"london": 8_900_000, "paris": 2_100_000, "tokyo": 14_000_000}


class StrandsAgentEvent(Event):
    """What the agent should do."""

    prompt: Text = "What is the capital of France?"


class StrandsAgentResult(Result):
    """What was asked, and the agent's answer."""

    prompt: str
    response: str


class City(Event):
    """Which city."""

    city: Text


class Question(Event):
    """What to ask a person."""

    question: Text


@tool(repeatable=True)
def get_population(where: City) -> str:
    """Look up how many people live in a city."""
    people = POPULATIONS.get(where.city.casefold())
    if people is None:
        raise LookupError("No population is known for that city.")  # without its name: the error goes into logs
    return f"{people:,}"


@tool(repeatable=True)
def ask_person(asked: Question, context: DurableContext) -> str:
    """Ask a person and wait for their answer."""
    return ask_human(context, "ask-person", APPROVAL_TIMEOUT, asked.question)


def durable_strands_agent(
    event: StrandsAgentEvent, context: DurableContext, model: ModelProvider
) -> StrandsAgentResult:
    """Run a Strands agent on the prompt."""
    tools = (get_population, ask_person)
    response = run_agent(
        context, model, "agent", event.prompt, tools, system=SYSTEM, tier="medium", max_turns=MAX_TURNS
    )
    return StrandsAgentResult(prompt=event.prompt, response=response)


handler = durable_handler(durable_strands_agent)
