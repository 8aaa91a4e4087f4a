"""What an operation's function changes outside itself: replay skips the function, and the change with it.

Variables of the handler that the function's closure holds are pictured before it runs and after; so are variables of
its module that it assigns itself, if they hold plain values. Others of the module are left out: clients and caches that
a process keeps are usual, and what depends on them shows in other sandboxes.
"""

from __future__ import annotations

import dis
import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CellType, CodeType, FunctionType
from typing import Any

from durable_conformance.users_code import Place, is_users

MOST_ITEMS = 1_000
"""Of a container; longer ones are told apart by their length."""

MAX_DEPTH = 4
_SIMPLE = (str, bytes, int, float, complex, bool, type(None))

type Picture = Mapping[str, object]
"""By variable."""


def users_function(function: object) -> FunctionType | None:
    """The function of the user's that an operation runs: itself, or what the SDK's own holds; None if there is none."""
    function = getattr(function, "__func__", function)
    if not isinstance(function, FunctionType):
        return None
    if is_users(function.__code__.co_filename):
        return function
    held = (cell for _, cell in _cells(function))
    return next((found for cell in held if (found := users_function(_content(cell)))), None)


def pictured(function: FunctionType) -> Picture:
    """What the variables hold that its closure names, and those of its module that it assigns."""
    held = {name: _picture(_content(cell), MAX_DEPTH) for name, cell in _cells(function)}
    kept = {name: _picture(function.__globals__.get(name), MAX_DEPTH) for name in _assigned(function.__code__)}
    return held | {name: picture for name, picture in kept.items() if not isinstance(picture, _Object)}


def changed(function: FunctionType, before: Picture) -> list[str]:
    """The names of the variables that hold something else than `before`."""
    return [name for name, value in pictured(function).items() if value != before.get(name, value)]


@dataclass(frozen=True)
class Module:
    """What the variables of a function's module hold."""

    function: FunctionType
    before: Picture

    @classmethod
    def of(cls, function: FunctionType) -> Module:
        return cls(function, _of_module(function))

    def changed(self, home: Path) -> Iterator[tuple[str, str]]:
        """The names of those that hold something else by now, each with the first line of a function that names it."""
        for name, value in _of_module(self.function).items():
            if value != self.before.get(name, value):
                yield name, next(self._naming(name, home), line_of(self.function, home))

    def _naming(self, name: str, home: Path) -> Iterator[str]:
        for code in self._codes():
            for one in dis.get_instructions(code):
                if one.argval == name and one.opname.endswith("_GLOBAL") and one.line_number:
                    yield Place(code.co_filename, one.line_number).line(home)

    def _codes(self) -> Iterator[CodeType]:
        """Those of the function, and of others of its module."""
        others = (one for one in self.function.__globals__.values() if isinstance(one, FunctionType))
        its_own = (one for one in others if one.__module__ == self.function.__module__)
        waiting = [one.__code__ for one in (self.function, *its_own)]
        while waiting:
            code = waiting.pop(0)
            yield code
            waiting[:0] = [one for one in code.co_consts if isinstance(one, CodeType)]


def _of_module(function: FunctionType) -> Picture:
    held = {
        name: _picture(value, MAX_DEPTH)
        for name, value in function.__globals__.items()
        if isinstance(value, (*_SIMPLE, list, tuple, set, dict)) and not name.startswith("__")
    }
    return {name: picture for name, picture in held.items() if not isinstance(picture, _Object)}


def line_of(function: Callable[..., Any], home: Path) -> str:
    """Where it is defined, as `handler.py:12`."""
    return Place(function.__code__.co_filename, function.__code__.co_firstlineno).line(home)


@functools.cache
def _assigned(code: CodeType) -> tuple[str, ...]:
    """The variables of its module that a function assigns."""
    stores = (one.argval for one in dis.get_instructions(code) if one.opname == "STORE_GLOBAL")
    return tuple(dict.fromkeys(stores))


@dataclass(frozen=True)
class _Object:
    """One whose state is not looked at."""

    id: int


def _cells(function: FunctionType) -> Iterator[tuple[str, CellType]]:
    return zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return None  # nothing is in it yet


def _picture(value: object, depth: int) -> object:
    if isinstance(value, _SIMPLE):
        return value
    if depth and isinstance(value, list | tuple | set | frozenset | dict):
        items = value.items() if isinstance(value, dict) else value
        if len(value) > MOST_ITEMS:
            return type(value), len(value)
        shown = [_picture(item, depth - 1) for item in items]
        return type(value), sorted(shown, key=repr) if isinstance(value, set | frozenset) else shown
    if depth and not callable(value) and _is_plain(value):
        return id(value), _picture(vars(value), depth - 1)
    return _Object(id(value))


def _is_plain(value: object) -> bool:
    """Whether it is an object of a class of the user's, whose attributes are its state."""
    module = sys.modules.get(type(value).__module__)
    return hasattr(value, "__dict__") and bool(is_users(getattr(module, "__file__", None) or "<"))
