"""Holds events against those that a requirement expects, as the package's own runner does.

`*` and `{}` are anything; `${/…/}` is a pattern; any other `${…}` is one value, the same wherever it stands; what is
not mentioned is free. Events are told apart by their number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_PATTERN = re.compile(r"\$\{/(.+)/\}")
_PLACEHOLDER = re.compile(r"\$\{(.+)\}")

type Unknown = Mapping[str, frozenset[str]]
"""For a key, those below it that are not compared."""


def mismatches(expected: Sequence[Mapping[str, Any]], came: Sequence[Mapping[str, Any]], unknown: Unknown) -> list[str]:
    """Where events differ from what is expected, a line each."""
    bound: dict[str, Any] = {}
    by_id = {event["EventId"]: event for event in came}
    found: list[str] = []
    for event in expected:
        number, type_ = event["EventId"], event["EventType"]
        if number not in by_id:
            found.append(f"{number}: expected {type_}, and there is no such event")
        elif by_id[number]["EventType"] != type_:
            found.append(f"{number}: expected {type_}, came {by_id[number]['EventType']}")
        else:
            found += _differing(event, by_id[number], str(number), bound, unknown)
    return found


def _differing(expected: Any, came: Any, where: str, bound: dict[str, Any], unknown: Unknown) -> Iterator[str]:
    if _is_anything(expected):
        return
    if pattern := _matched(_PATTERN, expected):
        if not re.search(pattern, str(came)):
            yield f"{where}: {came!r} does not match {pattern}"
    elif placeholder := _matched(_PLACEHOLDER, expected):
        if bound.setdefault(placeholder, came) != came:
            yield f"{where}: {expected} was {bound[placeholder]!r} before, and is {came!r}"
    elif isinstance(expected, Mapping) and isinstance(came, Mapping):
        for key in expected.keys() - unknown.get(where.rpartition(".")[2], frozenset()):
            if key in came:
                yield from _differing(expected[key], came[key], f"{where}.{key}", bound, unknown)
            else:
                yield f"{where}.{key}: it is missing"
    elif expected != came:
        yield f"{where}: expected {expected!r}, came {came!r}"


def completed(expected: Any, came: Any) -> Any:
    """What is expected, with what came wherever the requirement leaves it open."""
    if _is_anything(expected) or _matched(_PLACEHOLDER, expected):
        return came
    if isinstance(expected, Mapping) and isinstance(came, Mapping):
        return {**came, **{key: completed(value, came.get(key)) for key, value in expected.items()}}
    return expected


def _is_anything(expected: Any) -> bool:
    return expected in ("*", {})


def _matched(form: re.Pattern[str], expected: Any) -> str | None:
    """What stands in a pattern, or in a placeholder."""
    found = form.fullmatch(expected) if isinstance(expected, str) else None
    return found[1] if found else None
