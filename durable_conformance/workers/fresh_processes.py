"""Fresh interpreters, one for each hash seed, in which executions run as in Lambda's other sandboxes."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import subprocess
import threading
from collections.abc import Iterator

from durable_conformance.workers.batch import Batch, Reply
from durable_conformance.workers.interpreter import Interpreter

HASH_SEEDS = (1, 2, 3, 4, 5)
"""`PYTHONHASHSEED` of each interpreter: the order of a set of strings differs between them.

Each seed tosses a coin for a set of two: of such sets, one in sixteen has the same order in all five. An interpreter
takes half a second of a core to start, once in a process that explores, however much it explores.
"""

SILENCE_SECONDS = 300.0
PATIENCES = 2
"""How long an interpreter may say nothing: it may take a while to start, and ends each execution in time by itself."""

PARTING_SECONDS = 5.0
"""How long an interpreter may take to end what it runs."""

AVAILABLE = hasattr(os, "fork")
"""Whether executions can have a process each here."""


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
        self._interpreter: Interpreter | None = None

    def run(self, batch: Batch) -> Iterator[Reply]:
        """Run `batch`; yields each reply as it comes.

        Raises:
            FreshProcessError: The interpreter died, or says nothing.
        """
        with self._lock:
            if self._interpreter is None:
                self._interpreter = Interpreter.start("durable_conformance.workers.sandbox", self._hash_seed)
            self._interpreter.send(batch)
            while (reply := self._received(self._interpreter, batch.patience)) is not None:
                yield reply

    def close(self) -> None:
        """End the interpreter: it ends what it runs when the connection closes, and by itself."""
        if self._interpreter:
            self._interpreter.connection.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._interpreter.process.wait(PARTING_SECONDS)
            self._interpreter.kill()
            self._interpreter = None

    def _received(self, interpreter: Interpreter, patience: float) -> Reply | None:
        silence = max(SILENCE_SECONDS, PATIENCES * patience)
        try:
            if interpreter.connection.poll(silence):
                reply: Reply | None = interpreter.connection.recv()
                return reply
        except (EOFError, ConnectionError):
            pass
        self.close()
        raise FreshProcessError(f"a fresh interpreter died, or said nothing for {silence:g} s")


@functools.cache
def fresh_processes() -> tuple[FreshProcess, ...]:
    """The interpreters of this process, in the order of `HASH_SEEDS`; they end with it."""
    processes = tuple(map(FreshProcess, HASH_SEEDS))
    for process in processes:
        atexit.register(process.close)
    return processes
