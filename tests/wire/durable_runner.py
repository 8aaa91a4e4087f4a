"""The testing SDK's HTTP runner, `dex-local-runner`, as a process of its own: it keeps the executions' state."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import urllib3

from tests.stand_in import environment_for
from tests.wire.function import LOG_TAIL_CHARS, end

REGION = "us-east-1"

START_SECONDS = 30
"""Longest that it may take to serve: it takes 0.4 s on an idle machine."""


class DurableRunnerError(RuntimeError):
    """The runner did not start. The message ends with its log."""


class DurableRunner:
    """Serves the durable execution APIs, for as long as the `with` block lasts.

    Time is real: with `--skip-time` a retry may come due while its invocation is still ending, and testing SDK 1.4.0
    then cancels the wake-up that it has just begun; the execution waits for ever.

    Args:
        lambda_endpoint: Where it invokes handlers.
        log: Where its log goes.
    """

    def __init__(self, lambda_endpoint: str, log: Path) -> None:
        self.port = _free_port()
        self._log = log
        program = Path(sysconfig.get_path("scripts"), "dex-local-runner")
        options = ["--host", "127.0.0.1", "--port", str(self.port), "--lambda-endpoint", lambda_endpoint]
        options += ["--local-runner-region", REGION, "--log-level", "WARNING"]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("tether.py"), program, "start-server", *options],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=environment_for("http://127.0.0.1:9", {"PATH": os.defpath, "HOME": "/nonexistent"}),
            )

    def __enter__(self) -> Self:
        try:
            self._wait_until_it_serves()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        end(self._process)

    def _wait_until_it_serves(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        with urllib3.HTTPConnectionPool("127.0.0.1", self.port, retries=False, timeout=START_SECONDS) as pool:
            while True:
                try:
                    if pool.urlopen("GET", "/health").status == 200:
                        return
                except urllib3.exceptions.HTTPError as error:
                    if self._process.poll() is not None or time.monotonic() > deadline:
                        tail = self._log.read_text(errors="replace")[-LOG_TAIL_CHARS:]
                        raise DurableRunnerError(
                            f"dex-local-runner does not serve. Its log ends with:\n{tail}"
                        ) from error
                time.sleep(0.02)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
