"""Agent with tools: the model decides which tools to call, in a loop, until it can answer.

    turn-1 -> tool:… -> turn-2 -> tool:… -> … -> turn-n

What durability gives it: every turn and every tool call is checkpointed, so a crash in the tenth turn repeats nothing
of the first nine. A tool may suspend for hours to ask a person. A tool that is not safe to repeat runs at most once:
if it died half-way, the model is told that it may or may not have taken effect, instead of it happening twice. Whatever
goes wrong with a tool call goes back to the model as an error result, and the number of turns is bounded, as are the
calls and the questions of one turn.

Invoke it with `{"prompt": "…"}`; it returns the agent's final text. `ask_human` waits for a callback's payload.
"""

from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import Duration

from patterns.durable import Event, Text, ask_human, ask_turn, durable_handler, run_tools, tool
from patterns.durable.asking import MAX_REPAIRS
from providers import Message, ModelOutputError, ModelProvider, ModelRequest

MAX_TURNS = 10  # a task that needs more should be split; a model that loops costs at most this many calls
ANSWER_TIMEOUT = Duration.from_hours(24)  # the person asking is waiting, too


class AgentEvent(Event):
    """What the agent should do."""

    prompt: Text = "What's the weather where I am? Get human review before you return the answer"


class Nothing(Event):
    """No input."""


class Place(Event):
    """Where."""

    location: Text


class Question(Event):
    """What to ask a person."""

    question: Text


@tool(repeatable=True)
def get_location(_: Nothing) -> str:
    """Get the user's current location."""
    return "London, UK"


@tool(repeatable=True)
def get_weather(place: Place) -> str:
    """Get the current weather at a location."""
    return f"The weather in {place.location} is sunny, 22 degrees Celsius."


@tool(repeatable=True)
def wait_for_human_review(asked: Question, context: DurableContext) -> str:
    """Ask a person to review something and wait for their answer."""
    return ask_human(context, "human-review", ANSWER_TIMEOUT, asked.question)


TOOLS = (get_location, get_weather, wait_for_human_review)


def agent_with_tools(event: AgentEvent, context: DurableContext, model: ModelProvider) -> str:
    """Let the model use the tools until it answers."""
    names = iter([f"turn-{number}" for number in range(1, MAX_TURNS + 1)])
    request = ModelRequest(messages=(Message.user(event.prompt),), model="medium", tools=tuple(t.spec for t in TOOLS))
    repairs = MAX_REPAIRS
    while turn := ask_turn(context, model, names, request, repairs=repairs):
        if not turn.response.tool_uses:
            return turn.response.text
        results = run_tools(context, TOOLS, turn.response.tool_uses)
        request, repairs = turn.continued(Message.user(*results)), turn.repairs
    raise ModelOutputError(f"The agent did not finish within {MAX_TURNS} turns; raise MAX_TURNS or narrow the task.")


handler = durable_handler(agent_with_tools)
