"""Hears from the interpreter what no function of the world's can: what hashes decide, and exceptions that are caught.

`sys.monitoring` tells of code of the user's that starts, for the lines of which the source says that they may read an
order, a hash or an address; and of each exception that is caught, or raised again. It costs nothing elsewhere.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

from aws_durable_execution_sdk_python.exceptions import DurableExecutionsError, SuspendExecution

from durable_conformance.runtime.current import current
from durable_conformance.runtime.source import suspects
from durable_conformance.users_code import Place, is_users

WITHOUT_CAUSES = "DURABLE_AI_WITHOUT_CAUSES"
"""The variable that leaves all of this out, if it is set, and the pictures of variables: to measure what that costs."""

_TOOLS = (4, 3)
"""Numbers that Python gives to no kind of tool."""


def free_tool() -> int | None:
    """A number for `sys.monitoring` that nobody uses in this process, if there is one."""
    return next((one for one in _TOOLS if sys.monitoring.get_tool(one) is None), None)


_monitoring = sys.monitoring
_events = sys.monitoring.events


@functools.cache
def watches() -> bool:
    """Whether this process is to find out why runs differ."""
    return not os.environ.get(WITHOUT_CAUSES)


@functools.cache
def watch() -> None:
    """Have this process watch, for good, the code that starts from now on."""
    if not watches():
        return
    tool = free_tool()
    if tool is None:
        return  # others have taken both: their findings go without these causes
    _monitoring.use_tool_id(tool, "durable-ai")
    hears: dict[int, Callable[..., Any]] = {
        _events.PY_START: functools.partial(_started, tool),
        _events.LINE: _came_to,
        _events.EXCEPTION_HANDLED: _caught,
        _events.RERAISE: _raised_again,
        _events.RAISE: _raised_again,
    }
    for event, hear in hears.items():
        _monitoring.register_callback(tool, event, hear)
    _monitoring.set_events(tool, _events.PY_START | _events.EXCEPTION_HANDLED | _events.RERAISE | _events.RAISE)


def _started(tool: int, code: CodeType, _offset: int) -> Any:
    if is_users(code.co_filename) and suspects(code):
        _monitoring.set_local_events(tool, code, _events.LINE)
    return _monitoring.DISABLE


def _came_to(code: CodeType, line: int) -> Any:
    here = [one for one in suspects(code) if one.line == line]
    if not here:
        return _monitoring.DISABLE
    if (observer := current()) and not observer.scopes.here().in_step:
        frame = sys._getframe(1)  # noqa: SLF001  # documented
        for one in here:
            if one.is_so(frame):
                observer.read_at(one.source, one.what, Place(code.co_filename, line))
    return None


def _caught(code: CodeType, offset: int, error: BaseException) -> None:
    observer = current()
    if observer is None or not is_users(code.co_filename) or observer.scopes.here().in_step:
        return
    if (suspension := isinstance(error, SuspendExecution)) or not _is_pythons(error):
        observer.caught(error, Place(code.co_filename, _line(code, offset)), suspension=suspension)


def _is_pythons(error: BaseException) -> bool:
    """Whether it is the language's own, such as a `KeyError`: no operation raises it as it is."""
    return type(error).__module__ == "builtins" and not isinstance(error.__cause__, DurableExecutionsError)


def _raised_again(code: CodeType, _offset: int, error: BaseException) -> None:
    observer = current()
    if observer is None:
        return
    if isinstance(error, SuspendExecution):
        observer.suspends = True
    if is_users(code.co_filename):
        observer.raised_again(error)


@functools.cache
def _line(code: CodeType, offset: int) -> int:
    """Of the `except` or `with` whose handler begins at `offset`: its first instruction may have none."""
    numbers = (first for first, *_ in list(code.co_positions())[offset // 2 :])
    return next((number for number in numbers if number), code.co_firstlineno)
