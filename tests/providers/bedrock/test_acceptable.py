"""What Converse refuses is made acceptable or refused here: held against the stand-in, which has rules of its own."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers import Message, ModelRequest, ModelRequestError, ToolChoice, ToolResultBlock, ToolSpec, ToolUseBlock
from providers.bedrock import RULES, acceptable, request_to_converse
from providers.messages import message_from_converse, message_to_converse, tool_choice_from_converse
from tests.providers.strategies import JSON, REQUESTS
from tests.stand_in.conversation import RULES as SERVICE
from tests.stand_in.refused import CLAUDE, LLAMA, REFUSED
from tests.stand_in.validation import violations

type Json = dict[str, Any]

REFUSED_HERE = {"tool results", "parameter names", "tool names", "chosen tool", "stop sequences", "integers"}
"""What only the caller can mend: everything else is sent in a form that the service takes."""


def request_of(body: Json) -> ModelRequest:
    """The request that a body would be of if nothing were done about it."""
    config = body.get("toolConfig", {})
    specs = [tool["toolSpec"] for tool in config.get("tools", ())]
    choice = config.get("toolChoice")
    inference = body["inferenceConfig"]
    return ModelRequest(
        messages=tuple(message_from_converse(message) for message in body["messages"]),
        tools=tuple(
            ToolSpec(name=spec["name"], description="", input_schema=spec["inputSchema"]["json"]) for spec in specs
        ),
        tool_choice=tool_choice_from_converse(choice) if choice else None,
        max_tokens=inference["maxTokens"],
        stop_sequences=tuple(inference.get("stopSequences", ())),
    )


def sent(request: ModelRequest, model: str = CLAUDE) -> Json:
    """What goes over the wire, as the service reads it."""
    arguments = request_to_converse(request, model)
    assert arguments.pop("modelId") == model
    body: Json = json.loads(json.dumps(arguments, default=lambda raw: "AA==" if raw else ""))
    return body


@pytest.mark.parametrize("rule", SERVICE)
def test_whatever_the_service_refuses_is_made_acceptable_or_refused_here(rule: str) -> None:
    model, body = REFUSED[rule]
    assert list(violations(model, body)), "the example is worth trying"
    if rule in REFUSED_HERE:
        with pytest.raises(ModelRequestError, match="Bedrock would refuse"):
            sent(request_of(body), model)
    else:
        assert list(violations(model, sent(request_of(body), model))) == []


def test_what_is_refused_here_is_refused_by_the_service() -> None:
    assert set(SERVICE) >= REFUSED_HERE


def test_every_rule_has_its_source() -> None:
    assert all(source.startswith("https://") for rule in RULES.values() for source in rule.sources)
    assert all(rule.sources and rule.refused for rule in RULES.values())


def without(rule: str, request: ModelRequest, model: str) -> list[str]:
    """What the service would say if this rule were missing from the table."""
    whole = copy.deepcopy(RULES)
    arguments: Json = {
        "modelId": model,
        "messages": [message_to_converse(message) for message in request.messages],
        "inferenceConfig": {"maxTokens": request.max_tokens},
    }
    if request.stop_sequences:
        arguments["inferenceConfig"]["stopSequences"] = list(request.stop_sequences)
    if request.system is not None:
        arguments["system"] = [{"text": request.system}]
    if request.tools:
        tools = [{"toolSpec": {"name": one.name, "inputSchema": {"json": one.input_schema}}} for one in request.tools]
        arguments["toolConfig"] = {"tools": tools}
        if request.tool_choice and request.tool_choice.name:
            arguments["toolConfig"]["toolChoice"] = {"tool": {"name": request.tool_choice.name}}
    for name, one in whole.items():
        if name != rule:
            list(one.apply(arguments))
    del arguments["modelId"]
    return list(violations(model, arguments))


NEEDED: dict[str, str | ModelRequest] = {
    "whole_characters": "half characters",
    "signed_reasoning": "unsigned reasoning",
    "no_blank_text": "blank text",
    "results_that_say_something": "blank results",
    "results_in_objects": "json results",
    "inputs_are_objects": "tool inputs",
    "tool_names": ModelRequest(
        messages=(
            Message.user("x"),
            Message.assistant(ToolUseBlock(tool_use_id="a", name="functions.look", input={})),
            Message.user(ToolResultBlock.success("a", "seen")),
        ),
        tools=(ToolSpec(name="look", description="", input_schema={}),),
    ),
    "roles_alternate": "turns",
    "turns_have_content": "empty turns",
    "the_user_begins": ModelRequest(messages=(Message.assistant("x"), Message.user("y"))),
    "the_user_is_last": ModelRequest(messages=(Message.user("x"), Message.assistant("y"))),
    "every_use_has_its_result": "repeated ids",
    "tools_of_the_conversation": "tools of the conversation",
    "text_apart_from_tools": "text beside results",
    "tool_schemas_are_of_objects": "tool schemas",
    "parameter_names": "parameter names",
    "tools_have_names_of_their_own": "tool names",
    "the_chosen_tool_is_offered": "chosen tool",
    "stop_sequences": "stop sequences",
    "max_tokens": "integers",
}


@pytest.mark.parametrize("rule", RULES)
def test_no_rule_can_be_left_out(rule: str) -> None:
    needed = NEEDED[rule]
    model, request = (
        (REFUSED[needed][0], request_of(REFUSED[needed][1])) if isinstance(needed, str) else (CLAUDE, needed)
    )
    assert without(rule, request, model)


IDS = st.sampled_from(["", "a", "b", "c d", "x" * 65, "ünï", "tooluse_1_0"])
NAMES = st.sampled_from(["look", "functions.look", "", "🔧", "x" * 70])
TEXTS = st.sampled_from(["hello", "", " \n", "cut \ud83d"])


@st.composite
def conversations(draw: st.DrawFn) -> ModelRequest:
    """As an agent's might be: whatever a model sent, and an answer to each of its tool uses."""
    messages = [Message.user("hello")]
    for _ in range(draw(st.integers(1, 3))):
        uses = [
            ToolUseBlock(tool_use_id=draw(IDS), name=draw(NAMES), input=draw(JSON))
            for _ in range(draw(st.integers(1, 3)))
        ]
        said = [draw(TEXTS)] if draw(st.booleans()) else []
        messages.append(Message.assistant(*said, *uses))
        results = [ToolResultBlock.success(use.tool_use_id, draw(TEXTS)) for use in uses]
        messages.append(Message.user(*results, *([draw(TEXTS)] if draw(st.booleans()) else [])))
    tools = (ToolSpec(name="look", description="", input_schema={}),) if draw(st.booleans()) else ()
    return ModelRequest(messages=tuple(messages), tools=tools)


