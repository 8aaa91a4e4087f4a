"""The sandbox that an execution finds: its clock, randomness, variables, temporary and working folder."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
import tempfile
import threading
from collections.abc import Set
from pathlib import Path

from durable_conformance.runtime import SANDBOX_VARIABLES, SECOND, outside
from durable_conformance.workers.processes import children, described, has_children, is_alive

LONGEST_START = 5_000_000
"""Nanoseconds that Lambda may take to start an invocation: no two begin at the same moment."""


class Sandbox:
    """This process, which makes one execution at a time, as Lambda's sandbox would be for it.

    What an execution leaves in the process, the next one finds, as in a warm sandbox; but not another working folder,
    nor processes. Files go to `folder`, which is empty, and which somebody else removes. Variables that are named in
    `keep` are the function's own configuration.
    """

    def __init__(self, folder: Path, keep: Set[str] = frozenset()) -> None:
        self._folder = folder
        self._variables = [name for name in SANDBOX_VARIABLES if name not in keep]
        self._home = os.getcwd()  # noqa: PTH109
        self._threads = frozenset(threading.enumerate())
        self._id = ""
        self._way: int | None = None
        self._use(folder)

    def enter(self, execution: str, way: int | None) -> None:
        """`execution` begins, by its id; `way` says how its invocations' sandboxes differ, None is not at all."""
        self._id, self._way = execution, way
        if way is None:
            random.seed(execution)
        else:
            self._change(0)

    def before(self, invocation: int) -> None:
        """Change what may change before `invocation`: another sandbox may run it, later."""
        step = (self._way or 0) * (invocation + 1)
        if step:
            self._change(step)
        moment = random.Random(f"{self._id}.{invocation}").randrange(LONGEST_START)  # noqa: S311  # no secret
        shift = dt.timedelta(days=step, hours=7 * step, minutes=13 * step)
        outside.nanoseconds = round(shift.total_seconds()) * SECOND + moment

    def leave(self) -> tuple[tuple[str, ...], bool]:
        """The execution has ended: what it has left behind, in words, and whether the process is spoilt by it."""
        left: list[str] = []
        if self._moved():
            left.append("another working folder")
            os.chdir(self._home)
        alive = [pid for pid in children() if is_alive(pid)] if has_children() else []
        left += map(described, alive)
        closed = [name for descriptor, name in enumerate(("input", "output", "errors")) if _is_closed(descriptor)]
        left += (f"its standard {name} closed" for name in closed)
        threads = [one for one in threading.enumerate() if one not in self._threads and not _of_the_sdk(one)]
        left += (f"a thread ({thread.name})" for thread in threads)
        return tuple(dict.fromkeys(left)), bool(alive or closed or threads)

    def _moved(self) -> bool:
        try:
            return os.getcwd() != self._home  # noqa: PTH109
        except OSError:
            return True  # the folder is gone

    def _change(self, step: int) -> None:
        random.seed(step)
        for name in self._variables:
            os.environ[name] = f"sandbox-{step}"
        self._use(Path(tempfile.mkdtemp(dir=self._folder)))

    def _use(self, folder: Path) -> None:
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder)


def _is_closed(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return True
    return False


def _of_the_sdk(thread: threading.Thread) -> bool:
    """Whether the SDK has started it: those of an invocation that died end by themselves, or with the process."""
    target = getattr(thread, "_target", None)
    with contextlib.suppress(AttributeError):
        return str(target.__module__).startswith(("aws_durable_execution", "concurrent.futures"))
    return False
