"""A JSON document against a botocore shape: what a service would refuse, member by member.

Unlike botocore's own check of parameters it also looks at enumerations, patterns and upper bounds, as a service does.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape


def shape_violations(value: Any, shape: Shape, path: str) -> Iterator[str]:
    """What is wrong with `value`, as `path: what`.

    Args:
        value: A JSON value. A null member counts as absent, as it does for the service.
        shape: What it must look like.
        path: Where it stands, such as `messages[0].content`.
    """
    return KINDS[shape.type_name](value, shape, path)


def member_path(path: str, name: str) -> str:
    """The path of a member of the object at `path`."""
    return f"{path}.{name}" if path else name


def _structure(value: Any, shape: StructureShape, path: str) -> Iterator[str]:
    if shape.is_document_type:
        return
    if not isinstance(value, dict):
        yield f"{path}: must be an object"
        return
    members = {part.serialization.get("name", name): part for name, part in shape.members.items()}
    present = {name: part for name, part in value.items() if part is not None}
    for name in present.keys() - members.keys():
        yield f"{member_path(path, name)}: is unknown; {path or 'the body'} takes {', '.join(members)}"
    for name in shape.required_members:
        if shape.members[name].serialization.get("name", name) not in present:
            yield f"{member_path(path, name)}: is required"
    if shape.is_tagged_union and len(present) != 1:
        yield f"{path}: must hold exactly one of {', '.join(members)}"
    for name, part in present.items():
        if name in members:
            yield from shape_violations(part, members[name], member_path(path, name))


def _list(value: Any, shape: ListShape, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: must be a list"
        return
    yield from _length(len(value), shape, path, "items")
    for position, part in enumerate(value):
        yield from shape_violations(part, shape.member, f"{path}[{position}]")


def _map(value: Any, shape: MapShape, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: must be an object"
        return
    yield from _length(len(value), shape, path, "entries")
    for key, part in value.items():
        yield from shape_violations(key, shape.key, f"{member_path(path, key)} (key)")
        yield from shape_violations(part, shape.value, member_path(path, key))


def _string(value: Any, shape: StringShape, path: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{path}: must be a string"
        return
    yield from _length(len(value), shape, path, "characters")
    if shape.enum and value not in shape.enum:
        yield f"{path}: must be one of {', '.join(shape.enum)}"
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        yield f"{path}: must match {pattern}"


def _integer(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield f"{path}: must be an integer"
    else:
        yield from _range(value, shape, path)


def _number(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield f"{path}: must be a number"
    else:
        yield from _range(value, shape, path)


def _boolean(value: Any, _: Shape, path: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"{path}: must be true or false"


def _blob(value: Any, shape: Shape, path: str) -> Iterator[str]:
    try:
        content = base64.b64decode(value, validate=True)
    except (TypeError, binascii.Error):
        yield f"{path}: must be base64"
    else:
        yield from _length(len(content), shape, path, "bytes")


def _length(length: int, shape: Shape, path: str, unit: str) -> Iterator[str]:
    if length < shape.metadata.get("min", length):
        yield f"{path}: must have at least {shape.metadata['min']} {unit}"
    if length > shape.metadata.get("max", length):
        yield f"{path}: must have at most {shape.metadata['max']} {unit}"


def _range(value: float, shape: Shape, path: str) -> Iterator[str]:
    if value < shape.metadata.get("min", value):
        yield f"{path}: must be at least {shape.metadata['min']}"
    if value > shape.metadata.get("max", value):
        yield f"{path}: must be at most {shape.metadata['max']}"


KINDS: dict[str, Callable[[Any, Any, str], Iterator[str]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _integer,
    "long": _integer,
    "float": _number,
    "double": _number,
    "boolean": _boolean,
    "blob": _blob,
}
"""How each kind of shape is checked; a test sees to it that Converse's input has no other."""
