"""Processes of ours, from the inside: how one forks others, and ends them with all that they have started.

Where Linux's `prctl` and `/proc` are missing, what leaves its process group is not found.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

from durable_conformance.errors import in_words
from durable_conformance.workers.channel import OURS, Channel, ClosedError
from durable_conformance.workers.messages import Another, End, Ended, Failed, Hello

_SET_PARENT_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36
_PROC = Path("/proc")
_ON_LINUX = sys.platform == "linux"

UNHEARD = 87
"""The exit code of a process of ours which nobody hears any more."""


def adopt_orphans() -> None:
    """What processes that this one has started leave behind becomes its child."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """End this process when the thread ends that has forked it."""
    _prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if _ON_LINUX:
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def children() -> set[int]:
    """The ids of this process's children, those that have ended and wait to be reaped included."""
    try:
        files = list((_PROC / "self/task").glob("*/children"))
        return {int(pid) for file in files for pid in file.read_text().split()}
    except OSError:
        return set()


def has_children() -> bool:
    """The same at the cost of one system call."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def is_alive(pid: int) -> bool:
    """Whether the process has not ended."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def described(pid: int) -> str:
    """A process, in words."""
    with contextlib.suppress(OSError):
        command = (_PROC / str(pid) / "cmdline").read_bytes()
        if command == (_PROC / "self/cmdline").read_bytes():
            return "a process (a fork of the handler's)"
        if words := " ".join(command.decode(errors="replace").split("\0")).strip():
            return f"a process ({words[:80]})"
    return "a process"


def fork(channel: Channel, role: Callable[[Channel], None]) -> int:
    """Fork this process; returns the child's id.

    The child has a session of its own, no standard streams, and nothing of ours but `channel`, its end of the
    connection, which is closed here. It ends with `role`.
    """
    with warnings.catch_warnings():
        # In a process with threads: what they hold is of no use to the child, which runs our own code and the handler.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid:
        channel.close()
        return pid
    code = 1
    try:
        os.setsid()
        for other in OURS - {channel}:
            other.close()
        OURS.clear()
        _quiet()
        channel.send(Hello(os.getpid()))
        role(channel)
        code = 0
    except ClosedError:
        code = UNHEARD
    except Exception as error:  # noqa: BLE001  # a defect of ours: who waits for the process hears of it
        with contextlib.suppress(ClosedError):
            channel.send(Failed(in_words(error), traceback.format_exc()))
    finally:
        os._exit(code)  # whatever threads and exit handlers there are


def _quiet() -> None:
    """Nothing is read from the terminal, and what is printed goes nowhere: it may be printed thousands of times."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    sys.stdin = open(0, closefd=False, encoding="utf-8")  # noqa: SIM115  # descriptors
    sys.stdout = sys.stderr = open(1, "w", closefd=False, encoding="utf-8", errors="replace")  # noqa: SIM115
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(name, signal.default_int_handler if name is signal.SIGINT else signal.SIG_DFL)
    signal.set_wakeup_fd(-1)


class Forker:
    """Forks processes when `channel` says so, and ends them. Each does `role`, given its channel and its order.

    Another handler is what this process itself gets ready, for those that it forks later; `another` says what came of
    that.
    """

    def __init__(
        self,
        channel: Channel,
        role: Callable[[Channel, object], None],
        another: Callable[[Another], object] | None = None,
    ) -> None:
        self._channel = channel
        self._role = role
        self._another = another
        self._forked: set[int] = set()
        self._spared = children()
        adopt_orphans()

    def serve(self) -> None:
        """Do so until nobody is there any more; then end all."""
        try:
            while True:
                match self._channel.receive():
                    case End(pid, grace, told):
                        ended = self._ended(pid, grace)
                        if told:
                            self._channel.send(ended)
                    case Another() as order if self._another:
                        self._channel.send(self._another(order))
                    case order:
                        self._fork(order)
        except ClosedError:
            pass
        finally:
            self._spared = set()
            for pid in list(self._forked):
                self._ended(pid, 0.0)
            self._end_orphans()

    def _fork(self, order: object) -> None:
        theirs = Channel.of(self._channel.descriptor())

        def role(channel: Channel) -> None:
            self._channel.close()
            self._role(channel, order)

        self._forked.add(fork(theirs, role))

    def _ended(self, pid: int, grace: float) -> Ended:
        if pid not in self._forked:
            return Ended(0)
        code = reaped_within(pid, grace)
        unheard = code in {None, UNHEARD}
        if code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            code = os.waitstatus_to_exitcode(status)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        self._forked.discard(pid)
        return Ended(code, self._end_orphans(), unheard)

    def _end_orphans(self) -> tuple[str, ...]:
        """End what processes that have ended left behind; returns it in words."""
        left: list[str] = []
        while orphans := children() - self._forked - self._spared:
            for pid in orphans:
                if is_alive(pid):
                    left.append(described(pid))
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)
        return tuple(dict.fromkeys(left))


def reaped_within(pid: int, seconds: float) -> int | None:
    """The exit code of a child that ends by itself in time; None for one that does not."""
    until = time.monotonic() + seconds
    try:
        watch: int | None = os.pidfd_open(pid) if seconds else None
    except (AttributeError, OSError):  # Linux alone has it
        watch = None
    try:
        while True:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            left = until - time.monotonic()
            if left <= 0:
                return None
            select.select([] if watch is None else [watch], [], [], left if watch is not None else min(left, 0.005))
    finally:
        if watch is not None:
            os.close(watch)
