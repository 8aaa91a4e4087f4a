"""MiniStack, as a process on the loopback interface."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3

from tests.stand_in.environment import LOOPBACK
from tests.template.intrinsics import PSEUDO_PARAMETERS
from tests.wire.function import end

TETHER = Path(__file__).parents[1] / "wire" / "tether.py"
REGION = PSEUDO_PARAMETERS["AWS::Region"]
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "stranger", "AWS_SECRET_ACCESS_KEY": "stranger", "AWS_DEFAULT_REGION": REGION}
NOWHERE = "http://127.0.0.1:9"
"""Where a request to any other machine ends."""

_READY = "Running on http"
_LAST_LINES = 20


class MiniStackError(Exception):
    """It does not start. The message ends with what it said."""


class MiniStack:
    """An account of nobody's, empty, for as long as the `with` block lasts.

    Args:
        program: The installed program.
        folder: Where it keeps what it has to keep.
    """

    def __init__(self, program: Path, folder: Path) -> None:
        self._program, self._folder = program, folder
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        with socket.create_server((LOOPBACK, 0)) as free:
            self._port = free.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """What has AWS's tools talk to it, and to nothing else."""
        proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), NOWHERE)
        direct = dict.fromkeys(("NO_PROXY", "no_proxy"), LOOPBACK)
        return {"AWS_ENDPOINT_URL": self.url, **CREDENTIALS, **proxies, **direct}

    def client(self, service: str) -> Any:
        """A boto3 client of a service of it."""
        key, secret, region = CREDENTIALS.values()
        session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret, region_name=region)
        return session.client(service, endpoint_url=self.url)  # type: ignore[call-overload]  # of any service

    def __enter__(self) -> Self:
        kept = {"TMPDIR": str(self._folder), "HOME": str(self._folder), "PATH": os.defpath}
        self._process = subprocess.Popen(
            [sys.executable, TETHER, self._program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**kept, **self.environment, "BIND_HOST": LOOPBACK, "GATEWAY_PORT": str(self._port)},
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:  # it says when it is ready, or ends
            self._last.append(line.decode(errors="replace"))
            if _READY in self._last[-1]:
                self._drain = threading.Thread(target=self._read_on, daemon=True)
                self._drain.start()
                return self
        self._end()
        raise MiniStackError(f"MiniStack does not start. It said:\n{''.join(self._last)}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()  # ends it, by its tether
        self._drain.join()
        self._end()

    def _end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        end(self._process)
        self._process.stdout.close()

    def _read_on(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._last.append(line.decode(errors="replace"))
