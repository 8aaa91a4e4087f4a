"""JSON that an endpoint sent."""

from __future__ import annotations

import json
from typing import Any

from providers.text import kept


def parsed(text: str | bytes) -> Any:
    """The JSON in `text`.

    Raises:
        ValueError: It is none, or holds a number that JSON does not have, or is nested too deeply to be kept.
    """
    try:
        return kept(json.loads(text, parse_constant=_refuse))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"JSON has no {constant}")
