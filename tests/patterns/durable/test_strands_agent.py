"""What Strands must not swallow: whatever ends or suspends a durable execution reaches the durable SDK."""

from __future__ import annotations

from itertools import count

import pytest
from aws_durable_execution_sdk_python import DurableContext

from durable_conformance import CrashKind, CrashPoint, Scenario
from durable_conformance.execution import Conditions
from durable_conformance.model import request_of
from durable_conformance.runtime import run_in_process
from patterns.durable import Event, Tool, durable_handler, tool
from patterns.durable.strands_agent import run_agent
from providers import ModelProvider, OpaqueBlock, ReasoningBlock, StopReason, TextBlock, ToolResultBlock, ToolUseBlock
from providers.scripted import Reply, ScriptedProvider, ScriptExhaustedError, reply, tool_use


class Nothing(Event):
    pass


@tool(repeatable=True)
def look(_: Nothing) -> str:
    """Look."""
    return "a cat"


def agent(system: str, *tools: Tool, context: DurableContext, model: ModelProvider) -> str:
    return run_agent(context, model, "agent", "What is there?", tools, system=system, tier="small", max_turns=5)


SCRIPT = [tool_use("look", {}), reply("A cat.")]
BETWEEN_TURNS = CrashPoint("/1:agent/2:tool:look", "SUCCEED", 0, CrashKind.AFTER_PERSIST)


def test_a_clock_in_the_system_prompt_is_noticed_on_replay() -> None:
    invocations = count()

    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        return agent(f"It is {next(invocations)} o'clock.", look, context=context, model=model)

    scenario = Scenario({}, lambda: ScriptedProvider(SCRIPT))
    outcome = run_in_process(
        lambda model: durable_handler(workflow, model=model), scenario, Conditions([BETWEEN_TURNS])
    )
    assert (outcome.status, outcome.error_type) == ("FAILED", "patterns.durable.asking.PromptDriftError")


def test_a_fatal_error_in_a_tool_is_not_shown_to_the_model() -> None:
    """What the SDK says must end the execution would otherwise be one more tool result."""

    @tool(repeatable=True)
    def fatal(_: Nothing, context: DurableContext) -> str:
        """Break."""
        raise ScriptExhaustedError("the execution must end")

    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        return agent("Look.", fatal, context=context, model=model)

    scenario = Scenario({}, lambda: ScriptedProvider([tool_use("fatal", {}), reply("Never mind.")]))
    outcome = run_in_process(lambda model: durable_handler(workflow, model=model), scenario)
    assert outcome.status == "FAILED"
    assert outcome.error_message == "the execution must end"
    assert len(outcome.calls) == 1


@pytest.mark.parametrize("crashes", [[], [BETWEEN_TURNS]])
def test_a_finished_agent_is_not_run_again(crashes: list[CrashPoint]) -> None:
    runs = count()

    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        said = agent("Look.", look, context=context, model=model)
        next(runs)
        return said + str(context.step(lambda _: "!", "after"))

    scenario = Scenario({}, lambda: ScriptedProvider(SCRIPT))
    point = CrashPoint("/2:after", "SUCCEED", 0, CrashKind.AFTER_PERSIST)
    outcome = run_in_process(
        lambda model: durable_handler(workflow, model=model), scenario, Conditions([*crashes, point])
    )
    assert (outcome.status, outcome.result) == ("SUCCEEDED", "A cat.!")
    assert outcome.ledger == {"/1:agent/1:converse": ["answered"], "/1:agent/3:converse": ["answered"]}
    assert next(runs) == 2, "the handler went past the agent in two invocations"


def test_reasoning_keeps_its_signature_in_the_conversation() -> None:
    thinking = Reply((ReasoningBlock(text="Hm.", signature="SIG"),)) + tool_use("look", {})

    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        return agent("Look.", look, context=context, model=model)

    scenario = Scenario({}, lambda: ScriptedProvider([thinking, reply("A cat.")]))
    outcome = run_in_process(lambda model: durable_handler(workflow, model=model), scenario)
    assert outcome.result == "A cat."
    assert request_of(outcome.calls[1]).messages[1].content[0] == ReasoningBlock(text="Hm.", signature="SIG")


def test_content_that_strands_cannot_carry_fails_the_execution() -> None:
    picture = Reply((TextBlock(text="Look!"), OpaqueBlock(content={"image": {"format": "png", "source": {}}})))

    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        return agent("Look.", look, context=context, model=model)

    scenario = Scenario({}, lambda: ScriptedProvider([picture]))
    outcome = run_in_process(lambda model: durable_handler(workflow, model=model), scenario)
    assert outcome.error_type == "providers.errors.ModelOutputError"
    assert "image" in (outcome.error_message or "")


def test_a_tool_use_without_a_name_is_answered_like_any_unknown_tool() -> None:
    nameless = Reply((ToolUseBlock(tool_use_id="", name="", input={}),), StopReason.TOOL_USE)

    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        return agent("Look.", look, context=context, model=model)

    scenario = Scenario({}, lambda: ScriptedProvider([nameless, reply("A cat.")]))
    outcome = run_in_process(lambda model: durable_handler(workflow, model=model), scenario)
    assert outcome.result == "A cat."
    (result,) = request_of(outcome.calls[1]).messages[-1].content
    assert isinstance(result, ToolResultBlock)
    assert result.status == "error"
