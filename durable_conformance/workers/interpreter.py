"""Another Python interpreter, running a function of ours, with a connection to it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any


class NoMoreError(RuntimeError):
    """A child process sends nothing any more, and had not said that it was done; the message says why."""


@dataclass(frozen=True)
class Interpreter:
    """A child process that serves a connection.

    Attributes:
        process: The process.
        connection: The connection to it; what is sent is pickled.
    """

    process: subprocess.Popen[bytes]
    connection: Connection

    @classmethod
    def start(cls, module: str, hash_seed: int) -> Interpreter:
        """Start an interpreter that runs `main` of `module`, which serves `connection_to_parent()`.

        What the code in it prints goes nowhere: it may run thousands of times.

        Args:
            module: A module that this process can import.
            hash_seed: Its `PYTHONHASHSEED`, which decides the order of a set of strings.
        """
        mine, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603  # this interpreter, and a module of ours
                # Not `-m`: what is sent over the connection must know its module by its name.
                [sys.executable, "-c", f"from {module} import main; main()", str(theirs.fileno())],
                env=os.environ | {"PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": _path()},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        return cls(process, Connection(mine.detach()))

    def send(self, message: object) -> None:
        """Send it something. That it has ended is told when something is received from it."""
        with contextlib.suppress(ConnectionError):
            self.connection.send(message)

    def received(self, silence: float) -> Any:
        """The next thing that it sends.

        Args:
            silence: Seconds that it may say nothing.

        Raises:
            NoMoreError: It has ended, or says nothing.
        """
        try:
            if self.connection.poll(silence):
                return self.connection.recv()
        except (EOFError, ConnectionError) as error:
            raise NoMoreError(f"the handler ended the process with exit code {self.process.wait()}") from error
        raise NoMoreError(f"the process said nothing for {silence:g} s")

    def kill(self) -> int:
        """End it, whatever it does; returns its exit code, negative for the signal that ended it."""
        self.process.kill()
        self.connection.close()
        return self.process.wait()


def connection_to_parent() -> Connection:
    """In the child: its end of the connection."""
    return Connection(int(sys.argv[1]))


def _path() -> str:
    """What this process imports from."""
    return os.pathsep.join(folder or os.getcwd() for folder in sys.path)  # noqa: PTH109
