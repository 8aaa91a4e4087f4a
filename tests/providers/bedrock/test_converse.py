"""What Converse is asked and answers, as the model layer's types, checked against the installed service model."""

from __future__ import annotations

import copy
import json
import traceback
from typing import Any

import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

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
from providers.bedrock import request_to_converse, response_from_converse
from providers.messages import message_to_converse
from tests.providers.strategies import JSON, REQUESTS
from tests.stand_in.service_model import converse_input, service_model
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


def made_of(request: ModelRequest) -> dict[str, Any] | None:
    """The arguments; None if it is refused before anything is sent."""
    try:
        return request_to_converse(request, MODEL)
    except ModelRequestError:
        return None


@given(REQUESTS)
def test_whatever_can_be_asked_is_something_boto3_sends(request: ModelRequest) -> None:
    """So a request never fails on the way for its shape: what is wrong with it is said before."""
    if (arguments := made_of(request)) is not None:
        report = ParamValidator().validate(arguments, converse_input())
        assert not report.has_errors(), report.generate_report()


@given(REQUESTS)
def test_the_request_is_not_changed_by_sending_it(request: ModelRequest) -> None:
    before = request.model_dump_json()
    again = copy.deepcopy(made_of(request))
    assert made_of(request) == again
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
    def asked(*names: str) -> list[dict[str, Any]]:
        uses = [
            ToolUseBlock(tool_use_id=f"use-{n}", name=name, input={"name": "a b", "text": " "})
            for n, name in enumerate(names)
        ]
        results = [ToolResultBlock.success(use.tool_use_id, "seen") for use in uses]
        content: list[dict[str, Any]] = ask(
            Message.user("hello"), Message.assistant(" \n", *uses, ""), Message.user(*results)
        )["messages"][1]["content"]
        return content

    wanted = {"toolUseId": "use-0", "name": "functions_look_up", "input": {"name": "a b", "text": " "}}
    assert asked("functions.look up") == [{"toolUse": wanted}]
    assert [block["toolUse"]["name"] for block in asked("x" * 65, "")] == ["x" * 64, "_"]


def test_a_turn_of_blank_text_alone_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ModelRequestError, match=r"messages\[0\] says nothing"):
        ask(Message.user(" "))


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


def test_an_unknown_block_is_an_error_that_says_what_to_update_and_repeats_nothing() -> None:
    with pytest.raises(ModelOutputError, match=r"unknown kind.*boto3") as caught:
        response_from_converse(raw_with({"SDK_UNKNOWN_MEMBER": {"name": "hologram"}}), MODEL)
    assert "hologram" not in str(caught.value)


BECOMES: dict[str, tuple[dict[str, Any], type]] = {
    "text": ({"text": "hi"}, TextBlock),
    "toolUse": ({"toolUse": {"toolUseId": "a", "name": "b", "input": {}}}, ToolUseBlock),
    "toolResult": ({"toolResult": {"toolUseId": "a", "content": []}}, ToolResultBlock),
    "citationsContent": ({"citationsContent": {"content": [{"text": "hi"}]}}, CitedTextBlock),
    "reasoningContent": ({"reasoningContent": {"reasoningText": {"text": "hm"}}}, ReasoningBlock),
    "image": ({"image": {"format": "png", "source": {"bytes": b"x"}}}, OpaqueBlock),
    "document": ({"document": {"name": "it", "source": {"text": "x"}}}, OpaqueBlock),
    "video": ({"video": {"format": "mp4", "source": {"bytes": b"x"}}}, OpaqueBlock),
    "audio": ({"audio": {"format": "mp3", "source": {"bytes": b"x"}}}, OpaqueBlock),
    "guardContent": ({"guardContent": {"text": {"text": "x"}}}, OpaqueBlock),
    "cachePoint": ({"cachePoint": {"type": "default"}}, OpaqueBlock),
    "searchResult": ({"searchResult": {"source": "s", "title": "t", "content": []}}, OpaqueBlock),
    "toolAddition": ({"toolAddition": {"tool": {}}}, OpaqueBlock),
    "toolRemoval": ({"toolRemoval": {"tool": {}}}, OpaqueBlock),
}
"""What each kind of content block becomes. Opaque ones are kept, and sent back as they came."""