@given(conversations(), st.sampled_from([CLAUDE, LLAMA]))
def test_whatever_a_model_sent_is_taken_with_the_next_turn(request: ModelRequest, model: str) -> None:
    body = sent(request, model)
    assert list(violations(model, body)) == []
    answers = [block for message in body["messages"] for block in message["content"] if "toolResult" in block]
    asked = [block for message in request.messages for block in message.content if block.type == "tool_use"]
    assert len(answers) == len(asked), "exactly once"


@settings(max_examples=200)
@given(REQUESTS)
def test_whatever_is_asked_is_refused_here_or_by_nobody(request: ModelRequest) -> None:
    try:
        body = sent(request)
    except ModelRequestError:
        return
    assert [one for one in violations(CLAUDE, body) if "bytes: must" not in one] == []  # but for the caller's pictures


def test_what_the_service_takes_is_sent_as_it_is() -> None:
    request = ModelRequest(
        messages=(
            Message.user("Look around."),
            Message.assistant("I will.", ToolUseBlock(tool_use_id="t-1", name="look", input={"where": [1, None]})),
            Message.user(ToolResultBlock.error("t-1", "too dark"), "Well?"),
        ),
        tools=(ToolSpec(name="look", description="Look.", input_schema={"type": "object"}),),
        tool_choice=ToolChoice(type="tool", name="look"),
    )
    arguments = request_to_converse(request, CLAUDE)
    assert acceptable(copy.deepcopy(arguments)) == arguments
    assert [message_from_converse(message) for message in arguments["messages"]] == list(request.messages)


@pytest.mark.parametrize("wrong", ['{"location": "Rome"', ["Rome"], "Rome", 7, True, None])
def test_an_input_that_is_no_object_is_kept_in_one(wrong: Any) -> None:
    use = ToolUseBlock(tool_use_id="t-1", name="look", input=wrong)
    body = sent(
        ModelRequest(
            messages=(Message.user("x"), Message.assistant(use), Message.user(ToolResultBlock.error("t-1", "no")))
        )
    )
    expected = {} if wrong is None else {"invalid_input": wrong}
    assert body["messages"][1]["content"][0]["toolUse"]["input"] == expected
    assert body["messages"][2]["content"][0]["toolResult"]["status"] == "error"


def test_tools_that_a_conversation_used_are_named_where_none_are_offered() -> None:
    _, body = REFUSED["tools of the conversation"]
    (tool,) = sent(request_of(body))["toolConfig"]["tools"]
    assert (tool["toolSpec"]["name"], tool["toolSpec"]["inputSchema"]) == ("look", {"json": {"type": "object"}})


def test_uses_with_one_id_get_one_each_and_so_do_their_results() -> None:
    uses = [ToolUseBlock(tool_use_id="a", name="look", input={"n": n}) for n in (1, 2)]
    results = [ToolResultBlock.success("a", f"saw {n}") for n in (1, 2)]
    body = sent(ModelRequest(messages=(Message.user("x"), Message.assistant(*uses), Message.user(*results))))
    asked = {block["toolUse"]["toolUseId"]: block["toolUse"]["input"]["n"] for block in body["messages"][1]["content"]}
    told = {
        block["toolResult"]["toolUseId"]: block["toolResult"]["content"][0]["text"]
        for block in body["messages"][2]["content"]
    }
    assert asked.keys() == told.keys()
    assert {told[one] for one in asked if asked[one] == 1} == {"saw 1"}


def test_a_tool_of_the_services_own_is_answered_by_nobody() -> None:
    own = [
        {"toolUse": {"toolUseId": "s-1", "name": "search", "input": {}, "type": "server_tool_use"}},
        {"toolResult": {"toolUseId": "s-1", "content": [{"text": "found"}], "type": "search"}},
        {"text": "There."},
    ]
    turn = message_from_converse({"role": "assistant", "content": own})
    assert turn.tool_uses == ()
    body = sent(ModelRequest(messages=(Message.user("x"), turn, Message.user("y"))))
    assert list(violations(CLAUDE, body)) == []


@pytest.mark.parametrize("secret", ["hunter2"])
def test_a_refusal_repeats_nothing_that_was_said(secret: str) -> None:
    use = ToolUseBlock(tool_use_id=secret, name=secret, input={secret: secret})
    request = ModelRequest(messages=(Message.user(secret), Message.assistant(secret, use), Message.user(secret)))
    with pytest.raises(ModelRequestError) as caught:
        sent(request)
    assert secret not in str(caught.value)
