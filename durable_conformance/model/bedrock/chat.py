"""Chat completions: the `messages` bodies of Mistral AI, OpenAI, AI21 Labs, DeepSeek, Qwen and others.

Shapes: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-mistral-chat-completion.html,
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from durable_conformance.model.bedrock.asked import Asked
from durable_conformance.model.bedrock.dialect import (
    EACH,
    Asks,
    Json,
    Path,
    Said,
    at,
    every,
    first_of,
    pieces,
    reason,
    strings,
    tools,
    word,
)
from durable_conformance.model.bedrock.reply import Reply, ToolUse

_WORDS = {"end_turn": "stop", "max_tokens": "length", "tool_use": "tool_calls", "content_filtered": "content_filter"}
_MESSAGE: Path = ("choices", EACH, "message")


class Chat:
    """Messages of text, with tool calls beside it.

    Some of Mistral's models say `stop_reason` for `finish_reason`, and `message` for `delta`: both are there.
    """

    name = "chat"
    texts: tuple[Path, ...] = ((*_MESSAGE, "content"),)
    ids: tuple[Path, ...] = ((*_MESSAGE, "tool_calls", EACH, "id"),)

    def asks(self, body: Json) -> Asks:
        """See `Dialect`."""
        offered = tools([at(tool, "function", of=dict) for tool in at(body, "tools", of=list)], "parameters")
        choice = body.get("tool_choice")
        forced = first_of(offered) if choice in ("required", "any") else at(choice, "function", "name", of=str)
        format_ = at(body, "response_format", of=dict)
        schema = at(format_, "json_schema", "schema", of=dict) or at(format_, "schema", of=dict)
        if not schema and format_.get("type") == "json_object":
            schema = {"type": "object"}
        stop = body.get("stop")
        return Asks(offered, forced, schema or None, strings(stop if isinstance(stop, list) else [stop]))

    def body(self, asked: Asked, reply: Reply) -> Json:
        """See `Dialect`."""
        calls = [
            {
                "id": use.id,
                "type": "function",
                "function": {"name": use.name, "arguments": json.dumps(use.input, ensure_ascii=False)},
            }
            for use in reply.tool_uses
        ]
        ending = word(_WORDS, reply.stop_reason)
        message = {"role": "assistant", "content": reply.text, **({"tool_calls": calls} if calls else {})}
        return {
            "id": f"chatcmpl-{asked.identity[:24]}",
            "object": "chat.completion",
            "created": 0,
            "model": asked.model,
            "choices": [{"index": 0, "message": message, "finish_reason": ending, "stop_reason": ending}],
            "usage": {
                "prompt_tokens": reply.input_tokens,
                "completion_tokens": reply.output_tokens,
                "total_tokens": reply.input_tokens + reply.output_tokens,
            },
        }

    def said(self, body: Json) -> Said | None:
        """See `Dialect`."""
        if not any(isinstance(message, dict) for message in every(body, _MESSAGE)):
            return None
        uses = tuple(_use(call) for call in every(body, (*_MESSAGE, "tool_calls", EACH)))
        ending = at(body, "choices", 0, "finish_reason", of=str) or at(body, "choices", 0, "stop_reason", of=str)
        return Said(
            strings(list(every(body, self.texts[0]))),
            uses,
            reason(_WORDS, ending or ("tool_calls" if uses else "stop")),
            at(body, "usage", "prompt_tokens", of=int) or None,
            at(body, "usage", "completion_tokens", of=int) or None,
        )

    def chunks(self, body: Json) -> Iterator[Json]:
        """See `Dialect`."""
        choice = at(body, "choices", 0, of=dict)
        message = at(choice, "message", of=dict)
        common = {**body, "object": "chat.completion.chunk"}
        usage = common.pop("usage", None)

        def chunk(delta: Json, ending: str | None = None) -> Json:
            endings = {key: ending for key in ("finish_reason", "stop_reason") if key in choice}
            return {**common, "choices": [{"index": 0, "delta": delta, "message": delta, **endings}]}

        yield chunk({"role": "assistant", "content": ""})
        yield from (chunk({"content": piece}) for piece in pieces(at(message, "content", of=str)))
        for index, call in enumerate(at(message, "tool_calls", of=list)):
            function = at(call, "function", of=dict)
            start = {**call, "index": index, "function": {**function, "arguments": ""}}
            yield chunk({"tool_calls": [start]})
            for piece in pieces(at(function, "arguments", of=str)):
                yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
        ending = at(choice, "finish_reason", of=str) or at(choice, "stop_reason", of=str)
        yield {**chunk({}, ending), **({"usage": usage} if usage else {})}


def _use(call: Json) -> ToolUse:
    arguments = at(call, "function", "arguments", of=str)
    try:
        given = json.loads(arguments or "{}")
    except ValueError:  # what a model may send, too
        given = arguments
    return ToolUse(at(call, "id", of=str), at(call, "function", "name", of=str), given)


CHAT = Chat()
