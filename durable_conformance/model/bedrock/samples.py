"""JSON that fits a JSON Schema, and JSON that is varied and fits it still.

The automatic answers of `providers.scripted` are made alike; the engine may not import it, nor it the engine.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

type Schema = dict[str, Any]

MOST_TURNS = 2
"""How often a value may contain its own kind before it is cut off: by its schema, it has no end."""

_FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "date": "2026-01-01",
        "date-time": "2026-01-01T00:00:00Z",
        "duration": "P1D",
        "email": "{tag}@example.com",
        "hostname": "{tag}.example.com",
        "ipv4": "192.0.2.1",
        "ipv6": "2001:db8::1",
        "time": "00:00:00Z",
        "uri": "https://example.com/{tag}",
        "url": "https://example.com/{tag}",
        "uuid": "00000000-0000-4000-8000-000000000000",
    }
)
"""A text of each format. Patterns are not read."""

_KINDS: Mapping[str, type | tuple[type, ...]] = MappingProxyType(
    dict.fromkeys(("allOf", "anyOf", "enum", "oneOf", "prefixItems", "required"), list)
    | dict.fromkeys(("maxItems", "maxLength", "minItems", "minLength"), int)
    | dict.fromkeys(("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"), (int, float))
    | {"properties": dict, "format": str}
)
"""What stands under a keyword. Anything else is left out: a schema is a user's, and nobody has checked it."""


def sample(schema: Schema, tag: str) -> Any:
    """A value that fits `schema`, with `tag` in its free texts."""
    return _sample(schema, schema, "text", tag, ())


def with_tag(text: str, schema: Schema | None, tag: str) -> str:
    """`text` made unique by `tag`: in its free strings where it is JSON or holds an object, else at its end."""
    root = schema or {}
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        start, end = text.find("{"), text.rfind("}") + 1
        try:
            inner = json.loads(text[start:end])
        except (ValueError, RecursionError):
            return f"{text} ~{tag}"
        return text[:start] + json.dumps(_tagged(inner, [root], root, tag), ensure_ascii=False) + text[end:]
    tagged = _tagged(document, [root], root, tag)
    return text if tagged == document else json.dumps(tagged, ensure_ascii=False)


def _sample(schema: Any, root: Schema, name: str, tag: str, inside: tuple[str, ...]) -> Any:  # noqa: PLR0911  # a kind each
    schema, inside = _resolved(schema, root, inside)
    if inside and max(map(inside.count, inside)) > MOST_TURNS:
        return None
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if choices := _choices(schema):
        ending = (choice for choice in choices if not _within(choice, inside))
        both = {"allOf": [_without_choices(schema), next(ending, choices[0])]}
        return _sample(both, root, name, tag, inside)
    match kind := _type(schema):
        case "object":
            return _object(schema, root, tag, inside)
        case "array":
            return _array(schema, root, name, tag, inside)
        case "integer" | "number":
            return _number({**schema, "type": kind})
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _string(schema, name, tag)


def _object(schema: Schema, root: Schema, tag: str, inside: tuple[str, ...]) -> Schema:
    properties = schema.get("properties", {})
    required = [key for key in schema.get("required", ()) if isinstance(key, str)]
    other = schema.get("additionalProperties", {})
    parts = {key: part for key, part in properties.items() if key in required or not _within(part, inside)}
    parts |= {key: other for key in required if key not in properties}
    return {key: _sample(part, root, key, tag, inside) for key, part in parts.items()}


def _array(schema: Schema, root: Schema, name: str, tag: str, inside: tuple[str, ...]) -> list[Any]:
    first, rest = schema.get("prefixItems", []), schema.get("items", {})
    least = schema.get("minItems", 0)
    wanted = max(least, len(first) or 1)
    parts = (first + [rest] * wanted)[: min(wanted, schema.get("maxItems", wanted))]
    kept = [part for at, part in enumerate(parts) if (at < least or not _within(part, inside)) and part is not False]
    tags = [f"{tag}-{at}" if schema.get("uniqueItems") and at else tag for at in range(len(kept))]
    return [_sample(part, root, name, own, inside) for part, own in zip(kept, tags, strict=True)]


def _number(schema: Schema) -> Any:
    (least, open_below), (most, open_above) = _limit(schema, "minimum"), _limit(schema, "maximum")
    step = schema.get("multipleOf") or (1 if schema["type"] == "integer" else None)

    def fits(number: float) -> bool:
        high_enough = least is None or number > least or (number == least and not open_below)
        low_enough = most is None or number < most or (number == most and not open_above)
        return high_enough and low_enough and (step is None or math.isclose(number / step, round(number / step)))

    edges = [round(limit / (step or 1)) * (step or 1) for limit in (least, most) if limit is not None]
    near = [edge + (step or 1) * by for edge in edges for by in (0, 1, -1)]
    between = [] if least is None or most is None else [least, (least + most) / 2]
    return next(filter(fits, [1, *near, *between, step or 1]), 1)


