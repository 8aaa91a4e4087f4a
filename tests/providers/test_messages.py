"""Messages as Converse's shapes, there and back: nothing is lost on the way."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given

from providers import (
    Message,
    OpaqueBlock,
    ReasoningBlock,
    TextBlock,
    ToolChoice,
    ToolResultBlock,
    ToolUseBlock,
)
from providers.messages import (
    message_from_converse,
    message_to_converse,
    tool_choice_from_converse,
    tool_choice_to_converse,
)
from tests.providers.strategies import JSON, MESSAGES


@given(MESSAGES)
def test_a_message_comes_back_as_it_was(message: Message) -> None:
    assert message_from_converse(message_to_converse(message)) == message


@given(MESSAGES)
def test_a_message_comes_back_from_a_checkpoint_and_converse_as_it_was(message: Message) -> None:
    restored = Message.model_validate_json(message.model_dump_json())
    assert message_to_converse(restored) == message_to_converse(message)


@given(JSON)
def test_json_that_looks_like_stored_bytes_is_left_alone(value: Any) -> None:
    raw = {"toolResult": {"toolUseId": "use-1", "content": [{"json": value}], "status": "error"}}
    assert message_to_converse(message_from_converse({"role": "user", "content": [raw]}))["content"] == [raw]


@pytest.mark.parametrize(
    "raw",
    [
        {"image": {"format": "png", "source": {"bytes": b"\x00\xff"}}},
        {"reasoningContent": {"redactedContent": b"\x00\xff"}},
        {"reasoningContent": {"reasoningText": {"text": "because", "signature": "abc"}}},
        {"reasoningContent": {"reasoningText": {"text": "because"}}},
        {"cachePoint": {"type": "default"}},
        {"citationsContent": {"content": [{"text": "a"}], "citations": [{"title": "b", "location": {"web": {}}}]}},
        {"toolUse": {"toolUseId": "a", "name": "b", "input": {}, "type": "server_tool_use"}},
        {"toolResult": {"toolUseId": "a", "content": [{"image": {"format": "png", "source": {"bytes": b"x"}}}]}},
        {"toolResult": {"toolUseId": "a", "content": [], "status": "error", "type": "server"}},
        {"document": {"name": "it", "source": {"text": "$base64"}}},
    ],
)
def test_what_has_no_type_of_its_own_loses_nothing_on_the_way(raw: dict[str, Any]) -> None:
    message = message_from_converse({"role": "assistant", "content": [raw]})
    restored = Message.model_validate_json(message.model_dump_json())
    (back,) = message_to_converse(restored)["content"]
    back.get("toolResult", {}).setdefault("status", "success")
    expected = copy.deepcopy(raw)
    expected.get("toolResult", {}).setdefault("status", "success")
    assert back == expected


def test_the_blocks_that_have_a_type_get_it() -> None:
    content = [
        {"text": "hi"},
        {"toolUse": {"toolUseId": "a", "name": "look", "input": {"n": 1}}},
        {"toolResult": {"toolUseId": "a", "content": [{"text": "seen"}, {"json": {"n": 1}}], "status": "error"}},
        {"reasoningContent": {"reasoningText": {"text": "because", "signature": "abc"}}},
        {"reasoningContent": {"redactedContent": b"\x00"}},
    ]
    assert message_from_converse({"role": "user", "content": content}).content == (
        TextBlock(text="hi"),
        ToolUseBlock(tool_use_id="a", name="look", input={"n": 1}),
        ToolResultBlock(
            tool_use_id="a", content=(TextBlock(text="seen"), OpaqueBlock(content={"json": {"n": 1}})), status="error"
        ),
        ReasoningBlock(text="because", signature="abc"),
        OpaqueBlock(content={"reasoningContent": {"redactedContent": {"$base64": "AA=="}}}),
    )


@pytest.mark.parametrize("missing", ["toolUseId", "name", "input"])
def test_a_tool_use_that_lacks_something_is_still_one_to_answer(missing: str) -> None:
    raw = {
        "toolUse": {key: value for key, value in {"toolUseId": "a", "name": "b", "input": {}}.items() if key != missing}
    }
    (use,) = message_from_converse({"role": "assistant", "content": [raw]}).tool_uses
    assert not getattr(use, {"toolUseId": "tool_use_id"}.get(missing, missing))


@pytest.mark.parametrize("choice", [ToolChoice(), ToolChoice(type="any"), ToolChoice(type="tool", name="look")])
def test_a_tool_choice_comes_back_as_it_was(choice: ToolChoice) -> None:
    assert tool_choice_from_converse(tool_choice_to_converse(choice)) == choice
