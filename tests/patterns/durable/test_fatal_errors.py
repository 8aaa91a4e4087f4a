"""An error that is fatal to the model layer ends the execution: at once, with its text, wherever the call is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python_testing import DurableFunctionTestRunner
from pydantic import BaseModel

from patterns.durable import Event, ask, ask_for, converse, durable_handler, fan_out, tool
from patterns.durable.strands_agent import run_agent
from patterns.durable.tools import run_tool
from providers import ModelProvider, ModelRequest, ModelResponse, ToolUseBlock
from providers.cassette import CassetteProvider, write_cassette
from providers.errors import FatalModelError
from tests.providers.cassette.interactions import cassette, recorded
from tests.providers.contract import question

WHY = "What do you hear?"

type Body = Callable[[DurableContext, ModelProvider], object]


class Nothing(Event):
    pass


class Noise(BaseModel):
    what: str


def in_a_branch(branch: Callable[[DurableContext, ModelProvider], str]) -> Body:
    return lambda context, model: fan_out(context, "all", (1, 2), lambda child, _item, _number: branch(child, model))


def in_a_tool(ask_there: Callable[[ModelProvider], str], *, suspends: bool) -> Body:
    def body(context: DurableContext, model: ModelProvider) -> object:
        def listen(_: Nothing) -> str:
            """Listen."""
            return ask_there(model)

        def listen_again(_: Nothing, context: DurableContext) -> str:
            """Listen, and take one's time."""
            return ask_there(model)

        chosen = tool(repeatable=True)(listen_again if suspends else listen)
        call = ToolUseBlock(tool_use_id="use-1", name=chosen.spec.name, input={})
        return run_tool(context, [chosen], call)

    return body


def in_an_agent(context: DurableContext, model: ModelProvider) -> object:
    return run_agent(context, model, "agent", WHY, [], system="Listen.", tier="small", max_turns=2)


def directly(model: ModelProvider) -> str:
    return model.converse(question(WHY)).text


BODIES: dict[str, Body] = {
    "ask": lambda context, model: ask(context, model, "ask", WHY),
    "ask_for": lambda context, model: ask_for(context, model, "ask", WHY, Noise),
    "converse": lambda context, model: converse(context, model, "ask", question(WHY)),
    "ask in a child context": lambda context, model: context.run_in_child_context(
        lambda child: ask(child, model, "ask", WHY).text, "child"
    ),
    "ask in a branch": in_a_branch(lambda context, model: ask(context, model, "ask", WHY, label="ask").text),
    "directly in a branch": in_a_branch(lambda _context, model: directly(model)),
    "directly in a tool": in_a_tool(directly, suspends=False),
    "directly in a tool that may suspend": in_a_tool(directly, suspends=True),
    "a Strands agent": in_an_agent,
}


def failure(workflow: Body, model: ModelProvider) -> str:
    """The text that the execution fails with."""

    def run(event: Nothing, context: DurableContext, model: ModelProvider) -> str:
        return str(workflow(context, model))

    with DurableFunctionTestRunner(durable_handler(run, model=model)) as runner:
        result = runner.run(input="{}")
    assert result.status.value == "FAILED"
    assert result.error is not None
    assert result.error.type == "aws_durable_execution_sdk_python.exceptions.ExecutionError"
    return result.error.message or ""


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in BODIES.items()])
def test_a_miss_fails_the_execution_at_its_first_attempt(body: Body, tmp_path: Path) -> None:
    write_cassette(tmp_path / "look.yaml", cassette(recorded(question("What do you see?"))))
    model = CassetteProvider(tmp_path / "look.yaml")
    said = failure(body, model)
    assert "look.yaml holds no recording of this request" in said
    assert WHY in said
    asked = {str(miss) for miss in model.misses}
    assert said in asked
    assert len(model.misses) <= 2, "each of two branches may have asked before the first ended the execution"
    assert len(asked) == 1


class OverspentError(FatalModelError):
    """As a provider of somebody else's may raise it."""


class Brake:
    """Lets nobody ask."""

    def __init__(self) -> None:
        self.calls: list[ModelRequest] = []

    def converse(self, request: ModelRequest) -> ModelResponse:
        self.calls.append(request)
        raise OverspentError("The budget is spent.")


def test_any_fatal_error_ends_the_execution_and_nothing_swallows_it() -> None:
    brake = Brake()

    def careful(context: DurableContext, model: ModelProvider) -> Sequence[str]:
        return [ask(context, model, name, WHY).text for name in ("one", "two")]

    assert failure(careful, brake) == "The budget is spent."
    assert len(brake.calls) == 1
