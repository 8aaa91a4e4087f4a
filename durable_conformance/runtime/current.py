"""The execution that this process makes now. A worker makes one at a time, so it is the process's own.

Taps, the world and the guard stand where code leaves the handler, and ask here whose code it is. Between executions,
and while a handler is imported, there is none.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from durable_conformance.runtime.observer import Observer

_running: list[Observer] = []


def current() -> Observer | None:
    """Who observes the execution that is under way; None if there is none."""
    return _running[-1] if _running else None


@contextlib.contextmanager
def executing(observer: Observer) -> Iterator[None]:
    """In here, `observer` observes what this process does."""
    _running.append(observer)
    try:
        yield
    finally:
        _running.pop()
