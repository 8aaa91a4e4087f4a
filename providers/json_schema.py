"""The part of JSON Schema that Bedrock's structured output compiles.

Bedrock takes a subset of Draft 2020-12 and answers 400 to the rest: lengths, ranges and patterns are out, and every
object must close itself with `additionalProperties: false`. What is left out here is still enforced, by pydantic, when
the reply is parsed. Source: https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_KEPT = frozenset({"$ref", "const", "description", "enum", "required", "type"})
_NAMED_PARTS = ("properties", "$defs")
_DEFINITIONS = "#/$defs/"


def portable(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` without the keywords that the service rejects, its objects closed.

    Args:
        schema: As pydantic's `model_json_schema` makes it.

    Raises:
        ValueError: It holds something that a closed, finite schema cannot express: arbitrary keys, a tuple, or an
            object that contains itself. The message says what to use instead.
    """
    definitions: dict[str, Any] = schema.get("$defs", {})
    for name in definitions:
        if name in _reachable(name, definitions):
            raise ValueError(
                f"{name} contains itself, which structured output cannot express; use a flat list whose items refer to "
                "each other by an id."
            )
    return _portable(schema)


def _portable(schema: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {key: value for key, value in schema.items() if key in _KEPT}
    title = schema.get("title", "An object")
    if "prefixItems" in schema:
        raise ValueError(
            f"{title} is a tuple, which structured output cannot express; use an object with named fields."
        )
    if "items" in schema:
        kept["items"] = _portable(schema["items"])
    if choices := schema.get("anyOf") or schema.get("oneOf"):  # pydantic's oneOf is of objects that a tag tells apart
        kept["anyOf"] = [_portable(choice) for choice in choices]
    for names in _NAMED_PARTS:
        if names in schema:
            kept[names] = {name: _portable(part) for name, part in schema[names].items()}
    if schema.get("type") == "object":
        if isinstance(schema.get("additionalProperties"), dict) or "properties" not in schema:
            raise ValueError(
                f"{title} takes arbitrary keys, which structured output cannot express; use a list of name-value pairs."
            )
        kept["additionalProperties"] = False
    return kept


def _reachable(name: str, definitions: dict[str, Any]) -> set[str]:
    """The definitions that the one called `name` uses, directly or through others."""
    found: set[str] = set()
    pending = [name]
    while pending:
        new = set(_references(definitions[pending.pop()])) - found
        found |= new
        pending += new
    return found


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference.removeprefix(_DEFINITIONS)
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)
