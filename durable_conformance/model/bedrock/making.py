"""Answers that nobody wrote: made from the request alone, and made unique on demand.

They are those of a `ScriptedProvider` without a script: a text, or JSON where the request has a schema. A tool is used
where the request forces it, and nowhere else: a model that used tools whenever it could would never come to an end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

from durable_conformance.errors import CannotRunError
from durable_conformance.model.bedrock.asked import Asked
from durable_conformance.model.bedrock.dialect import EACH, Dialect, Json, Path
from durable_conformance.model.bedrock.families import DIALECTS
from durable_conformance.model.bedrock.reply import Reply, ToolUse
from durable_conformance.model.bedrock.samples import sample, with_tag
from durable_conformance.model.call import untagged

CHARS_PER_TOKEN = 4
"""Rule of thumb for English text."""
DIGEST_CHARS = 8


def made_up(asked: Asked) -> Reply:
    """A reply that fits the request, the same each time: the forced tool's use, JSON that fits the schema, or a text.

    Raises:
        CannotRunError: The request is one that nobody can answer.
    """
    if asked.unsupported:
        raise CannotRunError(f"{asked.unsupported} Give an answer for it.")
    digest = asked.identity[:DIGEST_CHARS]
    if asked.embedding:
        return counted(asked, Reply())
    if asked.forced:
        schema = next((tool.schema for tool in asked.tools if tool.name == asked.forced), {})
        given = sample(schema, digest) if schema else {}
        use = ToolUse(f"tooluse-{digest}-0", asked.forced, given)
        return counted(asked, Reply(tool_uses=(use,), stop_reason="tool_use"))
    text = f"answer-{digest}" if asked.schema is None else json.dumps(sample(asked.schema, digest), ensure_ascii=False)
    return counted(asked, Reply(text))


def counted(asked: Asked, reply: Reply) -> Reply:
    """`reply` with the tokens that it and the request are about."""
    said = len(reply.text) + sum(len(json.dumps(use.input)) for use in reply.tool_uses)
    tokens = 0 if asked.embedding else said // CHARS_PER_TOKEN + 1
    return replace(reply, input_tokens=len(untagged(asked.text)) // CHARS_PER_TOKEN + 1, output_tokens=tokens)


def varied(asked: Asked, reply: Reply, unique: str) -> Reply:
    """`reply`, still fitting the request, with `unique` in each free text and each tool use's id.

    Tool input, vectors, and what a schema enumerates stay.
    """

    def text(value: str) -> str:
        return with_tag(value, asked.schema, unique) if value else value

    body = reply.body
    dialect = DIALECTS.get(asked.family)
    if body is not None and dialect is not None:
        body = _varied_body(dialect, body, text, unique)
        said = dialect.said(body)
        return replace(reply, text="".join(said.texts), tool_uses=said.tool_uses, body=body) if said else reply
    if asked.embedding or body is not None:
        return reply
    uses = tuple(replace(use, id=_tool_use_id(at, unique)) for at, use in enumerate(reply.tool_uses))
    return replace(reply, text=text(reply.text), tool_uses=uses)


def _tool_use_id(position: int, unique: str) -> str:
    return f"tooluse-{position}~{unique}"


def _varied_body(dialect: Dialect, body: Json, text: Callable[[str], str], unique: str) -> Json:
    positions = count()

    def identifier(_: str) -> str:
        return _tool_use_id(next(positions), unique)

    for paths, change in ((dialect.texts, text), (dialect.ids, identifier)):
        for path in paths:
            body = _changed(body, path, change)
    return body


def _changed(document: Any, path: Path, change: Callable[[str], str]) -> Any:
    """`document` with each text at `path` changed."""
    if not path:
        return change(document) if isinstance(document, str) else document
    key, rest = path[0], path[1:]
    if key == EACH:
        return [_changed(item, rest, change) for item in document] if isinstance(document, list) else document
    if isinstance(document, dict) and key in document:
        return {**document, key: _changed(document[key], rest, change)}
    return document