KEPT = {"output": "message", "stopReason": "stop_reason", "usage": "usage", "metrics": "latency_ms"}
NOT_KEPT = {"additionalModelResponseFields", "trace", "performanceConfig", "serviceTier"}
"""What the service says about itself: no workflow uses it, and a checkpoint is small."""


def shape(name: str) -> Any:
    return service_model().shape_for(name)


def test_every_member_of_an_answer_becomes_something_or_is_left_out_on_purpose() -> None:
    assert set(shape("ConverseResponse").members) == set(KEPT) | NOT_KEPT
    assert set(shape("ContentBlock").members) == set(BECOMES)
    assert set(shape("StopReason").enum) == {reason.value for reason in StopReason}
    whole = dict.fromkeys(NOT_KEPT, "x")
    assert response_from_converse(RAW | whole, MODEL) == response_from_converse(RAW, MODEL)


@pytest.mark.parametrize("kind", BECOMES)
def test_every_kind_of_content_block_becomes_what_the_table_says(kind: str) -> None:
    raw, expected = BECOMES[kind]
    (block,) = response_from_converse(raw_with(raw), MODEL).message.content
    assert type(block) is expected
    assert response_from_converse(raw_with(raw), MODEL).text == ("hi" if kind in ("text", "citationsContent") else "")


@pytest.mark.parametrize("missing", ["usage", "metrics"])
@pytest.mark.parametrize("value", [None, {}, {"inputTokens": "many", "latencyMs": "long"}, "none", [1]])
def test_bookkeeping_that_cannot_be_read_loses_no_answer(missing: str, value: Any) -> None:
    response = response_from_converse(RAW | {missing: value}, MODEL)
    assert response.text == "hi"
    assert response.usage.input_tokens == (0 if missing == "usage" else 5)


@pytest.mark.parametrize("reason", list(StopReason))
@pytest.mark.parametrize("output", [None, {}, {"message": None}, {"message": {"role": "assistant"}}, {"message": "hi"}])
def test_the_stop_reason_is_read_before_the_shape(reason: StopReason, output: Any) -> None:
    """A guardrail may leave no message: that it intervened is what there is to say, and asking again is no use."""
    raw = RAW | {"stopReason": reason.value, "output": output}
    if reason in {StopReason.END_TURN, StopReason.STOP_SEQUENCE, StopReason.TOOL_USE}:
        with pytest.raises(ModelOutputError, match=rf"stopped with {reason}, and it holds no message|does not fit"):
            response_from_converse(raw, MODEL)
    else:
        response = response_from_converse(raw, MODEL)
        assert (response.stop_reason, response.message.content) == (reason, ())


def test_cited_text_is_text_and_goes_back_as_it_came() -> None:
    cited = {"content": [{"text": "the sky "}, {"text": "is blue."}], "citations": [{"title": "notes"}]}
    response = response_from_converse(raw_with({"text": "It says "}, {"citationsContent": cited}), MODEL)
    assert response.text == "It says the sky is blue."
    assert ModelResponse.model_validate_json(response.model_dump_json()) == response
    assert message_to_converse(response.message)["content"] == [{"text": "It says "}, {"citationsContent": cited}]


@pytest.mark.parametrize("cited", [{}, {"content": []}, {"citations": [{"title": "notes"}]}])
def test_citations_of_nothing_are_no_text(cited: dict[str, Any]) -> None:
    assert response_from_converse(raw_with({"citationsContent": cited}), MODEL).text == ""


@pytest.mark.parametrize(
    "raw",
    [
        RAW | {"stopReason": "canary"},
        raw_with({"canary": {"canary": "canary"}, "SDK_UNKNOWN_MEMBER": {"name": "canary"}}),
        raw_with({"toolUse": {"toolUseId": "canary", "name": "canary", "input": {"canary": float("nan")}}}),
        raw_with({"text": {"canary": "canary"}}),
        raw_with("canary"),
        RAW | {"output": {"message": {"role": "canary", "content": []}}},
    ],
)
def test_an_error_repeats_nothing_of_the_reply(raw: dict[str, Any]) -> None:
    with pytest.raises(ModelOutputError) as caught:
        response_from_converse(raw, MODEL)
    assert "canary" not in "".join(traceback.format_exception(caught.value)).replace("canary =", "")


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
