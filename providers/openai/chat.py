"""What Chat Completions is asked and what it answers, as the model layer's types. Pure functions: no client, no I/O.

Shapes: https://developers.openai.com/api/reference/resources/chat, and what servers add to it or leave out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from providers.errors import ModelOutputError, ModelRequestError
from providers.model import (
    CitedTextBlock,
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
from providers.openai.json_schema import strict
from providers.openai.text import parsed
from providers.text import whole

type Limit = Literal["max_tokens", "max_completion_tokens"]
"""What bounds a reply: OpenAI's newer models refuse the first, older servers do not know the second."""

FINISH_REASONS: dict[str, StopReason] = {
    "stop": StopReason.END_TURN,
    "length": StopReason.MAX_TOKENS,
    "tool_calls": StopReason.TOOL_USE,
    "function_call": StopReason.TOOL_USE,
    "content_filter": StopReason.CONTENT_FILTERED,
}

_TOOL_CHOICES = {"auto": "auto", "any": "required"}
_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_MAX_NAME_CHARS = 64


# Requests -------------------------------------------------------------------------------------------------------------


def request_to_chat(
    request: ModelRequest, model_id: str, *, limit: Limit = "max_completion_tokens", structured_output: bool = True
) -> dict[str, Any]:
    """The keyword arguments of the package's `chat.completions.create`, but for the label, which is no part of them.

    Args:
        request: What to ask.
        model_id: The id that the request's tier stands for.
        limit: The parameter that bounds the reply.
        structured_output: Send `output_schema` as `response_format`; off for a server that does not take it.

    Raises:
        ModelRequestError: A message holds something that Chat Completions has no place for.
    """
    arguments: dict[str, Any] = {"model": model_id, "messages": list(_messages(request)), limit: request.max_tokens}
    if request.temperature is not None:
        arguments["temperature"] = request.temperature
    if request.stop_sequences:
        arguments["stop"] = list(request.stop_sequences)
    if request.tools:
        arguments["tools"] = [_tool(tool) for tool in request.tools]
        if request.tool_choice is not None:
            arguments["tool_choice"] = _tool_choice(request.tool_choice)
    if request.output_schema is not None and structured_output:
        arguments["response_format"] = _response_format(request.output_schema)
    sent: dict[str, Any] = whole(arguments)
    return sent


def _messages(request: ModelRequest) -> Iterator[JsonObject]:
    if request.system:
        yield {"role": "system", "content": request.system}
    for message in request.messages:
        yield from _turn(message)


def _turn(message: Message) -> Iterator[JsonObject]:
    """A turn as messages: tool results are messages of their own, and come first, right after what they answer."""
    results = [block for block in message.content if isinstance(block, ToolResultBlock)]
    rest = [block for block in message.content if not isinstance(block, ToolResultBlock | ReasoningBlock)]
    for result in results:
        yield {"role": "tool", "tool_call_id": result.tool_use_id, "content": _result(result)}
    if message.role != "assistant":
        if rest or not results:
            yield {"role": message.role, "content": _text(rest)}
        return
    calls: list[Any] = [_tool_call(block) for block in rest if isinstance(block, ToolUseBlock)]
    text = _text([block for block in rest if not isinstance(block, ToolUseBlock)])
    if calls:  # of no text, `""`, null and no content at all, every server takes the first
        yield {"role": "assistant", "content": text if text.strip() else "", "tool_calls": calls}
    else:
        yield {"role": "assistant", "content": text}


def _text(blocks: Sequence[ContentBlock]) -> str:
    """Text as one string: not every server takes a list of parts."""
    for block in blocks:
        if not isinstance(block, TextBlock | CitedTextBlock):
            what = next(iter(block.content), "nothing") if isinstance(block, OpaqueBlock) else block.type
            raise ModelRequestError(
                f"Chat Completions has no place for a content block of the kind {what[:_MAX_NAME_CHARS]!r} there; "
                "send text."
            )
    return "\n".join(block.text for block in blocks if isinstance(block, TextBlock | CitedTextBlock))


def _result(result: ToolResultBlock) -> str:
    """What a tool answered: there is no place for its status, so that a failure says of itself that it is one."""
    text = _text([_as_text(block) for block in result.content])
    return f"Error: {text}" if result.status == "error" else text


def _as_text(block: TextBlock | OpaqueBlock) -> TextBlock | OpaqueBlock:
    if isinstance(block, OpaqueBlock) and set(block.content) == {"json"}:
        return TextBlock(text=json.dumps(block.content["json"], ensure_ascii=False))
    return block


def _tool_call(use: ToolUseBlock) -> JsonObject:
    """A call as servers take it back: whatever was sent, its arguments are an object, as chat templates expect."""
    arguments = use.input if isinstance(use.input, dict) else {"input": use.input}
    function: JsonObject = {"name": _name(use.name), "arguments": json.dumps(arguments, ensure_ascii=False)}
    return {"id": use.tool_use_id, "type": "function", "function": function}


def _tool(tool: ToolSpec) -> JsonObject:
    described: JsonObject = {"description": tool.description} if tool.description else {}
    return {"type": "function", "function": {"name": tool.name, **described, "parameters": tool.input_schema}}


