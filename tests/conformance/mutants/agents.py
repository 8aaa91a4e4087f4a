"""Mutants of `agent_with_tools` and `durable_strands_agent`."""

from __future__ import annotations

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor

from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import StepConfig
from strands import Agent, tool
from strands.tools.executors import ConcurrentToolExecutor

from durable_conformance import Answered, Effect, Semantics
from durable_conformance.rules import Severity
from patterns.agent_with_tools import ANSWER_TIMEOUT, TOOLS, AgentEvent
from patterns.durable import Event, ask_human, converse, durable_handler, run_tool
from patterns.durable import tool as durable_tool
from patterns.durable.strands_agent import _ConverseModel, run_agent
from patterns.durable_strands_agent import APPROVAL_TIMEOUT, StrandsAgentEvent
from providers import Message, ModelError, ModelProvider, ModelRequest, ModelResponse
from providers.scripted import Entries, always, reply, tool_use
from tests.conformance.corpus.asking import SENSIBLE, question, say, say_in_step
from tests.conformance.corpus.entry import Shelf

SHELF = Shelf()
PROMPT = {"prompt": "What is the weather here?"}
LOCATE = tool_use("get_location", {})
DONE = reply("It is sunny.")
TURNS = {"turn-1": [always(LOCATE)], "*": [always(DONE)]}
YES = {"human-review": [Answered("yes")], "ask-person": [Answered("yes")]}


def request(messages: tuple[Message, ...], turn: int) -> ModelRequest:
    return ModelRequest(messages=messages, tools=tuple(known.spec for known in TOOLS), label=f"turn-{turn}")


@SHELF.broken("durable-calls", event=PROMPT, script=TURNS)
def agent_asks_outside_its_steps() -> object:
    def mutant(event: AgentEvent, context: DurableContext, model: ModelProvider) -> str:
        messages: tuple[Message, ...] = (Message.user(event.prompt),)
        for turn in (1, 2):
            response = model.converse(request(messages, turn))  # the fault
            results = [run_tool(context, TOOLS, call) for call in response.tool_uses]
            messages += (response.message, Message.user(*results, "Go on"))
        return messages[-2].text

    return durable_handler(mutant)


@SHELF.broken("request-stability", event=PROMPT, script=TURNS)
def agent_appends_inside_its_steps() -> object:
    def mutant(event: AgentEvent, context: DurableContext, model: ModelProvider) -> str:
        messages = [Message.user(event.prompt)]

        def turn(number: int) -> str:
            response = model.converse(request(tuple(messages), number))
            messages.extend([response.message, Message.user("Go on")])  # the fault
            return response.text

        config: StepConfig = StepConfig(retry_strategy=SENSIBLE)
        context.step(lambda _: turn(1), "turn-1", config)
        return context.step(lambda _: turn(2), "turn-2", config)

    return durable_handler(mutant)


@SHELF.broken("no-repeated-call", event=PROMPT, script=TURNS)
def agent_loses_its_bound_with_every_invocation() -> object:
    """The bound counts what this process has done, and the whole loop is one step."""
    budget = itertools.count(1)

    def mutant(event: AgentEvent, context: DurableContext, model: ModelProvider) -> str:
        turns = next(budget)  # the fault

        def loop(_: object) -> str:
            return [say(model, event.prompt) for _ in range(turns)][-1]

        return context.step(loop, "agent", StepConfig(retry_strategy=SENSIBLE))

    return durable_handler(mutant)


@SHELF.broken("suspension", event=PROMPT, script=TURNS, callbacks=YES)
def agent_asks_people_in_a_thread() -> object:
    def mutant(event: AgentEvent, context: DurableContext, model: ModelProvider) -> str:
        answer = converse(context, model, "turn-1", question(event.prompt)).text
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(ask_human, context, "human-review", ANSWER_TIMEOUT)  # the fault
        return f"tool error: {asked.exception()}" if asked.exception() else answer

    return durable_handler(mutant)


@SHELF.broken("retry-policy", event=PROMPT, script=TURNS, severity=Severity.WARNING)
def agent_retries_every_exception() -> object:
    def mutant(event: AgentEvent, context: DurableContext, model: ModelProvider) -> str:
        return context.step(lambda _: say(model, event.prompt), "turn-1")  # the fault

    return durable_handler(mutant)


@SHELF.broken("failure-visible", event=PROMPT, script=TURNS)
def agent_says_nothing_when_it_failed() -> object:
    def mutant(event: AgentEvent, context: DurableContext, model: ModelProvider) -> str:
        try:
            return converse(context, model, "turn-1", question(event.prompt)).text
        except ModelError:  # the fault
            return ""

    return durable_handler(mutant)


