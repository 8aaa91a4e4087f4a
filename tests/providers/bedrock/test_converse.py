"""What Converse is asked and answers, as the model layer's types, checked against the installed service model."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from providers import (
    Message,
    ModelOutputError,
    ModelRequest,
    ModelResponse,
    StopReason,
    ToolChoice,
    ToolSpec,
    ToolUseBlock,
    Usage,
)
from providers.bedrock import request_to_converse, response_from_converse
from providers.messages import message_to_converse
from tests.providers.strategies import JSON, REQUESTS
from tests.stand_in.service_model import converse_input
from tests.stand_in.validation import violations

MODEL = "amazon.nova-lite-v1:0"
RAW: dict[str, Any] = {
    "output": {"message": {"role": "assistant", "content": [{"text": "hi"}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 5, "outputTokens": 2, "totalTokens": 7, "cacheReadInputTokens": 3},
    "metrics": {"latencyMs": 42},
}


def ask(*turns: Message, **options: Any) -> dict[str, Any]:
    messages = turns or (Message.user("hello"),)
    return request_to_converse(ModelRequest.model_validate({"messages": messages, **options}), MODEL)


def raw_with(*content: Any) -> dict[str, Any]:
    return RAW | {"output": {"message": {"role": "assistant", "content": list(content)}}}


# Requests -------------------------------------------------------------------------------------------------------------


def test_a_whole_request() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
    assert ask(
        system="Be brief.",
        tools=(ToolSpec(name="look", description="Look.", input_schema={"type": "object"}),),
        tool_choice=ToolChoice(type="tool", name="look"),
        output_schema={"name": "Nothing", "json_schema": schema},
        max_tokens=7,
        temperature=0.5,
        stop_sequences=("END",),
        label="judge",
    ) == {
        "modelId": MODEL,
        "messages": [{"role": "user", "content": [{"text": "hello"}]}],
        "system": [{"text": "Be brief."}],
        "inferenceConfig": {"maxTokens": 7, "temperature": 0.5, "stopSequences": ["END"]},
        "toolConfig": {
            "tools": [
                {"toolSpec": {"name": "look", "description": "Look.", "inputSchema": {"json": {"type": "object"}}}}
            ],
            "toolChoice": {"tool": {"name": "look"}},
        },
        "outputConfig": {
            "textFormat": {
                "type": "json_schema",
                "structure": {"jsonSchema": {"name": "Nothing", "schema": json.dumps(schema, sort_keys=True)}},
            }
        },
        "requestMetadata": {"label": "judge"},
    }


@given(REQUESTS)
def test_whatever_can_be_asked_is_something_boto3_sends(request: ModelRequest) -> None:
    """So a request never fails on the way for its shape: what is wrong with it, the service says."""
    report = ParamValidator().validate(request_to_converse(request, MODEL), converse_input())
    assert not report.has_errors(), report.generate_report()


@given(REQUESTS)
def test_the_request_is_not_changed_by_sending_it(request: ModelRequest) -> None:
    before = request.model_dump_json()
    arguments = request_to_converse(request, MODEL)
    again = copy.deepcopy(arguments)
    assert request_to_converse(request, MODEL) == again
    assert request.model_dump_json() == before


def test_a_bare_request_says_no_more_than_it_must() -> None:
    assert set(ask()) == {"modelId", "messages", "inferenceConfig"}
    assert ask()["inferenceConfig"] == {"maxTokens": 1024}


def test_a_temperature_of_zero_is_sent() -> None:
    assert ask(temperature=0)["inferenceConfig"]["temperature"] == 0


@pytest.mark.parametrize(
    "options", [{"system": ""}, {"tools": (ToolSpec(name="look", description="", input_schema={}),)}]
)
def test_what_is_empty_and_may_be_left_out_is_left_out(options: dict[str, Any]) -> None:
    arguments = ask(**options)
    assert list(violations(arguments.pop("modelId"), arguments)) == []


def test_what_a_model_said_is_sent_back_as_the_service_takes_it() -> None:
    use = ToolUseBlock(tool_use_id="use-1", name="functions.look up", input={"name": "a b", "text": " "})
    content = ask(Message.user("hello"), Message.assistant(" \n", use, ""))["messages"][1]["content"]
    assert content == [{"toolUse": {"toolUseId": "use-1", "name": "functions_look_up", "input": use.input}}]
    long, none = (use.model_copy(update={"name": name}) for name in ("x" * 65, ""))
    names = [block["toolUse"]["name"] for block in ask(Message.assistant(long, none))["messages"][0]["content"]]
    assert names == ["x" * 64, "_"]


def test_a_turn_of_blank_text_alone_is_left_to_the_service_to_refuse() -> None:
    assert ask(Message.user(" "))["messages"][0]["content"] == [{"text": " "}]


# Responses ------------------------------------------------------------------------------------------------------------


def test_a_whole_response() -> None:
    assert response_from_converse(RAW, MODEL) == ModelResponse(
        message=Message.assistant("hi"),
        stop_reason=StopReason.END_TURN,
        usage=Usage(input_tokens=5, output_tokens=2, cache_read_input_tokens=3),
        latency_ms=42,
        model=MODEL,
    )


def test_usage_and_metrics_may_be_missing() -> None:
    raw = {key: value for key, value in RAW.items() if key in ("output", "stopReason")}
    assert response_from_converse(raw, MODEL).usage == Usage()


@pytest.mark.parametrize("reason", list(StopReason))
def test_every_stop_reason_is_read(reason: StopReason) -> None:
    assert response_from_converse(RAW | {"stopReason": reason.value}, MODEL).stop_reason is reason


@pytest.mark.parametrize(
    "raw",
    [
        {},
        RAW | {"stopReason": "a reason of the future"},
        RAW | {"stopReason": 4},
        {key: value for key, value in RAW.items() if key != "output"},
        RAW | {"output": {}},
        RAW | {"output": {"message": {"role": "assistant"}}},
        RAW | {"output": {"message": {"role": "robot", "content": []}}},
        RAW | {"usage": {"inputTokens": "many"}},
        raw_with({"text": 3}),
        raw_with({"SDK_UNKNOWN_MEMBER": {"name": "hologram"}}),
        raw_with({"toolResult": {"toolUseId": "a", "content": [{"SDK_UNKNOWN_MEMBER": {"name": "hologram"}}]}}),
        raw_with({"toolUse": {"toolUseId": "a", "name": "b", "input": {"n": float("nan")}}}),
    ],
)
def test_a_shape_that_this_version_does_not_know_is_an_output_error(raw: dict[str, Any]) -> None:
    with pytest.raises(ModelOutputError, match=MODEL) as caught:
        response_from_converse(raw, MODEL)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("levels", [101, 3_000])
def test_json_that_is_nested_too_deeply_is_an_output_error(levels: int) -> None:
    nested = json.loads('{"a":' * levels + "0" + "}" * levels)
    with pytest.raises(ModelOutputError, match=MODEL) as caught:
        response_from_converse(raw_with({"toolUse": {"toolUseId": "a", "name": "b", "input": nested}}), MODEL)
    assert "nested too deeply" in str(caught.value)
    assert len(str(caught.value)) < 300


def test_an_unknown_block_is_named_and_so_is_what_to_update() -> None:
    with pytest.raises(ModelOutputError, match=r"hologram.*boto3"):
        response_from_converse(raw_with({"SDK_UNKNOWN_MEMBER": {"name": "hologram"}}), MODEL)


def test_a_tool_use_without_input_is_a_call_without_arguments() -> None:
    """botocore drops a null; an opaque block instead would hide the call from the workflow."""
    (use,) = response_from_converse(raw_with({"toolUse": {"toolUseId": "a", "name": "b"}}), MODEL).tool_uses
    assert use == ToolUseBlock(tool_use_id="a", name="b", input={})


@given(JSON)
def test_whatever_json_a_tool_is_called_with_comes_back_as_it_was(value: Any) -> None:
    raw = {"toolUse": {"toolUseId": "use-1", "name": "look", "input": value}}
    (block,) = response_from_converse(raw_with(raw), MODEL).message.content
    assert isinstance(block, ToolUseBlock)
    assert block.input == value
    assert message_to_converse(Message.assistant(block))["content"] == [raw]


@pytest.mark.parametrize(
    "content",
    [
        {"text": "cut off \ud83d"},
        {"toolUse": {"toolUseId": "a", "name": "b", "input": {"key \ud83d": ["\ude00"]}}},
        {"reasoningContent": {"reasoningText": {"text": "\ud83d"}}},
        {"citationsContent": {"content": [{"text": "\ud83d"}]}},
    ],
)
def test_half_a_character_does_not_break_the_checkpoint(content: dict[str, Any]) -> None:
    """A reply that is cut off inside an escaped emoji parses as JSON, and is no Unicode."""
    response = response_from_converse(raw_with(content), MODEL)
    assert ModelResponse.model_validate_json(response.model_dump_json()) == response
    assert "�" in response.model_dump_json()


@given(st.text(st.characters(blacklist_categories=())))
def test_any_text_that_json_can_hold_becomes_text_that_a_checkpoint_can(text: str) -> None:
    response = response_from_converse(raw_with({"text": text}), MODEL)
    assert ModelResponse.model_validate_json(response.model_dump_json()) == response
    assert len(response.text) == len(text)