def _tool_choice(choice: ToolChoice) -> str | JsonObject:
    if choice.type == "tool":
        return {"type": "function", "function": {"name": choice.name}}
    return _TOOL_CHOICES[choice.type]


def _response_format(schema: OutputSchema) -> JsonObject:
    """The schema in its strict form where it has one; otherwise as it is, for the server to do what it can."""
    closed = strict(schema.json_schema)
    sent: JsonObject = schema.json_schema if closed is None else closed
    described: JsonObject = {"name": _name(schema.name), "schema": sent, "strict": closed is not None}
    return {"type": "json_schema", "json_schema": described}


def _name(name: str) -> str:
    """A name as the API takes it: models send names that no tool may have, and generic classes have brackets."""
    return _NOT_IN_A_NAME.sub("_", name)[:_MAX_NAME_CHARS] or "_"


# Responses ------------------------------------------------------------------------------------------------------------


class _Wire(BaseModel):
    """What is read of an answer. Anything else in it is left alone: every server adds something."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Function(_Wire):
    name: str
    arguments: str | dict[str, Any] | None = None


class _ToolCall(_Wire):
    id: str | None = None
    function: _Function


class _Part(_Wire):
    type: str
    text: str = ""


class _Message(_Wire):
    content: str | list[_Part] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[Any] | None = None


class _Choice(_Wire):
    message: _Message
    finish_reason: str
    stop_reason: str | int | None = None


class _CachedTokens(_Wire):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _Usage(_Wire):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _CachedTokens | None = None


class _Completion(_Wire):
    id: str | None = None
    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: _Usage | None = None


def response_from_chat(raw: Any, model_id: str) -> ModelResponse:
    """Read an answer's JSON.

    Raises:
        ModelOutputError: It has a shape or a finish reason that this version does not know.
    """
    try:
        completion = _Completion.model_validate(raw)
    except ValidationError as error:
        raise _unreadable(model_id, describe(error)) from error
    choice = completion.choices[0]
    if choice.finish_reason not in FINISH_REASONS:
        raise _unreadable(model_id, "it stopped for a reason that is none of Chat Completions'")
    uses = _tool_uses(choice.message.tool_calls or [], completion.id or "call")
    return ModelResponse(
        message=Message(role="assistant", content=(*_said(choice.message), *(uses or ()))),
        stop_reason=_stop_reason(choice, uses),
        usage=_usage(completion.usage or _Usage()),
        model=model_id,
    )


def _stop_reason(choice: _Choice, uses: tuple[ToolUseBlock, ...] | None) -> StopReason:
    """What the finish reason means, with all that other members add to it.

    A refusal is a filter's, wherever it sits. A server that is told which tool to use says `stop`, and calls it. vLLM
    alone tells which stop sequence it met.
    """
    told = FINISH_REASONS[choice.finish_reason]
    if choice.message.refusal:
        return StopReason.CONTENT_FILTERED
    if told in (StopReason.MAX_TOKENS, StopReason.CONTENT_FILTERED):
        return told
    if uses is None:
        return StopReason.MALFORMED_TOOL_USE
    if uses:
        return StopReason.TOOL_USE
    return StopReason.STOP_SEQUENCE if told is StopReason.END_TURN and isinstance(choice.stop_reason, str) else told


def _said(message: _Message) -> Iterator[ContentBlock]:
    if reasoning := message.reasoning_content or message.reasoning:
        yield ReasoningBlock(text=reasoning)
    parts = message.content if isinstance(message.content, list) else []
    text = "".join(part.text for part in parts) if parts else message.content or message.refusal
    if text:
        assert isinstance(text, str)
        yield TextBlock(text=text)


def _tool_uses(calls: Sequence[Any], completion_id: str) -> tuple[ToolUseBlock, ...] | None:
    """The tools that are asked for; None if one of the calls cannot be read, as a model may have written anything."""
    try:
        read = [_ToolCall.model_validate(call) for call in calls]
        return tuple(
            ToolUseBlock(
                tool_use_id=call.id or f"{completion_id}-{position}",
                name=call.function.name,
                input=_input(call.function.arguments),
            )
            for position, call in enumerate(read)
        )
    except ValueError:  # pydantic's are, too
        return None


def _input(arguments: str | dict[str, Any] | None) -> Any:
    """What a tool is called with: JSON in a string, by the book; an object, or nothing at all, from some servers."""
    if isinstance(arguments, str):
        return parsed(arguments) if arguments.strip() else {}
    return arguments or {}


def _usage(usage: _Usage) -> Usage:
    cached = usage.prompt_tokens_details or _CachedTokens()
    return Usage(
        input_tokens=usage.prompt_tokens or 0,
        output_tokens=usage.completion_tokens or 0,
        cache_read_input_tokens=cached.cached_tokens or 0,
        cache_write_input_tokens=cached.cache_write_tokens or 0,
    )


def _unreadable(model_id: str, why: str) -> ModelOutputError:
    return ModelOutputError(
        f"{model_id} answered with something this version cannot read ({why}); update durable-ai-patterns."
    )
