"""Answers nobody wrote: made from the request alone, fit for its output schema, and varied on demand."""

from __future__ import annotations

import json
from typing import Any

from pydantic import JsonValue

from providers.model import ModelRequest, OutputSchema


def sample_text(request: ModelRequest, tag: str) -> str:
    """A text that answers `request`: JSON that fits its output schema, if it has one.

    Args:
        request: What is asked.
        tag: Goes into every string of the answer, so that another tag gives another answer.
    """
    if request.output_schema is None:
        return f"answer-{tag}"
    schema = request.output_schema.json_schema
    return json.dumps(_sample(schema, schema, "text", tag))


def varied_text(text: str, schema: OutputSchema | None, tag: str) -> str:
    """`text` made unique by `tag`: its strings, if it is a JSON object, leaving what the schema enumerates alone."""
    start, end = text.find("{"), text.rfind("}") + 1
    try:
        document = json.loads(text[start:end])
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return f"{text} ~{tag}"
    root = schema.json_schema if schema else {}
    return text[:start] + json.dumps(_varied(document, root, root, tag), ensure_ascii=False) + text[end:]


def _sample(  # noqa: PLR0911  # one return for each kind of schema
    schema: dict[str, Any], root: dict[str, Any], name: str, tag: str
) -> JsonValue:
    schema = _resolved(schema, root)
    if "const" in schema:
        return schema["const"]  # type: ignore[no-any-return]  # JSON, by JSON Schema's definition
    if "enum" in schema:
        return schema["enum"][0]  # type: ignore[no-any-return]
    if "anyOf" in schema:
        return _sample(schema["anyOf"][0], root, name, tag)
    match schema.get("type"):
        case "object":
            return {key: _sample(part, root, key, tag) for key, part in schema.get("properties", {}).items()}
        case "array":
            return [_sample(schema.get("items", {}), root, name, tag)]
        case "integer" | "number":
            return 1
        case "boolean":
            return True
        case "null":
            return None
        case _:
            # The schema that a provider sees has no patterns: an address is the one that patterns commonly want.
            return f"{tag}@example.com" if "mail" in name else f"{name}-{tag}"


def _varied(value: JsonValue, schema: dict[str, Any], root: dict[str, Any], tag: str) -> JsonValue:
    schema = _resolved(schema, root)
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return {key: _varied(part, properties.get(key, {}), root, tag) for key, part in value.items()}
    if isinstance(value, list):
        return [_varied(part, schema.get("items", {}), root, tag) for part in value]
    if isinstance(value, str) and not _enumerated(schema, root):
        return f"{value}~{tag}"
    return value


def _enumerated(schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Whether the schema, or one of its alternatives, lists the values it takes."""
    schema = _resolved(schema, root)
    return "const" in schema or "enum" in schema or any(_enumerated(part, root) for part in schema.get("anyOf", ()))


def _resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema
