"""Answers nobody wrote: made from the request alone, fit for its output schema, and varied on demand."""

from __future__ import annotations

import json
from typing import Any

from pydantic import JsonValue

from providers.model import ModelRequest, OutputSchema


def sample_text(request: ModelRequest, tag: str) -> str:
    """A text that answers `request`: JSON that fits its output schema, if it has one.

    `tag` goes into every string of the answer, so that another tag gives another answer.
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
    schema: dict[str, Any], root: dict[str, Any], name: str, tag: str, inside: frozenset[str] = frozenset()
) -> JsonValue:
    """A value that fits `schema`. It ends where one would contain itself: `inside` are the definitions around it."""
    if "$ref" in schema:
        inside |= {schema["$ref"]}
        return _sample(_resolved(schema, root), root, name, tag, inside)
    if "const" in schema:
        return schema["const"]  # type: ignore[no-any-return]  # JSON, by JSON Schema's definition
    if "enum" in schema:
        return schema["enum"][0]  # type: ignore[no-any-return]
    if choices := _choices(schema):
        ending = (choice for choice in choices if choice.get("$ref") not in inside)
        return _sample(next(ending, choices[0]), root, name, tag, inside)
    match schema.get("type"):
        case "object":
            return {key: _sample(part, root, key, tag, inside) for key, part in schema.get("properties", {}).items()}
        case "array":
            parts = schema.get("prefixItems") or [schema.get("items", {})]
            return [_sample(part, root, name, tag, inside) for part in parts if part.get("$ref") not in inside]
        case "integer" | "number":
            return 1
        case "boolean":
            return True
        case "null":
            return None
        case _:
            # Patterns and formats are not read: an address is the one that they commonly want.
            return f"{tag}@example.com" if "mail" in name else f"{name}-{tag}"


def _varied(value: JsonValue, schema: dict[str, Any], root: dict[str, Any], tag: str) -> JsonValue:
    schema = _resolved(schema, root)
    if isinstance(value, dict):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        other = others if isinstance(others, dict) else {}
        return {key: _varied(part, properties.get(key, other), root, tag) for key, part in value.items()}
    if isinstance(value, list):
        first, rest = schema.get("prefixItems", ()), schema.get("items", {})
        return [_varied(part, first[at] if at < len(first) else rest, root, tag) for at, part in enumerate(value)]
    if isinstance(value, str) and not _enumerated(schema, root):
        return f"{value}~{tag}"
    return value


def _enumerated(schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Whether the schema, or one of its alternatives, lists the values it takes."""
    schema = _resolved(schema, root)
    return "const" in schema or "enum" in schema or any(_enumerated(part, root) for part in _choices(schema))


def _choices(schema: dict[str, Any]) -> list[dict[str, Any]]:
    choices: list[dict[str, Any]] = schema.get("anyOf") or schema.get("oneOf") or []
    return choices


def _resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema
