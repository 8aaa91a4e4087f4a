"""Bedrock Converse's JSON shapes to the model layer's types and back. Pure functions: no client, no I/O.

Shapes: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue, ValidationError

from providers.errors import ModelOutputError
from providers.model import (
    ContentBlock,
    JsonObject,
    Message,
    ModelRequest,
    ModelResponse,
    OpaqueBlock,
    OutputSchema,
    ReasoningBlock,
    StopReason,
    TextBlock,
    ToolChoice,
    ToolResultBlock,
    ToolSpec,
    ToolUseBlock,
    Usage,
    describe,
)

_BASE64 = "$base64"
"""Marks bytes in stored JSON. Where JSON itself has a lone key of that form, one more `$` keeps the two apart."""

_LIKE_BASE64 = re.compile(r"\$+base64")
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
MAX_LEVELS = 100
"""How deeply an answer may be nested: of the 200 levels that pydantic reads back from a checkpoint, some are ours."""

_NOT_IN_A_TOOL_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_MAX_TOOL_NAME_CHARS = 64
_UNKNOWN_MEMBER = "SDK_UNKNOWN_MEMBER"
"""What botocore puts in the place of a block that its service model does not have; the block itself is gone."""


def request_to_converse(request: ModelRequest, model_id: str, *, structured_output: bool = True) -> dict[str, Any]:
    """The keyword arguments of boto3's `converse`.

    Args:
        request: What to ask.
        model_id: The id that the request's tier stands for.
        structured_output: Send `output_schema` as `outputConfig`; off for a model that does not take it.
    """
    inference: dict[str, Any] = {"maxTokens": request.max_tokens}
    if request.temperature is not None:
        inference["temperature"] = request.temperature
    if request.stop_sequences:
        inference["stopSequences"] = list(request.stop_sequences)
    arguments: dict[str, Any] = {
        "modelId": model_id,
        "messages": [message_to_converse(_acceptable(message)) for message in request.messages],
        "inferenceConfig": inference,
    }
    if request.system:
        arguments["system"] = [{"text": request.system}]
    if request.tools:
        arguments["toolConfig"] = {"tools": [_tool_to_converse(tool) for tool in request.tools]}
        if request.tool_choice is not None:
            arguments["toolConfig"]["toolChoice"] = _tool_choice_to_converse(request.tool_choice)
    if request.output_schema is not None and structured_output:
        arguments["outputConfig"] = {"textFormat": _text_format(request.output_schema)}
    if request.label:
        arguments["requestMetadata"] = {"label": request.label}
    return arguments


def response_from_converse(raw: Mapping[str, Any], model_id: str) -> ModelResponse:
    """Read what boto3's `converse` returned.

    Raises:
        ModelOutputError: The service answered with a shape or a stop reason that this version does not know, or with
            JSON that is nested too deeply.
    """
    try:
        usage, metrics = raw.get("usage", {}), raw.get("metrics", {})
        return ModelResponse(
            message=message_from_converse(_whole_characters(raw["output"]["message"])),
            stop_reason=StopReason(raw["stopReason"]),
            usage=Usage(
                input_tokens=usage.get("inputTokens", 0),
                output_tokens=usage.get("outputTokens", 0),
                cache_read_input_tokens=usage.get("cacheReadInputTokens", 0),
                cache_write_input_tokens=usage.get("cacheWriteInputTokens", 0),
            ),
            latency_ms=metrics.get("latencyMs", 0),
            model=model_id,
        )
    except RecursionError as error:
        raise ModelOutputError(f"{model_id} answered with JSON that is nested too deeply to be kept.") from error
    except KeyError as error:
        raise _unreadable(model_id, f"there is no {error}") from error
    except ValidationError as error:
        raise _unreadable(model_id, describe(error)) from error
    except ValueError as error:
        raise _unreadable(model_id, str(error)) from error


def _unreadable(model_id: str, why: str) -> ModelOutputError:
    return ModelOutputError(
        f"{model_id} answered with something this version cannot read ({why}); update durable-ai-patterns and boto3."
    )


def message_to_converse(message: Message) -> dict[str, Any]:
    """A Converse `Message`."""
    return {"role": message.role, "content": [_block_to_converse(block) for block in message.content]}


def message_from_converse(raw: Mapping[str, Any]) -> Message:
    """A `Message` from its Converse shape; blocks without a type of their own are kept opaque."""
    return Message(role=raw["role"], content=tuple(_block_from_converse(block) for block in raw["content"]))


def tool_choice_from_converse(raw: Mapping[str, Any]) -> ToolChoice:
    """A `ToolChoice` from Converse's tagged union (`{"auto": {}}`, `{"any": {}}`, `{"tool": {"name": …}}`)."""
    if "tool" in raw:
        return ToolChoice(type="tool", name=raw["tool"]["name"])
    return ToolChoice(type="any" if "any" in raw else "auto")


def _acceptable(message: Message) -> Message:
    """`message` as the service takes it back: its models send blank text, and names that no tool may have."""
    kept = [block for block in message.content if not (isinstance(block, TextBlock) and not block.text.strip())]
    content = tuple(
        block.model_copy(update={"name": _NOT_IN_A_TOOL_NAME.sub("_", block.name)[:_MAX_TOOL_NAME_CHARS] or "_"})
        if isinstance(block, ToolUseBlock)
        else block
        for block in kept or message.content  # where there is nothing else, the service says what is wrong
    )
    return message.model_copy(update={"content": content})


def _block_to_converse(block: ContentBlock) -> dict[str, Any]:
    match block:
        case TextBlock():
            return {"text": block.text}
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
        case {"toolUse": {"toolUseId": use_id, "name": name, **more}, **rest} if not (rest or set(more) - {"input"}):
            # botocore leaves out a null: a call without arguments is still a call, and takes an empty object
            return ToolUseBlock(tool_use_id=use_id, name=name, input=more.get("input", {}))
        case {"toolResult": {"toolUseId": tool_use_id, "content": list(parts), **more}, **rest} if not rest and (
            set(more) <= {"status"}
        ):
            content = tuple(_result_part(part) for part in parts)
            return ToolResultBlock(tool_use_id=tool_use_id, content=content, status=more.get("status", "success"))
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
        raise ValueError(f"a content block of the unknown kind {raw[_UNKNOWN_MEMBER].get('name')!r}")
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


def _whole_characters(value: Any, levels: int = MAX_LEVELS) -> Any:
    """`value` without half characters, which JSON can hold and a checkpoint cannot; a reply may be cut anywhere.

    Raises:
        RecursionError: There are more than `levels` levels.
    """
    if levels < 0:
        raise RecursionError
    if isinstance(value, str):
        return _HALF_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, Mapping):
        return {_whole_characters(key): _whole_characters(item, levels - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole_characters(item, levels - 1) for item in value]
    return value


def _tool_to_converse(tool: ToolSpec) -> dict[str, Any]:
    described = {"description": tool.description} if tool.description else {}
    return {"toolSpec": {"name": tool.name, **described, "inputSchema": {"json": tool.input_schema}}}


def _tool_choice_to_converse(choice: ToolChoice) -> dict[str, Any]:
    return {choice.type: {"name": choice.name} if choice.type == "tool" else {}}


def _text_format(schema: OutputSchema) -> JsonObject:
    text = json.dumps(schema.json_schema, sort_keys=True)
    return {"type": "json_schema", "structure": {"jsonSchema": {"name": schema.name, "schema": text}}}