def _limit(schema: Schema, name: str) -> tuple[float | None, bool]:
    """A limit of a number, and whether the number may not be the limit itself."""
    exclusive = schema.get(f"exclusive{name.capitalize()}")
    if exclusive is None or isinstance(exclusive, bool):  # a bool in older drafts
        return schema.get(name), bool(exclusive)
    return exclusive, True


def _string(schema: Schema, name: str, tag: str) -> str:
    format_ = schema.get("format") or ("email" if "mail" in name else "")
    text = _FORMATS[format_].format(tag=tag) if format_ in _FORMATS else f"{name}-{tag}"
    return text.ljust(schema.get("minLength", 0), "-")[: schema.get("maxLength")]


def _tagged(value: Any, schemas: list[Any], root: Schema, tag: str) -> Any:
    """`value`, which fits one of `schemas`, with `tag` in each text that all of them leave free."""
    ways = [way for schema in schemas for way in _ways(schema, root, ())]
    if isinstance(value, dict):
        return {key: _tagged(part, [_property(way, key) for way in ways], root, tag) for key, part in value.items()}
    if isinstance(value, list):
        return [_tagged(part, [_item(way, at) for way in ways], root, tag) for at, part in enumerate(value)]
    if isinstance(value, str) and all(_free(way, len(value) + len(tag) + 1) for way in ways):
        return f"{value}~{tag}"
    return value


def _ways(schema: Any, root: Schema, inside: tuple[str, ...]) -> Iterator[Schema]:
    """What a schema says of a value, and what each of its alternatives says."""
    schema, inside = _resolved(schema, root, inside)
    yield _without_choices(schema)
    for choice in _choices(schema):
        if not _within(choice, inside):
            yield from _ways(choice, root, inside)


def _property(schema: Schema, name: str) -> Any:
    return schema.get("properties", {}).get(name, schema.get("additionalProperties", {}))


def _item(schema: Schema, at: int) -> Any:
    first = schema.get("prefixItems", ())
    return first[at] if at < len(first) else schema.get("items", {})


def _free(schema: Schema, length: int) -> bool:
    """Whether a text of that length may be anything."""
    return not {"const", "enum", "format", "pattern"} & schema.keys() and length <= schema.get("maxLength", length)


def _without_choices(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}


def _choices(schema: Schema) -> list[Any]:
    choices: list[Any] = schema.get("anyOf") or schema.get("oneOf") or []
    return choices


def _type(schema: Schema) -> str:
    """The type of a value, said or to be told from what else is said."""
    types = schema.get("type")
    if isinstance(types, list):
        types = next((kind for kind in types if kind != "null"), "null")
    if isinstance(types, str):
        return types
    return "object" if "properties" in schema or "required" in schema else "array" if "items" in schema else "string"


def _within(schema: Any, inside: tuple[str, ...]) -> bool:
    """Whether a value of `schema` would contain itself."""
    return isinstance(schema, dict) and schema.get("$ref") in inside


def _resolved(schema: Any, root: Schema, inside: tuple[str, ...]) -> tuple[Schema, tuple[str, ...]]:
    """The schema that `schema` refers to, all that it says of one value in one, and the references that led there."""
    seen: set[str] = set()
    while isinstance(schema, dict) and isinstance(reference := schema.get("$ref"), str) and reference not in seen:
        seen.add(reference)
        inside = (*inside, reference)
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        schema = _target(reference, root) | beside
    if not isinstance(schema, dict):  # `true`: anything
        return {}, inside
    schema = {key: value for key, value in schema.items() if isinstance(value, _KINDS.get(key, object))}
    for part in schema.get("allOf", ()):
        if _within(part, inside):
            continue
        more, inside = _resolved(part, root, inside)
        properties = {**schema.get("properties", {}), **more.get("properties", {})}
        required = [*schema.get("required", ()), *more.get("required", ())]
        schema = {**more, **schema, **({"properties": properties} if properties else {})}
        schema |= {"required": required} if required else {}
    return schema, inside


def _target(reference: str, root: Schema) -> Schema:
    found: Any = root
    for key in reference.lstrip("#").split("/")[1:]:
        found = found.get(key.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, dict) else {}
    return found if isinstance(found, dict) else {}
