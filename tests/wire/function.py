"""A deployed function: an artifact, a handler, an environment, and a process for each invocation."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

RUNTIME = Path(__file__).with_name("runtime.py")

LOG_TAIL_CHARS = 2_000
"""How much of a function's log an error message shows."""

PATIENCE_SECONDS = 30
"""How long a process may take to end that has been told to: it takes milliseconds, on an idle machine."""


@dataclass(frozen=True)
class Returned:
    """The handler returned."""

    output: Any


@dataclass(frozen=True)
class Raised:
    """The handler let an exception out; the error is as Lambda reports it."""

    error: Mapping[str, str]


@dataclass(frozen=True)
class Died:
    """The process ended without an answer: killed, or out of time."""

    why: str


type Outcome = Returned | Raised | Died


class FunctionDownError(RuntimeError):
    """The function's runtime does not run: most often its handler cannot be imported. The message ends with its log."""


def end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that has been told to end, and kill it if it does not."""
    try:
        process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Process:
    """One invocation's process, from its start until `run` returns.

    Attributes:
        pid: Its id.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rwb", buffering=0)
        self._lock = threading.Lock()
        self._over = False
        self.pid: int = json.loads(self._stream.readline())["pid"]

    def run(self, request: Mapping[str, Any], timeout: float) -> Outcome:
        """Run the handler.

        Args:
            request: `event`, `context` and `environment`, as the runtime takes them.
            timeout: In seconds; a process that takes longer is killed.
        """
        self._connection.settimeout(timeout)
        try:
            self._stream.write(json.dumps(request).encode() + b"\n")
            answer = self._stream.readline()
        except TimeoutError:
            self.kill()
            return Died(f"Task timed out after {timeout:.2f} seconds")
        except ConnectionError:
            answer = b""
        finally:
            with self._lock:
                self._over = True
            self._stream.close()
            self._connection.close()
        if not answer.endswith(b"\n"):
            return Died("Runtime exited with error: signal: killed")
        document = json.loads(answer)
        return Raised(document["error"]) if "error" in document else Returned(document["output"])

    def kill(self) -> bool:
        """SIGKILL, from any thread; returns whether the process was still there to be killed."""
        with self._lock:
            if self._over:
                return False
            self._over = True
            with contextlib.suppress(ProcessLookupError):  # it died by itself a moment ago
                os.kill(self.pid, signal.SIGKILL)
            return True


class Function:
    """Runs invocations of one handler, for as long as the `with` block lasts.

    Args:
        artifact: The folder that is deployed.
        handler: `module.function`.
        log: Where its standard output and error go.
        warm: AWS services whose clients' files boto3 has read before the first invocation.
    """

    def __init__(self, artifact: Path, handler: str, log: Path, warm: Sequence[str] = ()) -> None:
        self.handler = handler
        self._log = log
        self._lock = threading.Lock()
        self._processes: weakref.WeakSet[Process] = weakref.WeakSet()
        ours, theirs = socket.socketpair()
        self._control = ours
        with theirs, log.open("wb") as stderr:
            # -I and -S: no PYTHONPATH, no site-packages, no user folder, not even the runtime's own.
            self._runtime = subprocess.Popen(
                [sys.executable, "-I", "-S", RUNTIME, artifact, handler, *warm],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                env={"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": "/nonexistent", "TMPDIR": str(log.parent)},
                cwd="/",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> Process:
        """A new process, ready to run one invocation.

        Raises:
            FunctionDownError: The runtime does not run.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs, self._lock:
                socket.send_fds(self._control, [b"i"], [theirs.fileno()])
            process = Process(ours)
        except (OSError, ValueError) as error:  # it hung up, or said nothing
            ours.close()
            tail = self._log.read_text(errors="replace")[-LOG_TAIL_CHARS:]
            raise FunctionDownError(f"The function {self.handler} does not run. Its log ends with:\n{tail}") from error
        with self._lock:
            self._processes.add(process)
        return process

    def close(self) -> None:
        """Kill the invocations that still run, and end the runtime."""
        with self._lock:
            for process in self._processes:
                process.kill()
        self._control.close()
        end(self._runtime)
