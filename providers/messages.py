"""Messages in the JSON shapes of Bedrock's Converse API, which Strands' messages have, too, and back: nothing is lost.

Pure functions: no client, no I/O. Shapes: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from providers.model import (
    CitedTextBlock,
    ContentBlock,
    Message,
    OpaqueBlock,
    ReasoningBlock,
    TextBlock,
    ToolChoice,
    ToolResultBlock,
    ToolUseBlock,
)

_BASE64 = "$base64"
"""Marks bytes in stored JSON. Where JSON itself has a lone key of that form, one more `$` keeps the two apart."""

_LIKE_BASE64 = re.compile(r"\$+base64")
_UNKNOWN_MEMBER = "SDK_UNKNOWN_MEMBER"
"""What botocore puts in the place of a block that its service model does not have; the block itself is gone."""


def message_to_converse(message: Message) -> dict[str, Any]:
    """A Converse `Message`."""
    return {"role": message.role, "content": [_block_to_converse(block) for block in message.content]}


def message_from_converse(raw: Mapping[str, Any]) -> Message:
    """A `Message` from its Converse shape; blocks without a type of their own are kept opaque."""
    return Message(role=raw["role"], content=tuple(_block_from_converse(block) for block in raw["content"]))


def tool_choice_to_converse(choice: ToolChoice) -> dict[str, Any]:
    """Converse's tagged union for a `ToolChoice`."""
    return {choice.type: {"name": choice.name} if choice.type == "tool" else {}}


def tool_choice_from_converse(raw: Mapping[str, Any]) -> ToolChoice:
    """A `ToolChoice` from Converse's tagged union (`{"auto": {}}`, `{"any": {}}`, `{"tool": {"name": …}}`)."""
    if "tool" in raw:
        return ToolChoice(type="tool", name=raw["tool"]["name"])
    return ToolChoice(type="any" if "any" in raw else "auto")


def _block_to_converse(block: ContentBlock) -> dict[str, Any]:
    match block:
        case TextBlock():
            return {"text": block.text}
        case CitedTextBlock():
            return {"citationsContent": _restore_bytes(block.content)}
        case ToolUseBlock():
            return {"toolUse": {"toolUseId": block.tool_use_id, "name": block.name, "input": block.input}}
        case ToolResultBlock():
            content = [_block_to_converse(part) for part in block.content]
            return {"toolResult": {"toolUseId": block.tool_use_id, "content": content, "status": block.status}}
        case ReasoningBlock():
            signature = {"signature": block.signature} if block.signature is not None else {}
            return {"reasoningContent": {"reasoningText": {"text": block.text, **signature}}}
        case OpaqueBlock():
            restored = _restore_bytes(block.content)
            assert isinstance(restored, dict)
            return restored


def _block_from_converse(raw: Mapping[str, Any]) -> ContentBlock:
    """The typed block, where it holds everything `raw` does; an opaque one otherwise, so that nothing is lost."""
    match dict(raw):
        case {"text": text, **rest} if not rest:
            return TextBlock(text=text)
        case {"citationsContent": Mapping() as cited, **rest} if not rest:
            content = _store_bytes(cited)
            assert isinstance(content, dict)
            return CitedTextBlock(content=content)
        case {"toolUse": Mapping() as use, **rest} if not rest and set(use) <= {"toolUseId", "name", "input"}:
            # botocore leaves out a null: a call without arguments is still a call, and takes an empty object; so is one
            # without a name or an id, which is answered, too
            return ToolUseBlock(
                tool_use_id=use.get("toolUseId", ""), name=use.get("name", ""), input=use.get("input", {})
            )
        case {"toolResult": {"toolUseId": tool_use_id, "content": list(parts), **more}, **rest} if not rest and (
            set(more) <= {"status"}
        ):
            results = tuple(_result_part(part) for part in parts)
            return ToolResultBlock(tool_use_id=tool_use_id, content=results, status=more.get("status", "success"))
        case {"reasoningContent": {"reasoningText": {"text": text, **more}, **others}, **rest} if not (
            rest or others
        ) and set(more) <= {"signature"}:
            return ReasoningBlock(text=text, signature=more.get("signature"))
        case _:
            return _opaque(raw)


def _result_part(raw: Mapping[str, Any]) -> TextBlock | OpaqueBlock:
    return TextBlock(text=raw["text"]) if set(raw) == {"text"} else _opaque(raw)


def _opaque(raw: Mapping[str, Any]) -> OpaqueBlock:
    if _UNKNOWN_MEMBER in raw:
        raise ValueError("a content block of an unknown kind")
    content = _store_bytes(raw)
    assert isinstance(content, dict)
    return OpaqueBlock(content=content)


def _store_bytes(value: Any) -> JsonValue:
    if isinstance(value, bytes):
        return {_BASE64: base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        stored = {key: _store_bytes(item) for key, item in value.items()}
        return {f"${key}": item for key, item in stored.items()} if _looks_like_bytes(value) else stored
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_store_bytes(item) for item in value]
    return value  # type: ignore[no-any-return]  # botocore parses JSON: what is left is a JSON scalar


def _restore_bytes(value: JsonValue) -> Any:
    if isinstance(value, dict):
        if set(value) == {_BASE64}:
            return base64.b64decode(str(value[_BASE64]))
        restored = {key: _restore_bytes(item) for key, item in value.items()}
        return {key[1:]: item for key, item in restored.items()} if _looks_like_bytes(value) else restored
    if isinstance(value, list):
        return [_restore_bytes(item) for item in value]
    return value


def _looks_like_bytes(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and all(_LIKE_BASE64.fullmatch(key) for key in value)
