"""Converse, and the bodies of Amazon Nova, which are like it.

Shapes: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html,
https://docs.aws.amazon.com/nova/latest/userguide/complete-request-schema.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from durable_conformance.errors import CannotRunError
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
    strings,
    tools,
)
from durable_conformance.model.bedrock.reply import Reply, ToolUse

_BLOCKS: Path = ("output", "message", "content", EACH)


@dataclass(frozen=True)
class Converse:
    """Messages of content blocks. Each part of a stream has one key, the kind of its event."""

    name: str
    texts: tuple[Path, ...] = ((*_BLOCKS, "text"), (*_BLOCKS, "citationsContent", "content", EACH, "text"))
    ids: tuple[Path, ...] = ((*_BLOCKS, "toolUse", "toolUseId"),)

    def asks(self, body: Json) -> Asks:
        """See `Dialect`."""
        offered = tools([at(tool, "toolSpec", of=dict) for tool in at(body, "toolConfig", "tools", of=list)], *_SCHEMA)
        choice = at(body, "toolConfig", "toolChoice", of=dict)
        forced = at(choice, "tool", "name", of=str) or (first_of(offered) if "any" in choice else "")
        stop = strings(at(body, "inferenceConfig", "stopSequences", of=list))
        text = at(body, "outputConfig", "textFormat", "structure", "jsonSchema", "schema", of=str)
        try:
            schema = json.loads(text) if text else None
        except ValueError:
            return Asks(offered, forced, stop=stop, unsupported="Its outputConfig holds a schema that is no JSON.")
        return Asks(offered, forced, schema if isinstance(schema, dict) else None, stop)

    def body(self, asked: Asked, reply: Reply) -> Json:
        """See `Dialect`."""
        content: list[Json] = [{"text": reply.text}] if reply.text else []
        content += [{"toolUse": {"toolUseId": use.id, "name": use.name, "input": use.input}} for use in reply.tool_uses]
        return {
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": reply.stop_reason,
            "usage": {
                "inputTokens": reply.input_tokens,
                "outputTokens": reply.output_tokens,
                "totalTokens": reply.input_tokens + reply.output_tokens,
            },
            **({"metrics": {"latencyMs": 1}} if asked.operation == "Converse" or asked.streams else {}),
        }

    def said(self, body: Json) -> Said | None:
        """See `Dialect`."""
        if not isinstance(body.get("output"), dict):
            return None
        uses = tuple(
            ToolUse(at(use, "toolUseId", of=str), at(use, "name", of=str), use.get("input"))
            for use in every(body, (*_BLOCKS, "toolUse"))
            if isinstance(use, dict)
        )
        return Said(
            strings([text for path in self.texts for text in every(body, path)]),
            uses,
            at(body, "stopReason", of=str) or ("tool_use" if uses else "end_turn"),
            at(body, "usage", "inputTokens", of=int) or None,
            at(body, "usage", "outputTokens", of=int) or None,
        )

    def chunks(self, body: Json) -> Iterator[Json]:
        """See `Dialect`."""
        yield {"messageStart": {"role": "assistant"}}
        for index, block in enumerate(at(body, "output", "message", "content", of=list)):
            at_index = {"contentBlockIndex": index}
            if use := at(block, "toolUse", of=dict):
                start = {key: value for key, value in use.items() if key != "input"}
                yield {"contentBlockStart": {"start": {"toolUse": start}, **at_index}}
            for delta in _deltas(block):
                yield {"contentBlockDelta": {"delta": delta, **at_index}}
            yield {"contentBlockStop": at_index}
        extra = ("stopReason", "additionalModelResponseFields")
        yield {"messageStop": {key: body[key] for key in extra if key in body}}
        yield {"metadata": {key: body[key] for key in ("usage", "metrics", "trace", "serviceTier") if key in body}}


_SCHEMA = ("inputSchema", "json")


def _deltas(block: Json) -> Iterator[Json]:
    match block:
        case {"text": str(text)}:
            yield from ({"text": piece} for piece in pieces(text))
        case {"toolUse": dict(use)}:
            text = json.dumps(use.get("input"), ensure_ascii=False)
            yield from ({"toolUse": {"input": piece}} for piece in pieces(text))
        case {"reasoningContent": {"reasoningText": dict(thought)}}:
            yield from ({"reasoningContent": {"text": piece}} for piece in pieces(at(thought, "text", of=str)))
            if "signature" in thought:
                yield {"reasoningContent": {"signature": thought["signature"]}}
        case {"reasoningContent": {"redactedContent": hidden}}:
            yield {"reasoningContent": {"redactedContent": hidden}}
        case {"citationsContent": dict(cited)}:
            for part in at(cited, "content", of=list):
                yield from ({"text": piece} for piece in pieces(at(part, "text", of=str)))
            yield from ({"citation": citation} for citation in at(cited, "citations", of=list))
        case _:
            kinds = ", ".join(block) if isinstance(block, dict) else type(block).__name__
            raise CannotRunError(f"An answer's content block of this kind cannot be streamed: {kinds}.")


CONVERSE = Converse("converse")
NOVA = Converse("nova")
