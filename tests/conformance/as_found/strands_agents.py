"""Strands agents on their own Bedrock model. The seventh of the public sample's handlers stands first."""

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration
from strands import Agent, tool
from strands.models import BedrockModel

from providers.scripted import reply, tool_use
from tests.conformance.as_found.says import says, turns

_agent = None


def answer_of(prompt):
    result = Agent(model=BedrockModel())(prompt)
    return result.message["content"][0]["text"]


# The agent's answer is a checkpoint, and an agent is made anew in each attempt.
@says(models=1, aws=(), event={"prompt": "The capital of Norway?"})
@durable_execution
def in_a_step(event, context: DurableContext):
    prompt = (event or {}).get("prompt", "The capital of Italy?")
    return {"prompt": prompt, "response": context.step(lambda _: answer_of(prompt), "agent")}


@says(models=1, aws=())
@durable_execution
def in_a_step_without_streaming(event, context: DurableContext):
    def ask(_):
        model = BedrockModel(model_id="amazon.nova-pro-v1:0", region_name="us-east-1", streaming=False)
        return str(Agent(model=model, callback_handler=None, system_prompt="Be brief.")("The capital of Italy?"))

    return context.step(ask, "agent")


@tool
def letters(word: str) -> int:
    """Counts the letters of a word.

    Args:
        word: Any word.
    """
    return len(word)


@says(models=2, aws=(), script=turns(tool_use("letters", {"word": "strawberry"}), reply("Ten.")))
@durable_execution
def with_a_tool_in_a_step(event, context: DurableContext):
    def ask(_):
        agent = Agent(model=BedrockModel(), tools=[letters], callback_handler=None)
        return str(agent("How many letters has 'strawberry'?")).strip()

    return context.step(ask, "agent")


@says(models=2, aws=())
@durable_execution
def one_after_the_other(event, context: DurableContext):
    plan = context.step(lambda _: answer_of("Plan a day in Oslo"), "planner")
    return context.step(lambda _: answer_of(f"What does this cost? {plan}"), "treasurer")


def shared_agent():
    global _agent
    if _agent is None:
        _agent = Agent(model=BedrockModel(), callback_handler=None)
    return _agent


# Its messages are in the process: the next invocation, or the next execution, finds them there, or does not.
@says("request-stability", "no-invocation-state", "result-stability", models=2)
@durable_execution
def kept_in_a_global(event, context: DurableContext):
    context.step(lambda _: str(shared_agent()("My name is Ada.")), "introduce")
    context.wait(Duration.from_hours(1), "pause")
    return context.step(lambda _: str(shared_agent()("What is my name?")), "ask")


@says("durable-calls")
@durable_execution
def outside_any_step(event, context: DurableContext):
    plan = answer_of("Plan a day in Oslo")
    return context.step(lambda _: f"planned: {plan}", "keep")


# One agent for both steps: a replay skips the first, and the second knows nothing of it.
@says("request-stability", "result-stability", models=2)
@durable_execution
def one_agent_for_two_steps(event, context: DurableContext):
    agent = Agent(model=BedrockModel(), callback_handler=None)
    context.step(lambda _: str(agent("My name is Ada.")), "introduce")
    return context.step(lambda _: str(agent("What is my name?")), "ask")
