"""What an operation's function, or an invocation, changes outside itself.

Replay skips an operation's function, and the change with it: variables of the handler that the function's closure
holds are pictured before it runs and after, and so are variables of its module that it assigns itself, if they hold
plain values. A warm process keeps what an invocation changes: variables of the module that the handler's code names,
and what encloses the handler. Clients that a process keeps are usual, and left out: what depends on them shows in other
sandboxes.
"""

from __future__ import annotations

import dis
import functools
import inspect
import itertools
import operator
import os
import random
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CellType, CodeType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import Any

from durable_conformance.runtime.source import Change, change_of
from durable_conformance.users_code import Place, is_users

MOST_ITEMS = 1_000
"""Of a container; longer ones are told apart by their length."""

MAX_DEPTH = 4
MAX_FUNCTIONS = 100
"""Of the user's that one calls, or may call."""

_SIMPLE = (str, bytes, int, float, complex, bool, type(None))
_CONTAINERS = (list, tuple, set, frozenset, dict)

type Picture = Mapping[str, object]
"""By variable."""


def users_function(function: object) -> FunctionType | None:
    """The function of the user's that an operation runs: itself, or what the SDK's own holds; None if there is none."""
    function = getattr(function, "__func__", getattr(function, "func", function))
    if not isinstance(function, FunctionType):
        return None
    if is_users(function.__code__.co_filename):
        return function
    held = (_content(cell) for _, cell in _cells(function))
    # A branch of a batch keeps its function in an object of the SDK's, and so does `ParallelBranch`.
    return next((found for one in held if (found := users_function(getattr(one, "func", one)))), None)


def pictured(function: FunctionType) -> Picture:
    """What the variables hold that its closure names, and those of its module that it assigns."""
    held = {
        name: _picture(_content(cell), MAX_DEPTH) for one in reversed(_enclosed(function)) for name, cell in _cells(one)
    }
    kept = {name: _picture(function.__globals__.get(name), MAX_DEPTH) for name in _assigned(function.__code__)}
    return held | {name: picture for name, picture in kept.items() if not isinstance(picture, _Object)}


def changed(function: FunctionType, before: Picture, home: Path) -> Iterator[tuple[str, Change]]:
    """The names of the variables that hold something else than `before`, each with what changes it."""
    for name, value in pictured(function).items():
        if value != before.get(name, value):
            yield name, change_of(name, (one.__code__ for one in _enclosed(function)), home)


@dataclass(frozen=True)
class Module:
    """What the code of a handler keeps from one invocation to the next."""

    functions: Sequence[FunctionType]  # that it consists of
    before: Mapping[tuple[int, str], object]

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Module | None:
        """None if it is none of the user's."""
        functions = _reachable(function)
        return cls(functions, _kept(functions)) if functions else None

    def changed(self, home: Path) -> Iterator[tuple[str, Change]]:
        """The names of the variables that hold something else by now, each with what changes it."""
        functions = self.functions
        known = {id(one): one for one in functions}
        for (owner, name), value in _kept(functions).items():
            if value != self.before.get((owner, name), value) and not isinstance(value, _Object):
                codes = [known[owner].__code__] if owner in known else [one.__code__ for one in functions]
                cached = next((one for one in functions if one.__name__ == name), None)
                if cached and isinstance(value, _Cached):
                    yield name, Change(line_of(cached, home), cache=True)
                else:
                    yield name, change_of(name, codes, home)


def workflow_of(function: Callable[..., Any]) -> FunctionType | None:
    """The function of the user's that does the handler's work: the one that an object's method calls, if it is one."""
    users = users_function(function)
    values = _values_of(getattr(function, "__self__", None))
    held = [one for one in values if isinstance(one, FunctionType) and is_users(one.__code__.co_filename)]
    return held[0] if len(held) == 1 else users


def line_of(function: Callable[..., Any], home: Path) -> str:
    """Where it is defined, as `handler.py:12`."""
    return Place(function.__code__.co_filename, function.__code__.co_firstlineno).line(home)


def _enclosed(function: FunctionType) -> list[FunctionType]:
    """It, and the functions of the user's that its closure holds."""
    found = {id(function): function}
    waiting = [function]
    while waiting and len(found) < MAX_FUNCTIONS:
        for _, cell in _cells(waiting.pop()):
            if (one := _users(_content(cell))) and id(one) not in found:
                found[id(one)] = one
                waiting.append(one)
    return list(found.values())


def _reachable(function: Callable[..., Any]) -> list[FunctionType]:
    """The functions of the user's that a handler may call, its own first: of its module's folder."""
    found: dict[int, FunctionType] = {}
    waiting: deque[object] = deque([function, users_function(function)])
    workflow = workflow_of(function)
    known: set[int] = set()
    while waiting and len(found) < MAX_FUNCTIONS:
        value = waiting.popleft()
        if id(value) in known:
            continue
        known.add(id(value))
        if isinstance(value, MethodType):
            waiting += _values_of(value.__self__)
        if inspect.isclass(value) and _is_users_class(value):
            waiting += [one for one in vars(value).values() if isinstance(one, FunctionType)]
        one = _users(value)
        if one is None or id(one) in found or workflow is None:
            continue
        if not _are_neighbours(one.__code__.co_filename, workflow.__code__.co_filename):
            continue
        found[id(one)] = one
        waiting += [_content(cell) for _, cell in _cells(one)]
        waiting += [one.__globals__[name] for name in _names(one.__code__) if name in one.__globals__]
    return list(found.values())


