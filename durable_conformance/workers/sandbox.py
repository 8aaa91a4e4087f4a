"""The sandbox that an execution finds: its clock, randomness, variables, temporary and working folder."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from durable_conformance.workers.processes import children, described, has_children, is_alive

if TYPE_CHECKING:
    import time_machine

SANDBOX_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "_X_AMZN_TRACE_ID",
)
"""The environment variables that Lambda itself sets otherwise in each sandbox or invocation. What a function's own
configuration sets stays: an execution goes on on the version that it began on, and a version's variables do not change.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""


class Sandbox:
    """This process, which makes one execution at a time, as Lambda's sandbox would be for it.

    What an execution leaves in the process, the next one finds, as in a warm sandbox; but not another working folder,
    nor processes. Files go to `folder`, which is empty, and which somebody else removes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._home = os.getcwd()  # noqa: PTH109
        self._threads = frozenset(threading.enumerate())
        self._journey: time_machine.travel | None = None
        self._way: int | None = None
        self._use(folder)

    def enter(self, number: int, way: int | None) -> None:
        """Execution `number` begins; `way` says how the sandboxes of its invocations differ, None is not at all."""
        self._way = way
        if way is None:
            random.seed(number)
        else:
            self._change(0)

    def before(self, invocation: int) -> None:
        """Change what may change before `invocation`: another sandbox may run it, later."""
        if self._way:
            self._change(self._way * (invocation + 1))

    def leave(self) -> tuple[tuple[str, ...], bool]:
        """The execution has ended: what it has left behind, in words, and whether the process is spoilt by it."""
        if self._journey:
            self._journey.stop()
            self._journey = None
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
        import time_machine  # noqa: PLC0415  # it imports pytest: a base has done so, for all its forks

        random.seed(step)
        for name in SANDBOX_VARIABLES:
            os.environ[name] = f"sandbox-{step}"
        self._use(Path(tempfile.mkdtemp(dir=self._folder)))
        if self._journey:
            self._journey.stop()
            self._journey = None
        if step:
            shift = dt.timedelta(days=step, hours=7 * step, minutes=13 * step)
            self._journey = time_machine.travel(dt.datetime.now(dt.UTC) + shift, tick=True)
            self._journey.start()

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
