"""Fresh interpreters, one for each hash seed, in which executions run as in Lambda's other sandboxes."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection

from conformance.sandbox import Batch, Reply

HASH_SEEDS = (1, 2, 3)
"""`PYTHONHASHSEED` of each interpreter: the order of a set of strings differs between them."""


PROGRAM = "from conformance.sandbox import main; main()"
"""Not `-m`: what is sent over the socket must know its module by its name."""

PATIENCES = 2
"""How many times the patience for one execution may pass without a word: the process itself ends each in time."""


class FreshProcessError(RuntimeError):
    """A fresh interpreter cannot be used. The next batch gets a new one."""


class FreshProcess:
    """An interpreter with a hash seed of its own, started when it is first needed. One batch at a time.

    Args:
        hash_seed: Its `PYTHONHASHSEED`.
    """

    def __init__(self, hash_seed: int) -> None:
        self._hash_seed = hash_seed
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def run(self, batch: Batch) -> Iterator[Reply]:
        """Run `batch`; yields each reply as it comes.

        Raises:
            FreshProcessError: The interpreter died, or says nothing.
        """
        with self._lock:
            connection = self._connected()
            connection.send(batch)
            while (reply := self._received(connection, batch.patience)) is not None:
                yield reply

    def close(self) -> None:
        """End the interpreter."""
        if self._connection:
            self._connection.close()
        if self._process:
            self._process.wait()

    def _received(self, connection: Connection, patience: float) -> Reply | None:
        try:
            if connection.poll(PATIENCES * patience):
                reply: Reply | None = connection.recv()
                return reply
        except EOFError:
            pass
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._connection = None
        raise FreshProcessError(f"a fresh interpreter died, or said nothing for {PATIENCES * patience:g} s")

    def _connected(self) -> Connection:
        if self._connection is None:
            mine, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603  # this interpreter, and a module of ours
                    [sys.executable, "-c", PROGRAM, str(theirs.fileno())],
                    env=os.environ | {"PYTHONHASHSEED": str(self._hash_seed), "PYTHONPATH": _path()},
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            self._connection = Connection(mine.detach())
        return self._connection


def _path() -> str:
    """What this process imports from."""
    return os.pathsep.join(folder or os.getcwd() for folder in sys.path)  # noqa: PTH109


@functools.cache
def fresh_processes() -> tuple[FreshProcess, ...]:
    """The interpreters of this process, in the order of `HASH_SEEDS`; they end with it."""
    processes = tuple(map(FreshProcess, HASH_SEEDS))
    for process in processes:
        atexit.register(_close, process)
    return processes


def _close(process: FreshProcess) -> None:
    with contextlib.suppress(OSError):
        process.close()


AVAILABLE = hasattr(os, "fork")
"""Whether executions can have a process each here."""
