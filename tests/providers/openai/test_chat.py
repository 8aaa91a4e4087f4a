"""What Chat Completions is asked and answers, as the model layer's types, checked against the stand-in's rules."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import given

from providers import (
    CitedTextBlock,
    Message,
    ModelOutputError,
    ModelRequest,
    ModelRequestError,
    ModelResponse,
    OpaqueBlock,
    ReasoningBlock,
    StopReason,
    TextBlock,
    ToolChoice,
    ToolResultBlock,
    ToolSpec,
    ToolUseBlock,
    Usage,
)
from providers.openai import FINISH_REASONS, request_to_chat, response_from_chat
from tests.chat_stand_in import violations
from tests.providers.openai.stand_in import ANSWER, answer
from tests.providers.strategies import JSON, REQUESTS

MODEL = "gpt-5.6-luna"
LOOK = ToolSpec(name="look", description="Look.", input_schema={"type": "object"})


def ask(*turns: Message, **options: Any) -> dict[str, Any]:
    messages = turns or (Message.user("hello"),)
    return request_to_chat(ModelRequest.model_validate({"messages": messages, **options}), MODEL)


def said(**message: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, **message}


def calling(*calls: Any, finish_reason: str = "tool_calls", **message: Any) -> ModelResponse:
    return response_from_chat(answer(said(tool_calls=list(calls), **message), finish_reason), MODEL)


def call(arguments: Any = "{}", **more: Any) -> dict[str, Any]:
    return {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": arguments}, **more}


# Requests -------------------------------------------------------------------------------------------------------------


def test_a_whole_request() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False, "required": []}
    assert ask(
        system="Be brief.",
        tools=(LOOK,),
        tool_choice=ToolChoice(type="tool", name="look"),
        output_schema={"name": "Nothing", "json_schema": schema},
        max_tokens=7,
        temperature=0.5,
        stop_sequences=("END",),
        label="judge",
    ) == {
        "model": MODEL,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}],
        "max_completion_tokens": 7,
        "temperature": 0.5,
        "stop": ["END"],
        "tools": [
            {"type": "function", "function": {"name": "look", "description": "Look.", "parameters": {"type": "object"}}}
        ],
        "tool_choice": {"type": "function", "function": {"name": "look"}},
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "Nothing", "schema": schema, "strict": True},
        },
    }


def test_a_bare_request_says_no_more_than_it_must() -> None:
    assert set(ask()) == {"model", "messages", "max_completion_tokens"}


def test_an_older_server_is_sent_the_older_limit() -> None:
    request = ModelRequest(messages=(Message.user("hello"),), max_tokens=7)
    assert request_to_chat(request, MODEL, limit="max_tokens")["max_tokens"] == 7


@pytest.mark.parametrize(("choice", "sent"), [("auto", "auto"), ("any", "required")])
def test_a_tool_choice(choice: str, sent: str) -> None:
    assert ask(tools=(LOOK,), tool_choice={"type": choice})["tool_choice"] == sent
    assert "tool_choice" not in ask(tool_choice={"type": choice}), "there is nothing to choose"


def test_the_schema_can_be_left_to_the_prompt() -> None:
    request = ModelRequest.model_validate(
        {"messages": (Message.user("hello"),), "output_schema": {"name": "It", "json_schema": {}}}
    )
    assert "response_format" not in request_to_chat(request, MODEL, structured_output=False)


@given(REQUESTS)
def test_whatever_can_be_asked_is_sent_or_refused_here_and_is_left_as_it_was(request: ModelRequest) -> None:
    before = request.model_dump_json()
    with contextlib.suppress(ModelRequestError):
        arguments = request_to_chat(request, MODEL)
        json.dumps(arguments, ensure_ascii=False).encode()
        assert request_to_chat(request, MODEL) == copy.deepcopy(arguments)
        assert {message["role"] for message in arguments["messages"]} <= {"system", "user", "assistant", "tool"}
    assert request.model_dump_json() == before


def test_a_conversation_with_tools() -> None:
    uses = [ToolUseBlock(tool_use_id=f"call_{n}", name="look", input={"n": n}) for n in (1, 2)]
    sent = ask(
        Message.user("hello"),
        Message.assistant("I look.", *uses),
        Message.user(
            "And then?",
            ToolResultBlock.success("call_1", "A cat."),
            ToolResultBlock.error("call_2", "too dark"),
        ),
        tools=(LOOK,),
    )
    assert list(violations(sent)) == []
    assert sent["messages"][1:] == [
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"n": 1}'}},
                {"id": "call_2", "type": "function", "function": {"name": "look", "arguments": '{"n": 2}'}},
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "A cat."},
        {"role": "tool", "tool_call_id": "call_2", "content": "Error: too dark"},
        {"role": "user", "content": "And then?"},
    ]


@given(JSON)
def test_whatever_a_model_called_a_tool_with_is_sent_back_as_an_object(value: Any) -> None:
    use = ToolUseBlock(tool_use_id="call_1", name="functions.look up", input=value)
    sent = ask(
        Message.user("hello"), Message.assistant(" \n", use), Message.user(ToolResultBlock.success("call_1", ""))
    )
    assert list(violations(sent)) == []
    assert sent["messages"][1]["content"] == ""
    function = sent["messages"][1]["tool_calls"][0]["function"]
    assert function["name"] == "functions_look_up"
    assert json.loads(function["arguments"]) == (value if isinstance(value, dict) else {"input": value})


def test_texts_are_joined_and_reasoning_stays_here() -> None:
    answered = Message.assistant(ReasoningBlock(text="Hm."), "A cat.", "And a dog.")
    assert ask(Message.user("a", "b"), answered)["messages"] == [
        {"role": "user", "content": "a\nb"},
        {"role": "assistant", "content": "A cat.\nAnd a dog."},
    ]


def test_json_in_a_tool_result_is_text() -> None:
    result = ToolResultBlock(tool_use_id="call_1", content=(OpaqueBlock(content={"json": {"ü": [1]}}),))
    assert ask(Message.user(result))["messages"] == [
        {"role": "tool", "tool_call_id": "call_1", "content": '{"ü": [1]}'},
    ]


def test_what_the_model_said_with_citations_goes_back_as_text() -> None:
    cited = CitedTextBlock(content={"content": [{"text": "It rains."}], "citations": [{"title": "a"}]})
    sent = ask(Message.user("hi"), Message.assistant(cited), Message.user("so?"))
    assert sent["messages"][1] == {"role": "assistant", "content": "It rains."}


@pytest.mark.parametrize(
    "message",
    [
        Message.user(OpaqueBlock(content={"image": {"format": "png"}})),
        Message.assistant(OpaqueBlock(content={"image": {"format": "png"}})),
        Message.user(ToolResultBlock(tool_use_id="1", content=(OpaqueBlock(content={"image": {}}),))),
    ],
)
def test_what_has_no_place_is_refused_here_and_named(message: Message) -> None:
    with pytest.raises(ModelRequestError, match="kind 'image'"):
        ask(message)


def test_half_a_character_is_replaced() -> None:
    assert ask(Message.user("a\ud83d b"))["messages"] == [{"role": "user", "content": "a\N{REPLACEMENT CHARACTER} b"}]


# Responses ------------------------------------------------------------------------------------------------------------


def test_a_whole_response() -> None:
    raw = ANSWER | {
        "usage": {
            "prompt_tokens": 5,
            "completion_tokens": 2,
            "prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 1},
        }
    }
    assert response_from_chat(raw, MODEL) == ModelResponse(
        message=Message.assistant("hi"),
        stop_reason=StopReason.END_TURN,
        usage=Usage(input_tokens=5, output_tokens=2, cache_read_input_tokens=3, cache_write_input_tokens=1),
        model=MODEL,
    )


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None, "prompt_tokens_details": None}])
def test_usage_may_be_missing(usage: Any) -> None:
    assert response_from_chat(ANSWER | {"usage": usage}, MODEL).usage == Usage()


def test_a_bare_response() -> None:
    raw = {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]}
    assert response_from_chat(raw, MODEL).text == "hi"


@pytest.mark.parametrize(
    ("message", "finish_reason", "choice", "expected"),
    [
        (said(content="A"), "stop", {}, StopReason.END_TURN),
        (said(content="A"), "stop", {"stop_reason": "END"}, StopReason.STOP_SEQUENCE),
        (said(content="A"), "stop", {"stop_reason": 128009}, StopReason.END_TURN),
        (said(content="A"), "length", {}, StopReason.MAX_TOKENS),
        (said(content="A"), "content_filter", {}, StopReason.CONTENT_FILTERED),
        (said(content="A"), "tool_calls", {}, StopReason.TOOL_USE),
        (said(content="A"), "function_call", {}, StopReason.TOOL_USE),
        (said(refusal="I cannot."), "stop", {}, StopReason.CONTENT_FILTERED),
        (said(tool_calls=[call()]), "tool_calls", {}, StopReason.TOOL_USE),
        (said(tool_calls=[call()]), "stop", {}, StopReason.TOOL_USE),
        (said(tool_calls=[]), "stop", {}, StopReason.END_TURN),
        (said(tool_calls=[call('{"a')]), "length", {}, StopReason.MAX_TOKENS),
        (said(tool_calls=[call('{"a')]), "tool_calls", {}, StopReason.MALFORMED_TOOL_USE),
        (said(tool_calls=[call()]), "content_filter", {}, StopReason.CONTENT_FILTERED),
    ],
)
def test_why_it_stopped(message: Any, finish_reason: str, choice: Any, expected: StopReason) -> None:
    assert response_from_chat(answer(message, finish_reason, **choice), MODEL).stop_reason is expected


def test_every_finish_reason_of_the_installed_package_is_known() -> None:
    from openai.types.chat.chat_completion import Choice  # noqa: PLC0415

    assert set(Choice.model_fields["finish_reason"].annotation.__args__) == set(FINISH_REASONS)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("message", "content"),
    [
        (said(content="A"), (TextBlock(text="A"),)),
        (said(content=""), ()),
        (said(), ()),
        (said(refusal="I cannot."), (TextBlock(text="I cannot."),)),
        (said(content=[{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]), (TextBlock(text="AB"),)),
        (said(content="A", reasoning_content="Hm."), (ReasoningBlock(text="Hm."), TextBlock(text="A"))),
        (said(content="A", reasoning="Hm."), (ReasoningBlock(text="Hm."), TextBlock(text="A"))),
        (said(content="A", annotations=[], audio=None), (TextBlock(text="A"),)),
    ],
)
def test_what_it_said(message: Any, content: Any) -> None:
    assert response_from_chat(answer(message), MODEL).message.content == content


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ('{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
        ("", {}),
        (" ", {}),
        (None, {}),
        ({"a": 1}, {"a": 1}),
        ("[1]", [1]),
        ('"a"', "a"),
        ('{"a": "\\ud83d"}', {"a": "\N{REPLACEMENT CHARACTER}"}),
        ('{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
    ],
)
def test_what_a_tool_is_called_with(arguments: Any, value: Any) -> None:
    (use,) = calling(call(arguments)).tool_uses
    assert use == ToolUseBlock(tool_use_id="call_1", name="look", input=value)


@pytest.mark.parametrize(
    "bad",
    [
        call('{"a": '),
        call("a: 1"),
        call('{"a": NaN}'),
        call("1" * 5_000),
        call('{"a":' * 101 + "1" + "}" * 101),
        call("[" * 100_000),
        {"id": "call_1", "type": "custom", "custom": {"name": "look", "input": "x"}},
        {"id": "call_1", "function": {"arguments": "{}"}},
        3,
    ],
)
def test_a_call_that_cannot_be_read_is_malformed_with_all_the_others(bad: Any) -> None:
    response = calling(call(), bad, content="I look.")
    assert response.stop_reason is StopReason.MALFORMED_TOOL_USE
    assert response.message.content == (TextBlock(text="I look."),)


@pytest.mark.parametrize("missing", [None, ""])
def test_a_call_without_an_id_gets_one(missing: str | None) -> None:
    ids = [use.tool_use_id for use in calling(call(id=missing), call(id=missing)).tool_uses]
    assert ids == ["chatcmpl-1-0", "chatcmpl-1-1"]


@pytest.mark.parametrize(
    "raw",
    [
        {"choices": []},
        {"choices": None},
        {"choices": [3]},
        {"choices": [{"finish_reason": "stop"}]},
        {"choices": [{"message": "hi", "finish_reason": "stop"}]},
        answer(said(content=3)),
        answer(said(content=[3])),
        answer(said(content="CANARY"), None),
        answer(said(content="CANARY"), "CANARY"),
        answer(said(content="CANARY"), ["stop"]),
        ANSWER | {"usage": {"prompt_tokens": "CANARY"}},
    ],
)
def test_what_cannot_be_read_is_an_output_error_that_repeats_nothing_of_it(raw: Any) -> None:
    with pytest.raises(ModelOutputError, match=f"^{MODEL} answered with something this version cannot read") as caught:
        response_from_chat(raw, MODEL)
    assert "CANARY" not in str(caught.value)
    assert "\n" not in str(caught.value)
