"""The part of JSON Schema that Bedrock's structured output compiles.

Bedrock takes a subset of Draft 2020-12 and answers 400 to the rest: lengths, ranges and patterns are out, and every
object must close itself with `additionalProperties: false`. What is left out here is still enforced, by pydantic, when
the reply is parsed. Source: https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_KEPT = frozenset({"$ref", "const", "description", "enum", "required", "type"})
_ALTERNATIVES = {"allOf": "allOf", "anyOf": "anyOf", "oneOf": "anyOf"}  # pydantic's oneOf is of objects with a tag each
_DEFINITIONS = ("$defs", "definitions")
_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
MAX_OPTIONAL, MAX_UNIONS = 24, 16


def portable(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    """`schema` without the keywords that the service rejects, its objects closed; `name` is what messages call it.

    Raises:
        ValueError: It holds something that a closed, finite schema cannot express: arbitrary keys, a tuple, or an
            object that contains itself. The message says where, and what to use instead.
    """
    definitions = {key: part for keyword in _DEFINITIONS for key, part in _members(schema.get(keyword))}
    for defined in definitions:
        if defined in _reachable(defined, definitions):
            raise ValueError(
                f"{defined} contains itself, which structured output cannot express; use a flat list whose items refer "
                "to each other by an id"
            )
    return _portable(schema, name)


def too_much(schema: Mapping[str, Any]) -> str | None:
    """What of a portable schema is more than the service compiles, so that it is sent without; None if nothing is.

    The limits are reported (https://github.com/vercel/ai/pull/17268, and for names
    https://github.com/aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws/issues/709).
    """
    parts = list(_walk(schema))
    named = [(part, properties) for part in parts if isinstance(properties := part.get("properties"), dict)]
    optional = sum(len(properties.keys() - set(part.get("required", ()))) for part, properties in named)
    unions = sum("anyOf" in part or isinstance(part.get("type"), list) for part in parts)
    if optional > MAX_OPTIONAL:
        return f"it has {optional} optional fields, and {MAX_OPTIONAL} are compiled"
    if unions > MAX_UNIONS:
        return f"it has {unions} fields of several types, and {MAX_UNIONS} are compiled"
    if any(not _NAME.fullmatch(name) for _, properties in named for name in properties):
        return "a field has a name of other characters than letters, digits, '_', '.' and '-', or of more than 64"
    return None


def _walk(schema: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for keyword, value in schema.items():
            if keyword == "properties" or keyword in _DEFINITIONS:
                for part in value.values() if isinstance(value, dict) else ():
                    yield from _walk(part)
            elif keyword == "items" or keyword in _ALTERNATIVES:
                for part in value if isinstance(value, list) else [value]:
                    yield from _walk(part)


def _portable(schema: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The portable part of a schema; `where` is the path to what it describes, such as `Place.street`."""
    if "prefixItems" in schema:
        raise ValueError(f"{where} is a tuple, which structured output cannot express; use an object with named fields")
    kept: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword == "enum" and any(isinstance(choice, dict | list) for choice in value):
            raise ValueError(
                f"{where} is one of several objects or lists, and structured output knows only scalars here"
            )
        if keyword in _KEPT:
            kept[keyword] = value
        elif keyword == "items":
            kept[keyword] = _part(value, f"{where}[]")
        elif keyword in _ALTERNATIVES:
            choices = [_part(choice, where) for choice in value] if isinstance(value, list) else value
            kept[_ALTERNATIVES[keyword]] = choices
        elif keyword == "properties":
            kept[keyword] = _parts(value, f"{where}.")
        elif keyword in _DEFINITIONS:
            kept[keyword] = _parts(value, "")
    if schema.get("type") == "object":
        more = schema.get("additionalProperties")
        if isinstance(more, dict) or ("properties" not in schema and more is not False):
            raise ValueError(
                f"{where} takes arbitrary keys, which structured output cannot express; use a list of name-value pairs"
            )
        kept["additionalProperties"] = False
    return kept


def _part(schema: Any, where: str) -> Any:
    return _portable(schema, where) if isinstance(schema, dict) else schema  # `true` is a schema, too


def _parts(schemas: Any, before: str) -> Any:
    if not isinstance(schemas, dict):
        return schemas
    return {name: _part(part, f"{before}{name}") for name, part in schemas.items()}


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    yield from value.items() if isinstance(value, dict) else ()


def _reachable(name: str, definitions: Mapping[str, Any]) -> set[str]:
    """The definitions that the one called `name` uses, directly or through others."""
    found: set[str] = set()
    pending = [name]
    while pending:
        new = set(_references(definitions.get(pending.pop()))) - found
        found |= new
        pending += new
    return found


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference.rpartition("/")[2]
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)