@functools.cache
def _are_neighbours(file: str, other: str) -> bool:
    """Whether two files belong to one program: helpers that it has from elsewhere keep what is theirs."""
    return os.path.dirname(file) == os.path.dirname(other)  # noqa: PTH120  # often


def _users(value: object) -> FunctionType | None:
    """The function of the user's that a value is, or stands before."""
    value = inspect.unwrap(value) if callable(value) and hasattr(value, "__wrapped__") else value
    value = getattr(value, "__func__", value)
    return value if isinstance(value, FunctionType) and is_users(value.__code__.co_filename) else None


def _values_of(value: object) -> list[object]:
    return list(vars(value).values()) if value is not None and hasattr(value, "__dict__") else []


def _kept(functions: Sequence[FunctionType]) -> dict[tuple[int, str], object]:
    """What these keep: their modules' variables, what encloses them, and their parameters' defaults, by name."""
    held: dict[tuple[int, str], object] = {}
    for one in functions:
        held |= {(id(cell), name): _content(cell) for name, cell in _cells(one)}
        names = (name for name in _names(one.__code__) if name in one.__globals__ and not name.startswith("__"))
        held |= {(id(one.__globals__), name): one.__globals__[name] for name in names}
        held |= {(id(one), name): value for name, value in _defaults(one)}
    return {key: _state(value) for key, value in held.items()}


def _state(value: object) -> object:
    """A picture of what a process may keep."""
    if isinstance(value, FunctionType | MethodType | ModuleType):
        return _Object(id(value))
    state: object = None
    if type(value) is random.Random:
        state = hash(value.getstate())
    elif isinstance(value, GeneratorType):
        state = value.gi_frame.f_lasti if value.gi_frame else None
    elif isinstance(value, itertools.count):
        state = repr(value)
    elif hasattr(value, "__length_hint__") and hasattr(value, "__next__"):
        state = operator.length_hint(value)
    elif hasattr(value, "cache_info") and _users(value):
        state = _Cached(value.cache_info().currsize)
    elif inspect.isclass(value) and _is_users_class(value):
        attributes = {name: one for name, one in vars(value).items() if isinstance(one, (*_SIMPLE, *_CONTAINERS))}
        state = _picture(attributes, MAX_DEPTH)
    else:
        state = _picture(value, MAX_DEPTH)
    return state


def _defaults(function: FunctionType) -> Iterator[tuple[str, object]]:
    """Those that can change, by parameter."""
    code, defaults = function.__code__, function.__defaults__ or ()
    named = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
    for name, value in (*zip(named, defaults, strict=True), *(function.__kwdefaults__ or {}).items()):
        if isinstance(value, list | dict | set) or _is_plain(value):
            yield name, value


@functools.cache
def _names(code: CodeType) -> tuple[str, ...]:
    """The names that code uses, and code that stands in it: of its module's variables, and of attributes."""
    inner = (name for one in code.co_consts if isinstance(one, CodeType) for name in _names(one))
    return tuple(dict.fromkeys((*code.co_names, *inner)))


@functools.cache
def _assigned(code: CodeType) -> tuple[str, ...]:
    """The variables of its module that a function assigns."""
    stores = (one.argval for one in dis.get_instructions(code) if one.opname == "STORE_GLOBAL")
    return tuple(dict.fromkeys(stores))


@dataclass(frozen=True)
class _Object:
    """One whose state is not looked at."""

    id: int


@dataclass(frozen=True)
class _Cached:
    """What a function that caches its results keeps."""

    size: int


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
    if depth and isinstance(value, _CONTAINERS):
        # A dict's pairs are made when it is asked for them: where no deeper look is taken, each is another object.
        items = [part for pair in value.items() for part in pair] if isinstance(value, dict) else value
        if len(value) > MOST_ITEMS:
            return type(value), len(value)
        shown = [_picture(item, depth - 1) for item in items]
        return type(value), sorted(shown, key=repr) if isinstance(value, set | frozenset) else shown
    if depth and not callable(value) and _is_plain(value):
        return id(value), _picture(vars(value), depth - 1)
    return _Object(id(value))


def _is_plain(value: object) -> bool:
    """Whether it is an object of a class of the user's, whose attributes are its state."""
    return hasattr(value, "__dict__") and not inspect.isclass(value) and _is_users_class(type(value))


def _is_users_class(class_: type) -> bool:
    module = sys.modules.get(class_.__module__)
    return bool(is_users(getattr(module, "__file__", None) or "<"))
