"""The model layer's scan for secrets, for whatever the engine writes down.

It is loaded from its file: a user's project may have a package called `providers`, and its report is written, too.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from types import ModuleType

_NAME = "durable_conformance.model._scrub"


def secrets_in(text: str) -> list[str]:
    """What in `text` looks like a secret, by line, in words that do not repeat it."""
    return list(map(str, _scrub().findings(text)))


def masked(text: str) -> str:
    """`text` without account ids."""
    return cast("str", _scrub().masked(text))


def withheld[T](value: T) -> T:
    """`value`, in each text of which words stand for what looks like a secret; itself if nothing does.

    It may be a text, or a tree of dataclasses, tuples, lists and mappings.
    """
    texts = "\n".join(dict.fromkeys(_texts(value)))
    return cast("T", _with(value, functools.cache(_scrub().withheld))) if secrets_in(texts) else value


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str) and not isinstance(value, Enum):
        yield value
    for _, part in _parts(value):
        yield from _texts(part)


def _parts(value: object) -> Iterator[tuple[Any, object]]:
    """What `value` is made of, by key or field; positions for what has none."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield key, key
            yield key, part
    elif isinstance(value, tuple | list | frozenset | set):
        yield from enumerate(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield field.name, getattr(value, field.name)


def _with(value: Any, replaced: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return value if isinstance(value, Enum) else replaced(value)
    match value:
        case Mapping():
            return {_with(key, replaced): _with(part, replaced) for key, part in value.items()}
        case tuple() if hasattr(value, "_fields"):
            return type(value)(*(_with(part, replaced) for part in value))
        case tuple() | list() | frozenset() | set():
            return type(value)(_with(part, replaced) for part in value)
        case _ if dataclasses.is_dataclass(value):
            clone = object.__new__(type(value))  # frozen, and what was read off it is not copied
            for name, part in _parts(value):
                object.__setattr__(clone, name, _with(part, replaced))
            return clone
    return value


@functools.cache
def _scrub() -> ModuleType:
    file = Path(__file__).resolve().parents[2] / "providers" / "scrub.py"
    spec = importlib.util.spec_from_file_location(_NAME, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = module  # where its dataclasses look for their module
    spec.loader.exec_module(module)
    return module
