"""The part of JSON Schema that strict structured output compiles.

A strict schema closes its objects, requires each of their properties, and leaves out what is not supported. A reply
that satisfies it satisfies the schema it was made of, but for what was left out: pydantic checks that when the reply is
parsed. Source: https://developers.openai.com/api/docs/guides/structured-outputs#supported-schemas
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KEPT = frozenset(
    {"const", "description", "enum", "exclusiveMaximum", "exclusiveMinimum", "format", "maximum", "maxItems", "minimum"}
    | {"minItems", "multipleOf", "pattern", "type"}
)
_FORMATS = frozenset(
    {"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uuid"},
)


def strict(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """`schema` in its strict form; None where it has none: for arbitrary keys, tuples, a root that is no object."""
    try:
        made = _strict(schema)
    except _NotStrictError:
        return None
    return made if made.get("type") == "object" else None


class _NotStrictError(Exception):
    """A schema says what strict structured output cannot."""


def _strict(schema: Any) -> dict[str, Any]:
    if not isinstance(schema, Mapping) or {"prefixItems", "patternProperties", "not", "if"} & schema.keys():
        raise _NotStrictError
    made = {keyword: value for keyword, value in schema.items() if keyword in _KEPT}
    if made.get("format") not in _FORMATS:
        made.pop("format", None)
    if definitions := schema.get("$defs", schema.get("definitions")):
        made["$defs"] = {name: _strict(part) for name, part in _members(definitions)}
    if "$ref" in schema:  # it takes no other keyword beside it
        reference = str(schema["$ref"]).replace("#/definitions/", "#/$defs/")
        return {"$ref": reference, **{key: value for key, value in made.items() if key == "$defs"}}
    match schema:
        case {"anyOf": list(choices)} | {"oneOf": list(choices)}:
            made["anyOf"] = [_strict(choice) for choice in choices]
        case {"allOf": [only]}:
            return made | _strict(only)
        case {"allOf": _}:
            raise _NotStrictError
    if "items" in schema:
        made["items"] = _strict(schema["items"])
    if schema.get("type") == "object":
        _close(schema, made)
    return made


def _close(schema: Mapping[str, Any], made: dict[str, Any]) -> None:
    more = schema.get("additionalProperties")
    if isinstance(more, Mapping) or ("properties" not in schema and more is not False):
        raise _NotStrictError
    made["properties"] = {name: _strict(part) for name, part in _members(schema.get("properties", {}))}
    made |= {"required": list(made["properties"]), "additionalProperties": False}


def _members(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise _NotStrictError
    return value.items()
