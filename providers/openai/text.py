"""Text and JSON that can be sent, kept and read back."""

from __future__ import annotations

import json
from typing import Any

MAX_LEVELS = 100
"""How deeply an answer may be nested: of the 200 levels that pydantic reads back from a checkpoint, some are ours."""


def whole(value: Any) -> Any:
    """`value`, JSON, without half characters, which JSON can hold and neither UTF-8 nor a checkpoint can."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    return value


def parsed(text: str | bytes) -> Any:
    """The JSON in `text`.

    Raises:
        ValueError: It is none, or holds a number that JSON does not have, or is nested too deeply to be kept.
    """
    try:
        value = whole(json.loads(text, parse_constant=_refuse))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if _deeper(value, MAX_LEVELS):
        raise ValueError("it is nested too deeply")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"JSON has no {constant}")


def _deeper(value: Any, levels: int) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_deeper(part, levels - 1) for part in parts)
