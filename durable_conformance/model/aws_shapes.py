"""Answers to AWS calls that nobody gave: made up from the shape that botocore knows for the output."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape
from botocore.response import StreamingBody

READS = (
    "BatchGet",
    "Describe",
    "Get",
    "Head",
    "List",
    "Lookup",
    "Query",
    "Retrieve",
    "Scan",
    "Search",
    "Select",
)
"""How the names of operations begin that change nothing, with all services that follow AWS's own naming."""

WELL = ("ACTIVE", "AVAILABLE", "SUCCEEDED", "SUCCESS", "COMPLETED", "COMPLETE", "ENABLED", "RUNNING", "READY", "OK")
"""What an enumerated state is made up as, the first that there is: a waiter then ends, and a poll."""

MADE_UP_TIME = dt.datetime(2040, 1, 1, tzinfo=dt.UTC)
MAX_DEPTH = 6
"""Structures in structures that are made up; deeper ones are empty."""

PAGING = frozenset({"Marker", "LastEvaluatedKey", "ContinuationToken"})
"""Members that say that there is more, besides those whose names begin with `Next`."""


def reads(operation: str) -> bool:
    """Whether an operation changes nothing, as far as its name tells."""
    return operation.startswith(READS)


def made_up(operation: OperationModel, unique: str) -> dict[str, Any]:
    """A response to `operation` as boto3 gives it, with `unique` in its texts. Nothing says that there is more."""
    if operation.output_shape is None:
        return {}
    response = _structure(operation.output_shape, unique, 0, frozenset())
    stream = operation.get_streaming_output()
    return response | {
        name: streaming(b"{}") for name, member in operation.output_shape.members.items() if member is stream
    }


def streaming(content: bytes) -> StreamingBody:
    """A body to read, as boto3 gives it."""
    return StreamingBody(io.BytesIO(content), len(content))


def _structure(shape: StructureShape, unique: str, depth: int, within: frozenset[str]) -> dict[str, Any]:
    if depth >= MAX_DEPTH or shape.name in within:
        return {}
    members = list(shape.members.items())
    if getattr(shape, "is_tagged_union", False):
        members = members[:1]
    return {
        name: _value(name, member, unique, depth + 1, within | {shape.name})
        for name, member in members
        if not _says_more(name) and not getattr(member, "is_eventstream", False) and not _is_error(name)
    }


def _value(name: str, shape: Shape, unique: str, depth: int, within: frozenset[str]) -> Any:
    match shape:
        case StructureShape():
            return _structure(shape, unique, depth, within)
        case ListShape():
            recursive = isinstance(shape.member, StructureShape) and shape.member.name in within
            if isinstance(shape.member, MapShape) or recursive or depth >= MAX_DEPTH:
                return []
            return [_value(name, shape.member, unique, depth + 1, within)]
        case MapShape():
            return {}
        case StringShape():
            return _text(name, shape, unique)
    least = float(shape.metadata.get("min", 0)) or 1.0
    whole = 200 if name == "StatusCode" else int(least)
    scalars = {
        "boolean": not name.endswith(("Truncated", "HasMoreResults")),
        "integer": whole,
        "long": whole,
        "float": least,
        "double": least,
        "timestamp": MADE_UP_TIME,
        "blob": b"",
    }
    return scalars.get(shape.type_name)


def _text(name: str, shape: StringShape, unique: str) -> str:
    if shape.enum:
        return next((one for well in WELL for one in shape.enum if one.upper() == well), shape.enum[0])
    text = f"{name}-{unique}"
    most = shape.metadata.get("max")
    return text[-int(most) :] if most else text


def _says_more(name: str) -> bool:
    return name in PAGING or name.startswith(("Next", "next"))


def _is_error(name: str) -> bool:
    """A member that says what failed: nothing has."""
    lowered = name.lower()
    return lowered.startswith(("error", "fail", "unprocessed")) or lowered.endswith(("error", "errors", "failures"))
