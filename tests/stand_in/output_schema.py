"""The JSON Schemas that Bedrock's structured output compiles; it answers 400 to any other.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html, "JSON Schema Draft 2020-12 subset".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_SUPPORTED = frozenset(
    {
        *("type", "enum", "const", "anyOf", "allOf", "$ref", "$defs", "definitions", "properties", "required"),
        *("additionalProperties", "items", "minItems", "format", "default", "title", "description"),
    }
)
_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_MAX_OPTIONAL, _MAX_UNIONS = 24, 16
_NAMED_PARTS = ("properties", "$defs", "definitions")
_LISTED_PARTS = ("anyOf", "allOf")


def output_schema_violations(body: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the output schema of a request that fits the service model, if it has one."""
    text = body.get("outputConfig", {}).get("textFormat", {}).get("structure", {}).get("jsonSchema", {}).get("schema")
    if text is None:
        return
    path = "outputConfig.textFormat.structure.jsonSchema.schema"
    try:
        schema = json.loads(text)
    except ValueError:
        yield f"{path}: is not JSON"
        return
    if not isinstance(schema, dict):
        yield f"{path}: must be a JSON object"
        return
    yield from _schema(schema, schema, path)
    yield from _size(schema, path)
    if cycle := _cycle(schema, schema, ()):
        yield f"{path}: is recursive at {cycle}, which is not supported"


def _schema(schema: dict[str, Any], root: dict[str, Any], path: str) -> Iterator[str]:
    for keyword in schema.keys() - _SUPPORTED:
        yield f"{path}.{keyword}: is not supported"
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        yield f"{path}: every object needs additionalProperties: false"
    if schema.get("minItems", 0) not in (0, 1):
        yield f"{path}.minItems: may be 0 or 1"
    if any(isinstance(choice, dict | list) for choice in schema.get("enum", ())):
        yield f"{path}.enum: may hold scalars only"
    if "$ref" in schema and _target(schema["$ref"], root) is None:
        yield f"{path}.$ref: must point into the schema's own definitions"
    for place, part in _parts(schema):
        yield from _schema(part, root, f"{path}.{place}")


def _size(schema: dict[str, Any], path: str) -> Iterator[str]:
    """The limits of compilation: https://github.com/vercel/ai/pull/17268."""
    parts = [part for _, part in _below("", schema)]
    optional = sum(len(part.get("properties", {}).keys() - set(part.get("required", ()))) for part in parts)
    unions = sum("anyOf" in part or isinstance(part.get("type"), list) for part in parts)
    if optional > _MAX_OPTIONAL:
        yield f"{path}: contains {optional} optional parameters (limit: {_MAX_OPTIONAL})"
    if unions > _MAX_UNIONS:
        yield f"{path}: contains {unions} parameters with union types (limit: {_MAX_UNIONS})"
    for part in parts:
        if any(not _NAME.fullmatch(name) for name in part.get("properties", {})):
            yield f"{path}: property keys should match {_NAME.pattern}"


def _below(place: str, schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield place, schema
    for inner, part in _parts(schema):
        yield from _below(inner, part)


def _parts(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for keyword in _NAMED_PARTS:
        yield from ((f"{keyword}.{name}", part) for name, part in schema.get(keyword, {}).items())
    for keyword in _LISTED_PARTS:
        yield from ((f"{keyword}[{position}]", part) for position, part in enumerate(schema.get(keyword, ())))
    if isinstance(schema.get("items"), dict):
        yield "items", schema["items"]


def _target(reference: str, root: dict[str, Any]) -> dict[str, Any] | None:
    start, keyword, *name = reference.split("/", 2)
    if start != "#" or keyword not in ("$defs", "definitions") or not name:
        return None
    found = root.get(keyword, {}).get(name[0])
    return found if isinstance(found, dict) else None


def _cycle(schema: dict[str, Any], root: dict[str, Any], followed: tuple[str, ...]) -> str | None:
    """A reference that leads back to itself, or None."""
    reference = schema.get("$ref")
    if reference in followed:
        return str(reference)
    if reference is not None and (target := _target(reference, root)) is not None:
        return _cycle(target, root, (*followed, reference))
    uses = (part for place, part in _parts(schema) if not place.startswith(("$defs", "definitions")))
    return next((cycle for part in uses if (cycle := _cycle(part, root, followed))), None)
