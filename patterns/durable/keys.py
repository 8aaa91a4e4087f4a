"""The keys that a JSON Schema wants, in words: for models that are sent no schema, and as a reminder for the others."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

from pydantic import AliasChoices, AliasPath, BaseModel

from providers import ModelRequestError, OutputSchema
from providers.model import JsonObject


def wanted_keys(schema: type[BaseModel], output: OutputSchema) -> str:
    """The keys of an object of `schema`, and of the objects within it: `name, lines (a list of objects with …)`.

    Raises:
        ModelRequestError: No schema can say what is wanted: no object, or a field that is read from a place within
            another one.
    """
    for path in _from_elsewhere(schema, schema.__name__, ()):
        raise ModelRequestError(
            f"A model cannot be asked for {path}: it is read from within another field (AliasPath), which no JSON "
            "Schema says. Give the field an alias, or nest a model."
        )
    keys = _keys(_resolved(output.json_schema, output.json_schema), output.json_schema, ())
    if not keys:
        raise ModelRequestError(
            f"A model cannot be asked for {schema.__name__}: it is no object. Wrap it in a model with a field."
        )
    return keys


def _keys(part: JsonObject, root: JsonObject, within: tuple[str, ...]) -> str:
    properties = part.get("properties")
    if not isinstance(properties, dict):
        return ""
    return ", ".join(f"{name}{_said_of(value, root, within)}" for name, value in properties.items())


def _said_of(value: Any, root: JsonObject, within: tuple[str, ...]) -> str:
    said = dict.fromkeys(_objects(value, root, within, "an object"))
    return f" ({' or '.join(said)})" if said else ""


def _objects(value: Any, root: JsonObject, within: tuple[str, ...], what: str) -> Iterator[str]:
    """Each kind of object that `value` may be, or hold, in words; one within itself is said once."""
    if not isinstance(value, dict):
        return
    reference = value.get("$ref")
    if isinstance(reference, str):
        if reference in within:
            return
        within = (*within, reference)
    part = _resolved(value, root)
    if keys := _keys(part, root, within):
        yield f"{what} with the keys {keys}"
    for alternative in ("anyOf", "oneOf", "allOf"):
        choices = part.get(alternative)
        for choice in choices if isinstance(choices, list) else ():
            yield from _objects(choice, root, within, what)
    yield from _objects(part.get("items"), root, within, "a list of objects")


def _resolved(part: JsonObject, root: JsonObject) -> JsonObject:
    reference = part.get("$ref")
    if not isinstance(reference, str):
        return part
    found: Any = root
    for step in reference.removeprefix("#/").split("/"):
        found = found.get(step, {}) if isinstance(found, dict) else {}
    return found if isinstance(found, dict) else {}


def _from_elsewhere(schema: type[BaseModel], path: str, within: tuple[type, ...]) -> Iterator[str]:
    """The fields that are read from a path: pydantic's schema names them as if they were not."""
    if schema in within:
        return
    for name, field in schema.model_fields.items():
        alias = field.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
        if all(isinstance(choice, AliasPath) and len(choice.path) > 1 for choice in choices):
            yield f"{path}.{name}"
        for inner in _models(field.annotation):
            yield from _from_elsewhere(inner, f"{path}.{name}", (*within, schema))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models(argument)
