"""What OpenAI refuses in a request, by the installed package's own parameters and the rules that it documents.

Sources: https://developers.openai.com/api/reference/resources/chat (messages, names, lengths),
https://developers.openai.com/api/docs/guides/structured-outputs#supported-schemas (strict schemas), and reports of what
the service answers: https://github.com/openai/openai-python/issues?q=invalid_request_error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from openai.types.chat.completion_create_params import CompletionCreateParamsBase

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_MAX_STOPS = 4
_STRICT = frozenset(
    {"$defs", "$ref", "additionalProperties", "anyOf", "const", "description", "enum", "exclusiveMaximum"}
    | {"exclusiveMinimum", "format", "items", "maxItems", "maximum", "minItems", "minimum", "multipleOf", "pattern"}
    | {"properties", "required", "type"}
)


def violations(document: Any) -> Iterator[str]:
    """What is wrong with a request's body."""
    if unknown := document.keys() - CompletionCreateParamsBase.__annotations__.keys():
        yield f"unknown parameters {sorted(unknown)}"
    if {"max_tokens", "max_completion_tokens"} <= document.keys():
        yield "max_tokens and max_completion_tokens at the same time"
    if "metadata" in document and not document.get("store"):
        yield "the 'metadata' parameter is only allowed when 'store' is enabled"
    if len(document.get("stop", ())) > _MAX_STOPS or not all(document.get("stop", ())):
        yield "stop must be one to four strings that are not empty"
    yield from _messages(document["messages"])
    yield from _tools(document)
    if "response_format" in document:
        yield from _format(document["response_format"]["json_schema"])


def _messages(messages: list[dict[str, Any]]) -> Iterator[str]:
    if not messages:
        yield "there are no messages"
    unanswered: list[str] = []
    for number, message in enumerate(messages):
        role = message["role"]
        if not isinstance(message.get("content"), str):
            yield f"messages[{number}].content must be a string"  # OpenAI takes null beside tool calls, others do not
        if role == "tool":
            if message["tool_call_id"] not in unanswered:
                yield f"messages[{number}] answers no tool call of the message before"
            else:
                unanswered.remove(message["tool_call_id"])
            continue
        if unanswered:
            yield f"messages[{number}]: tool calls of the message before have no answer"
        unanswered = []
        for call in message.get("tool_calls", ()):
            unanswered.append(call["id"])
            if not _NAME.fullmatch(call["function"]["name"]):
                yield f"messages[{number}]: a tool call's name must match {_NAME.pattern}"
            if not isinstance(json.loads(call["function"]["arguments"]), dict):  # chat templates iterate over it
                yield f"messages[{number}]: a tool call's arguments must be an object"
    if unanswered:
        yield "the last tool calls have no answer"


def _tools(document: dict[str, Any]) -> Iterator[str]:
    names = [tool["function"]["name"] for tool in document.get("tools", ())]
    if not all(_NAME.fullmatch(name) for name in names):
        yield f"a tool's name must match {_NAME.pattern}"
    if "tool_choice" in document:
        choice = document["tool_choice"]
        if not names:
            yield "tool_choice without tools"
        if isinstance(choice, dict) and choice["function"]["name"] not in names:
            yield "tool_choice names no tool"
        if isinstance(choice, str) and choice not in ("none", "auto", "required"):
            yield "tool_choice is unknown"


def _format(described: dict[str, Any]) -> Iterator[str]:
    if not _NAME.fullmatch(described["name"]):
        yield f"the schema's name must match {_NAME.pattern}"
    if described.get("strict"):
        if described["schema"].get("type") != "object":
            yield "a strict schema's root must be an object"
        yield from strict_violations(described["schema"])


def strict_violations(schema: Any) -> Iterator[str]:
    """What strict structured output refuses in a schema."""
    if unknown := schema.keys() - _STRICT:
        yield f"{sorted(unknown)} not permitted"
    if "$ref" in schema and schema.keys() - {"$ref", "$defs"}:
        yield "$ref cannot have keywords beside it"
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            yield "additionalProperties must be false"
        if set(schema.get("required", ())) != set(schema.get("properties", ())):
            yield "required must name every property"
    parts = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values(), *schema.get("anyOf", ())]
    for part in [*parts, schema["items"]] if "items" in schema else parts:
        yield from strict_violations(part)
