"""Which lines of the user's code a process has run: so that a report says what it is about."""

from __future__ import annotations

import sys
from types import CodeType

from durable_conformance.runtime import free_tool
from durable_conformance.users_code import is_users

type Lines = frozenset[tuple[str, int]]
"""Files, each with a number of a line."""


class Reached:
    """Watches this process, and all that it forks, from when it is made.

    A line costs something the first time that it runs, and so does each function, whoever's it is.
    """

    def __init__(self) -> None:
        self._new: set[tuple[str, int]] = set()
        monitoring = sys.monitoring
        self._tool = free_tool()
        if self._tool is None:
            return  # others watch, and nothing is said of lines
        monitoring.use_tool_id(self._tool, "durable-ai")
        monitoring.register_callback(self._tool, monitoring.events.PY_START, self._begins)
        monitoring.register_callback(self._tool, monitoring.events.LINE, self._runs)
        monitoring.set_events(self._tool, monitoring.events.PY_START)

    def _begins(self, code: CodeType, _offset: int) -> object:
        if is_users(code.co_filename):
            assert self._tool is not None
            sys.monitoring.set_local_events(self._tool, code, sys.monitoring.events.LINE)
        return sys.monitoring.DISABLE

    def _runs(self, code: CodeType, line: int) -> object:
        self._new.add((code.co_filename, line))
        return sys.monitoring.DISABLE

    def taken(self) -> Lines:
        """The lines that have been run since this was asked last."""
        new, self._new = self._new, set()
        return frozenset(new)
