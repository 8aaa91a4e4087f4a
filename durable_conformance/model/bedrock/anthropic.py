"""The Messages bodies of Anthropic's models.

Shapes: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from durable_conformance.errors import CannotRunError
from durable_conformance.model.bedrock.asked import Asked
from durable_conformance.model.bedrock.dialect import (
    EACH,
    Asks,
    Json,
    Path,
    Said,
    at,
    first_of,
    pieces,
    reason,
    strings,
    tools,
    word,
)
from durable_conformance.model.bedrock.reply import Reply, ToolUse

_WORDS = {
    "end_turn": "end_turn",
    "tool_use": "tool_use",
    "max_tokens": "max_tokens",
    "stop_sequence": "stop_sequence",
    "content_filtered": "refusal",
    "model_context_window_exceeded": "model_context_window_exceeded",
}


class Anthropic:
    """Messages of content blocks, each with its type."""

    name = "anthropic"
    texts: tuple[Path, ...] = (("content", EACH, "text"),)
    ids: tuple[Path, ...] = (("content", EACH, "id"),)

    def asks(self, body: Json) -> Asks:
        """See `Dialect`."""
        offered = tools(at(body, "tools", of=list), "input_schema")
        choice = at(body, "tool_choice", of=dict)
        forced = at(choice, "name", of=str) or (first_of(offered) if choice.get("type") == "any" else "")
        schema = at(body, "output_config", "format", "schema", of=dict) or at(body, "output_format", "schema", of=dict)
        return Asks(offered, forced, schema or None, strings(at(body, "stop_sequences", of=list)))

    def body(self, asked: Asked, reply: Reply) -> Json:
        """See `Dialect`."""
        content: list[Json] = [{"type": "text", "text": reply.text}] if reply.text else []
        content += [{"type": "tool_use", "id": use.id, "name": use.name, "input": use.input} for use in reply.tool_uses]
        return {
            "id": f"msg_bdrk_{asked.identity[:24]}",
            "type": "message",
            "role": "assistant",
            "model": asked.model,
            "content": content,
            "stop_reason": word(_WORDS, reply.stop_reason),
            "stop_sequence": None,
            "usage": {"input_tokens": reply.input_tokens, "output_tokens": reply.output_tokens},
        }

    def said(self, body: Json) -> Said | None:
        """See `Dialect`."""
        content = body.get("content")
        if not isinstance(content, list):
            return None
        uses = tuple(
            ToolUse(at(block, "id", of=str), at(block, "name", of=str), block.get("input"))
            for block in content
            if at(block, "type", of=str) == "tool_use"
        )
        return Said(
            strings([at(block, "text", of=str) for block in content if "text" in block]),
            uses,
            reason(_WORDS, at(body, "stop_reason", of=str) or ("tool_use" if uses else "end_turn")),
            at(body, "usage", "input_tokens", of=int) or None,
            at(body, "usage", "output_tokens", of=int) or None,
        )

    def chunks(self, body: Json) -> Iterator[Json]:
        """See `Dialect`."""
        usage = at(body, "usage", of=dict)
        empty: Json = {
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {**usage, "output_tokens": 1},
        }
        yield {"type": "message_start", "message": body | empty}
        for index, block in enumerate(at(body, "content", of=list)):
            start, deltas = _streamed(block)
            yield {"type": "content_block_start", "index": index, "content_block": block | start}
            for delta in deltas:
                yield {"type": "content_block_delta", "index": index, "delta": delta}
            yield {"type": "content_block_stop", "index": index}
        ending = {key: body.get(key) for key in ("stop_reason", "stop_sequence")}
        yield {"type": "message_delta", "delta": ending, "usage": {"output_tokens": usage.get("output_tokens", 0)}}
        yield {"type": "message_stop"}


def _streamed(block: Json) -> tuple[Json, list[Json]]:
    """What a content block begins with, and what is added to it."""
    match block:
        case {"type": "text", "text": str(text)}:
            return {"text": ""}, [{"type": "text_delta", "text": piece} for piece in pieces(text)]
        case {"type": "tool_use"}:
            text = json.dumps(block.get("input"), ensure_ascii=False)
            return {"input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces(text)]
        case {"type": "thinking", "thinking": str(text)}:
            signed = {"type": "signature_delta", "signature": block.get("signature", "")}
            thoughts: list[Json] = [{"type": "thinking_delta", "thinking": piece} for piece in pieces(text)]
            return {"thinking": "", "signature": ""}, [*thoughts, signed]
        case {"type": "redacted_thinking"}:
            return {}, []
        case _:
            raise CannotRunError(
                f"An answer's content block of this type cannot be streamed: {at(block, 'type', of=str) or block!r}."
            )


ANTHROPIC = Anthropic()
