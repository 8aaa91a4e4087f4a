"""The durable handler in whatever a user exports: bare, or behind decorators of others."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CellType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.execution import DurableExecutionInvocationInputWithClient

from durable_conformance.subject.scenario import Handler

if TYPE_CHECKING:
    from aws_durable_execution_sdk_python.plugin import DurableInstrumentationPluginFactory  # since SDK 3

type Around = Callable[[Callable[..., Any]], Callable[..., Any]]
"""Decorates the handler's own function."""

MAX_LAYERS = 20
"""Decorators around one handler that are looked through."""


def _nothing(_event: Any, _context: Any) -> None:
    """A durable function."""


_EXAMPLE: Any = durable_execution(_nothing)

_DECORATED = _EXAMPLE.__code__
"""The code that each function decorated with `@durable_execution` has, whatever it decorates."""

_BETWEEN = None if _EXAMPLE.__wrapped__ is _nothing else _EXAMPLE.__wrapped__.__code__
"""Of a function of the SDK's between that and the user's, as before SDK 3. It holds the user's by the name `func`."""


def is_durable(value: object) -> bool:
    """Whether `durable_execution` has made it."""
    return isinstance(value, FunctionType) and value.__code__ is _DECORATED


def holds_durable(handler: object) -> bool:
    """Whether it is a durable handler, or decorators around one."""
    return is_durable(handler) or _place_in(handler) is not None


def instrumented(
    handler: Any,
    plugin: DurableInstrumentationPluginFactory,
    around: Around = lambda function: function,
) -> Handler | None:
    """`handler` with `plugin` watching it, and `around` its function; None if it is no durable handler.

    Its function is decorated once more, and put where the decorators around it look it up: they run as they do in
    Lambda.
    """
    if is_durable(handler):
        return _decorated_again(handler, plugin, around)
    place = _place_in(handler)
    if place is None:
        return None
    place.put(_decorated_again(place.value, plugin, around))
    return lambda event, context: handler(InvocationEvent(event), context)


def _decorated_again(
    handler: Any,
    plugin: DurableInstrumentationPluginFactory,
    around: Around,
) -> Handler:
    function = _users(handler.__wrapped__)
    decorated = durable_execution(around(function), plugins=[plugin])
    decorated.__wrapped__ = function  # type: ignore[attr-defined]  # the next execution decorates it again
    return decorated


def _users(wrapped: Any) -> Callable[..., Any]:
    between = isinstance(wrapped, FunctionType) and wrapped.__code__ is _BETWEEN
    function: Callable[..., Any] = inspect.getclosurevars(wrapped).nonlocals["func"] if between else wrapped
    return function


class InvocationEvent(DurableExecutionInvocationInputWithClient, dict[str, Any]):
    """An invocation's event, as the decorators around a durable handler see it: Lambda gives them a dictionary."""

    def __init__(self, event: DurableExecutionInvocationInputWithClient) -> None:
        dict.__init__(self, event.to_json_dict())
        vars(self).update(vars(event))

    __hash__ = None  # as a dictionary has none
    __eq__ = dict.__eq__
    __repr__ = dict.__repr__


@dataclass(frozen=True)
class _Place:
    """Where a durable handler is kept by what is around it."""

    holder: object  # a cell, the dictionary of an object, or a partial
    key: str
    value: Any

    def put(self, decorated: Handler) -> None:
        if isinstance(self.holder, CellType):
            self.holder.cell_contents = decorated
        elif isinstance(self.holder, dict):
            self.holder[self.key] = decorated
        else:
            assert isinstance(self.holder, functools.partial)
            state = (decorated, self.holder.args, self.holder.keywords, None)
            self.holder.__setstate__(state)  # type: ignore[attr-defined]  # what pickle and copy use


def _place_in(handler: object) -> _Place | None:
    """Where in `handler` the nearest durable one is kept, layer by layer."""
    layer, seen = [handler], {id(handler)}
    for _ in range(MAX_LAYERS):
        inner = []
        for one in layer:
            for holder, key, value in _kept_by(one):
                if is_durable(value):
                    return _Place(holder, key, value)
                if callable(value) and id(value) not in seen and not inspect.isclass(value):
                    seen.add(id(value))
                    inner.append(value)
        layer = inner
    return None


def _kept_by(value: object) -> Iterator[tuple[object, str, Any]]:
    """What a callable keeps, and where."""
    if isinstance(value, MethodType):
        yield from _kept_by(value.__self__)
        yield from _kept_by(value.__func__)
    elif isinstance(value, functools.partial):
        yield value, "func", value.func
    elif isinstance(value, FunctionType):
        for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
            try:
                yield cell, name, cell.cell_contents
            except ValueError:
                continue  # nothing is in it yet
        for name, kept in vars(value).items():
            if name != "__wrapped__":  # who calls it keeps it in a cell, too
                yield vars(value), name, kept
    elif hasattr(value, "__dict__") and not inspect.isclass(value) and not inspect.ismodule(value):
        for name, kept in vars(value).items():
            yield vars(value), name, kept
