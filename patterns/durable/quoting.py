"""One value on one line, so that whoever reads several of them sees where each ends, whatever they hold."""

from __future__ import annotations

import json
from collections.abc import Mapping


def quoted(value: str) -> str:
    """`value` as a JSON string in which every character is a visible one: no line break of any kind, no hidden mark."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def listed(values: Mapping[str, str]) -> str:
    """Each name with its value, a line for each: no value can pass for another one, or for somebody's approval."""
    return "\n".join(f"{quoted(name)}: {quoted(value)}" for name, value in values.items())
