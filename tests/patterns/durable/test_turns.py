"""A turn of an agent: one function asks for it, whichever agent it is, and again a bounded number of times."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable
from types import ModuleType

import pytest
from aws_durable_execution_sdk_python import DurableContext

from durable_conformance import Scenario
from durable_conformance.execution import Run
from durable_conformance.model import request_of
from durable_conformance.runtime import run_in_process
from patterns import agent_with_tools
from patterns.durable import Event, ask_turn, durable_handler, strands_agent
from patterns.durable.asking import MAX_REPAIRS, with_repairs
from providers import Message, ModelProvider, ModelRequest, StopReason
from providers.scripted import Reply, ScriptedProvider, reply, stopped, tool_use

LOOK = tool_use("look", {})
CUT = stopped("max_tokens", "It is su")
DONE = reply("It is sunny.")
REQUEST = ModelRequest(messages=(Message.user("How is it?"),))


def run(workflow: Callable[[DurableContext, ModelProvider], str], *script: Reply) -> Run:
    """Run a workflow that takes no event."""

    def on_any_event(event: Event, context: DurableContext, model: ModelProvider) -> str:
        return workflow(context, model)

    scenario = Scenario({}, lambda: ScriptedProvider(list(script)))
    return run_in_process(lambda model: durable_handler(on_any_event, model=model), scenario)


def asking(names: Iterable[str] = ("one", "two", "three", "four"), repairs: int = MAX_REPAIRS) -> Callable[..., str]:
    """A workflow that asks for one turn, and returns what became of it."""

    def workflow(context: DurableContext, model: ModelProvider) -> str:
        turn = ask_turn(context, model, names, REQUEST, repairs=repairs)
        return "no name was left" if turn is None else f"{turn.response.stop_reason}, {turn.repairs} repairs left"

    return workflow


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (LOOK, "tool_use"),
        (DONE, "end_turn"),
        (Reply(LOOK.content, StopReason.END_TURN), "end_turn"),
        (Reply(LOOK.content, StopReason.STOP_SEQUENCE), "stop_sequence"),
        (stopped("tool_use", "It is sunny."), "tool_use"),
    ],
    ids=["tools", "an answer", "tools at the end of the turn", "tools at a stop sequence", "an answer that says tools"],
)
def test_a_turn_asks_for_tools_or_is_an_answer(said: Reply, expected: str) -> None:
    outcome = run(asking(), said)
    assert (outcome.status, outcome.result) == ("SUCCEEDED", f"{expected}, 2 repairs left")
    assert outcome.ledger == {"/1:one": ["answered"]}


@pytest.mark.parametrize(
    "said",
    [CUT, Reply(LOOK.content, StopReason.MAX_TOKENS), stopped("tool_use"), stopped("end_turn"), reply(" \n")],
    ids=["cut short", "tools, cut short", "no tool named", "nothing", "blank"],
)
def test_what_is_neither_is_asked_for_again_under_the_next_name_with_what_was_wrong(said: Reply) -> None:
    outcome = run(asking(), said, DONE)
    assert outcome.result == "end_turn, 1 repairs left"
    assert outcome.ledger == {"/1:one": ["answered"], "/2:two": ["answered"]}
    assert "cannot be used" in request_of(outcome.calls[1]).messages[-1].text


@pytest.mark.parametrize(("repairs", "calls"), [(2, 3), (1, 2), (0, 1)])
def test_the_last_repair_says_why_it_gave_up(repairs: int, calls: int) -> None:
    outcome = run(asking(repairs=repairs), *[CUT] * calls)
    assert (outcome.status, outcome.error_type) == ("FAILED", "providers.errors.ModelOutputError")
    assert "max_tokens" in (outcome.error_message or "")
    assert len(outcome.calls) == calls


def test_what_would_end_the_same_way_is_asked_for_once() -> None:
    outcome = run(asking(), stopped("content_filtered", "It is"))
    assert (outcome.status, len(outcome.calls)) == ("FAILED", 1)


def test_there_is_no_turn_without_a_name() -> None:
    outcome = run(asking(names=["one", "two"]), CUT, CUT)
    assert (outcome.result, len(outcome.calls)) == ("no name was left", 2)


def test_a_request_is_labelled_with_its_operations_name_unless_it_has_a_label() -> None:
    def workflow(context: DurableContext, model: ModelProvider) -> str:
        ask_turn(context, model, ["one", "two"], REQUEST)
        ask_turn(context, model, ["three", "four"], REQUEST.model_copy(update={"label": "mine"}))
        return ""

    outcome = run(workflow, CUT, DONE, CUT, DONE)
    assert [request_of(call).label for call in outcome.calls] == ["one", "two", "mine", "mine"]


def test_turns_share_their_names_and_their_repairs_and_continue_one_conversation() -> None:
    def workflow(context: DurableContext, model: ModelProvider) -> str:
        names = iter(["one", "two", "three"])
        first = ask_turn(context, model, names, REQUEST)
        assert first
        second = ask_turn(context, model, names, first.continued(Message.user("Sun.")), repairs=first.repairs)
        assert second
        return f"{second.response.text} {second.repairs} repairs left"

    outcome = run(workflow, CUT, LOOK, DONE)
    assert outcome.result == "It is sunny. 1 repairs left"
    assert list(outcome.ledger) == ["/1:one", "/2:two", "/3:three"]
    roles = [message.role for message in request_of(outcome.calls[2]).messages]
    assert roles == ["user", "assistant", "user", "assistant", "user"]
    assert request_of(outcome.calls[2]).messages[:3] == request_of(outcome.calls[1]).messages


def test_a_name_has_a_name_for_each_of_its_repairs() -> None:
    assert with_repairs("turn") == ("turn", "turn-repair-1", "turn-repair-2")


@pytest.mark.parametrize("agent", [agent_with_tools, strands_agent])
def test_both_agents_ask_by_it_and_by_nothing_else(agent: ModuleType) -> None:
    called = {node.id for node in ast.walk(ast.parse(inspect.getsource(agent))) if isinstance(node, ast.Name)}
    assert "ask_turn" in called
    assert not called & {"converse", "until_usable", "with_feedback", "outcome", "unusable"}
