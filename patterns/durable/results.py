"""What a workflow returned, as JSON: the durable SDK writes nothing else, and does not say where the rest stands."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, JsonValue, TypeAdapter
from pydantic_core import PydanticSerializationError, to_jsonable_python

from patterns.durable.limits import RESULT, excess

MAX_PLACE_CHARS = 200
"""Longest place that an error names: whoever made the result chose its keys."""

type _Place = tuple[str, ...]


class InvalidResultError(TypeError):
    """What the workflow returned cannot be written as JSON, or is too large. The message never repeats the value."""


class _NotJsonError(Exception):
    """Says what stands where."""

    def __init__(self, place: _Place, what: str) -> None:
        steps = "".join(place)
        cut = steps if len(steps) <= MAX_PLACE_CHARS else f"…{steps[-MAX_PLACE_CHARS:]}"
        super().__init__(f"result{cut} {what}" if place else f"the result {what}")


def json_of(result: object, annotation: TypeAdapter[Any] | None, whose: str) -> JsonValue:
    """A workflow's result as JSON: as its annotation says, and without one as it is.

    A pydantic model or a dataclass is written as its own fields say, wherever it stands. Without an annotation all else
    must be JSON already: a set has another order in another process, and is no list until somebody sorts it.

    `whose` names the workflow in an error.

    Raises:
        InvalidResultError: It cannot be written.
    """
    try:
        if annotation is None:
            return _json(result, ())
        return annotation.dump_python(result, mode="json", by_alias=True)  # type: ignore[no-any-return]
    except _NotJsonError as error:
        problem, cause = error, None
    except PydanticSerializationError as error:
        place, culprit = _culprit(result, ())
        problem, cause = _NotJsonError(place, f"is of type {type(culprit).__name__} ({error})"), error
    except (RecursionError, ValueError):  # pydantic's is a ValueError for both
        problem, cause = _NotJsonError((), "contains itself, or is nested too deeply"), None
    raise InvalidResultError(
        f"{whose} returned what is not JSON: {problem}. Return JSON, a pydantic model or a dataclass, or annotate the "
        "result with a type that pydantic writes as JSON."
    ) from cause


def returnable(result: JsonValue, whose: str) -> JsonValue:
    """`result`, if a function can answer with it.

    Raises:
        InvalidResultError: It is too large.
    """
    if (why := excess(json.dumps(result), RESULT)) is not None:
        raise InvalidResultError(
            f"{whose} returned what is too large: it {why}. Store it in a step (in S3, say), and return where it is."
        )
    return result


def _json(value: object, place: _Place) -> JsonValue:
    match value:
        case None | bool() | int() | str():
            return value
        case float() if math.isfinite(value):
            return value
        case float():
            raise _NotJsonError(place, f"is {value}, a number that JSON does not have")
        case list() | tuple():
            return [_json(item, (*place, f"[{index}]")) for index, item in enumerate(value)]
        case dict():
            return {_key(key, place): _json(item, (*place, f"[{key!r}]")) for key, item in value.items()}
        case _ if _has_fields(value):
            return to_jsonable_python(value, by_alias=True, inf_nan_mode="null")  # type: ignore[no-any-return]
        case _:
            raise _NotJsonError(place, f"is of type {type(value).__name__}")


def _key(key: object, place: _Place) -> str:
    if not isinstance(key, str):
        raise _NotJsonError(place, f"has a key of type {type(key).__name__}, and keys of JSON are text")
    return key


def _has_fields(value: object) -> bool:
    return isinstance(value, BaseModel) or (dataclasses.is_dataclass(value) and not isinstance(value, type))


def _culprit(value: object, place: _Place) -> tuple[_Place, object]:
    """The innermost part of `value` that pydantic cannot write, and where it stands."""
    for step, part in _parts(value):
        try:
            to_jsonable_python(part)
        except PydanticSerializationError:
            return _culprit(part, (*place, step))
    return place, value


def _parts(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from ((f"[{key!r}]", part) for key, part in value.items())
    elif isinstance(value, list | tuple):
        yield from ((f"[{index}]", part) for index, part in enumerate(value))
    elif isinstance(value, BaseModel):
        yield from ((f".{name}", part) for name, part in value)
    elif _has_fields(value):
        yield from ((f".{field.name}", getattr(value, field.name)) for field in dataclasses.fields(value))  # type: ignore[arg-type]
