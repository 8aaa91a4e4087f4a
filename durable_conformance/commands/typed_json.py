"""JSON that a person typed."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from durable_conformance.errors import CannotRunError


def parsed(option: str, text: str) -> Any:
    """The value of `text`.

    Args:
        option: Where it was typed, for the message.
        text: What was typed.

    Raises:
        CannotRunError: It is not JSON.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        raise CannotRunError(f"{option} is not JSON: {error}.") from error
    except RecursionError as error:
        raise CannotRunError(f"{option} is not JSON: it is nested too deeply.") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON value")