CHARGE = Effect("charge", Semantics.AT_MOST_ONCE)


class Amount(Event):
    """How much."""

    amount: int


@durable_tool(repeatable=True)  # the fault of *_calls_a_tool_twice_that_must_not_be
def charge(amount: Amount) -> str:
    """Charge the customer. It is not safe to repeat, whatever it says of itself."""
    CHARGE.happened(str(amount.amount))
    return "charged"


CHARGING: dict[str, Entries] = {"*": [tool_use("charge", {"amount": 12}), always(DONE)]}


@SHELF.broken("side-effects", event=PROMPT, script=CHARGING)
def agent_calls_a_tool_twice_that_must_not_be() -> object:
    def mutant(event: AgentEvent, context: DurableContext, model: ModelProvider) -> str:
        asked = ModelRequest(messages=(Message.user(event.prompt),), tools=(charge.spec,))
        response = converse(context, model, "turn-1", asked)
        return str([run_tool(context, [charge], call).status for call in response.tool_uses])

    return durable_handler(mutant)


@SHELF.broken("side-effects", event=PROMPT, script=CHARGING)
def strands_calls_a_tool_twice_that_must_not_be() -> object:
    def mutant(event: StrandsAgentEvent, context: DurableContext, model: ModelProvider) -> str:
        return run_agent(context, model, "agent", event.prompt, [charge], system="", tier="small", max_turns=4)

    return durable_handler(mutant)


def strands(context: DurableContext, model: ModelProvider, *, in_steps: bool, prompt: str) -> str:
    """The pattern's agent with Strands' default executor, which runs tools in threads."""

    @tool
    def ask_person(question: str) -> str:
        """Ask a person.

        Args:
            question: What to ask.
        """
        return ask_human(context, "ask-person", APPROVAL_TIMEOUT)

    def ask(asked: ModelRequest) -> ModelResponse:
        return (
            converse(context, model, "converse", asked)
            if in_steps
            else model.converse(asked)  # the fault of strands_asks_outside_steps
        )

    agent = Agent(
        model=_ConverseModel(ask, "medium"),
        tools=[ask_person],
        callback_handler=None,
        retry_strategy=None,
        tool_executor=ConcurrentToolExecutor(),  # the fault of strands_runs_tools_in_threads
    )
    return str(asyncio.run(agent.invoke_async(prompt, limits={"turns": 4})))


ASK: dict[str, Entries] = {"*": [tool_use("ask_person", {"question": "May I?"}), always(DONE)]}


@SHELF.broken("suspension", event=PROMPT, script=ASK, callbacks=YES)
def strands_runs_tools_in_threads() -> object:
    def mutant(event: StrandsAgentEvent, context: DurableContext, model: ModelProvider) -> str:
        return strands(context, model, in_steps=True, prompt=event.prompt)

    return durable_handler(mutant)


@SHELF.broken("durable-calls", event=PROMPT, script={"*": [always(DONE)]})
def strands_asks_outside_steps() -> object:
    def mutant(event: StrandsAgentEvent, context: DurableContext, model: ModelProvider) -> str:
        context.step(lambda _: None, "begin")
        return strands(context, model, in_steps=False, prompt=event.prompt)

    return durable_handler(mutant)


@SHELF.broken("request-stability", event=PROMPT, script={"*": [always(DONE)]})
def strands_keeps_its_history_in_the_module() -> object:
    history: list[str] = []

    def mutant(event: StrandsAgentEvent, context: DurableContext, model: ModelProvider) -> str:
        history.append(event.prompt)  # the fault
        return strands(context, model, in_steps=True, prompt="; ".join(history))

    return durable_handler(mutant)


@SHELF.broken("retry-policy", event=PROMPT, script={"*": [always(DONE)]})
def strands_as_one_step_with_default_retries() -> object:
    def mutant(event: StrandsAgentEvent, context: DurableContext, model: ModelProvider) -> str:
        return context.step(  # the fault
            lambda _: strands(context, model, in_steps=False, prompt=event.prompt), "agent"
        )

    return durable_handler(mutant)


@SHELF.broken("replay-identity", event=PROMPT, script={"*": [always(DONE)]})
def strands_names_operations_after_the_agent() -> object:
    agents = itertools.count(1)

    def mutant(event: StrandsAgentEvent, context: DurableContext, model: ModelProvider) -> str:
        name = f"agent-{next(agents)}"  # the fault
        return say_in_step(context, model, name, event.prompt) + context.step(lambda _: "", "save")

    return durable_handler(mutant)
