"""The peer: installed from the lock file, and started as a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import urllib3

from tests.wire.function import LOG_TAIL_CHARS, end

FOLDER = Path(__file__).parent
BRIDGE = "bridge.cjs"
MANIFESTS = ("package.json", "package-lock.json")

VARIABLE = "SECOND_SERVICE"
"""Names the folder that the peer is installed in."""

OLDEST_NODE = 20
NO_NODE = f"there is no Node here, {OLDEST_NODE} or newer, with npm: the second service is written for it"


class PeerError(RuntimeError):
    """The peer cannot be installed, or does not run. The message ends with what it printed."""


def node() -> str | None:
    """The machine's Node, if there is one that is new enough, and npm beside it."""
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        return None
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    major = version.strip().removeprefix("v").partition(".")[0]
    return found if major.isdigit() and int(major) >= OLDEST_NODE else None


def install(folder: Path) -> None:
    """Install the peer in `folder`, at the versions and with the hashes of the lock file; at once if it is there.

    Raises:
        PeerError: npm cannot.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(FOLDER / BRIDGE, folder)
    if all(_same(FOLDER / name, folder / name) for name in MANIFESTS) and (folder / "installed").exists():
        return
    for name in MANIFESTS:
        shutil.copy(FOLDER / name, folder)
    # No package's own scripts run; a Node that is older than the peer asks for is warned of, and works.
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--engine-strict=false"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if made.returncode:
        raise PeerError(f"`{' '.join(command)}` failed:\n{made.stdout}{made.stderr}")
    (folder / "installed").touch()


def _same(ours: Path, theirs: Path) -> bool:
    return theirs.exists() and ours.read_bytes() == theirs.read_bytes()


class Peer:
    """The second service, for as long as the `with` block lasts. Safe from any number of threads.

    Args:
        folder: Where it is installed.
        log: Where its log goes.
    """

    def __init__(self, folder: Path, log: Path) -> None:
        self._log = log
        program = node()
        assert program is not None, NO_NODE
        with log.open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, FOLDER.parent / "wire" / "tether.py", program, folder / BRIDGE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={"PATH": os.defpath, "HOME": "/nonexistent"},
            )

    def __enter__(self) -> Self:
        assert self._process.stdout is not None
        url = self._process.stdout.readline().decode().strip()
        if not url:
            self.close()
            tail = self._log.read_text(errors="replace")[-LOG_TAIL_CHARS:]
            raise PeerError(f"The second service does not start. Its log ends with:\n{tail}")
        self._url = url
        self._pool = urllib3.PoolManager(retries=False, maxsize=64)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.clear()
        self.close()

    def close(self) -> None:
        """Stop it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        end(self._process)
        self._process.stdout.close()

    def run(self, driver: str, arn: str, event: Any, timeout: float) -> dict[str, Any]:
        """One execution, from its start to its end.

        Args:
            driver: Where it asks for what its service does not do: to invoke the handler, to answer a callback.
            arn: What the handler knows the execution by.
            event: Its input.
            timeout: In seconds, for all of it.

        Raises:
            PeerError: It did not end as executions do.
        """
        started = {"driver": driver, "arn": arn, "event": event}
        answer = self._pool.request("POST", self._url, json=started, timeout=timeout)
        if answer.status != 200:
            raise PeerError(f"The second service gave up: {answer.data.decode(errors='replace')}")
        document: dict[str, Any] = answer.json()
        return document
