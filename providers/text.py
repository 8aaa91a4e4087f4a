"""JSON that can be sent, kept and read back, whoever serves models."""

from __future__ import annotations

import json
from typing import Any

MAX_LEVELS = 100
"""How deeply an answer may be nested: of the 200 levels that pydantic reads back from a checkpoint, some are ours."""

_encoded = json.JSONEncoder(ensure_ascii=False, default=str, check_circular=False).encode


def whole(value: Any) -> Any:
    """`value`, JSON, without half characters, which JSON can hold and neither UTF-8 nor a checkpoint can."""
    try:
        _encoded(value).encode()
    except UnicodeEncodeError:
        return _without_halves(value)
    return value


def kept(value: Any) -> Any:
    """An answer's `value` as it can be kept.

    Raises:
        RecursionError: It is nested too deeply.
    """
    if _deeper(value, MAX_LEVELS):
        raise RecursionError
    return whole(value)


def _without_halves(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_without_halves(key): _without_halves(item) for key, item in value.items()}
    return [_without_halves(item) for item in value] if isinstance(value, list) else value


def _deeper(value: Any, levels: int) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_deeper(part, levels - 1) for part in parts)
