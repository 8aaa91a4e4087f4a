"""`durable-ai replay --against`: whether executions survive a deployment of this code or SDK, and its rollback."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import durable_conformance
from durable_conformance.commands import elsewhere
from durable_conformance.errors import CannotRunError, ExitCode

_OWN = ("durable_conformance", "aws_durable_execution_sdk_python_testing")
"""The packages that are the same on both sides: what replays, and the service that it simulates."""

_TRYING_SECONDS = 120.0
"""How long another interpreter may take to import the engine and make an execution, on however busy a machine."""


@dataclass(frozen=True)
class Interpreter:
    """A Python that can run this program.

    Attributes:
        command: What runs it, but for its arguments.
        sdk: The version of its durable SDK.
    """

    command: tuple[str, ...]
    sdk: str


@dataclass(frozen=True)
class Other:
    """What this code is compared with: other code, other packages, or both.

    Attributes:
        ref: What git knows its code by; empty for the code of this folder.
        folder: Where in it the folder stands that the command runs in.
        interpreter: Runs it.
    """

    ref: str
    folder: Path
    interpreter: Interpreter

    def replay(self, *arguments: str, width: int) -> tuple[int, str]:
        """Run `durable-ai replay` on its code, in a process of its own; the exit code, and what it printed."""
        ran = subprocess.run(  # noqa: S603  # this program itself
            [*self.interpreter.command, "replay", *arguments],
            cwd=self.folder,
            env={**os.environ, "COLUMNS": str(width), "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            encoding="utf-8",
            errors="replace",  # a handler may write what is no text
            check=False,
        )
        said = ran.stdout or ran.stderr
        if ran.returncode < 0:
            return ExitCode.CANNOT_RUN, f"{said}could not run: it was ended by signal {-ran.returncode} over there"
        if ran.returncode == ExitCode.FINDINGS and not ran.stdout:  # as Python has it, too, for what it raises
            return ExitCode.CANNOT_RUN, said or f"could not run: it ended with exit code {ran.returncode} over there"
        return ran.returncode, said


@contextmanager
def compared_with(ref: str, python: str, histories: Sequence[Path]) -> Iterator[Other]:
    """Another revision of the repository that the command runs in, another Python's packages, or both.

    Args:
        ref: The revision; empty for the code as it stands here.
        python: The interpreter; empty for this one.
        histories: What is to be replayed.

    Raises:
        CannotRunError: There is no repository, no such revision or no such interpreter, the engine does not run on the
            other SDK, or a history stands outside of this folder.
    """
    for path in histories:
        if path.is_absolute() or ".." in path.parts:
            raise CannotRunError(f"{path} is outside of this folder: another revision has its own only within it.")
    with tempfile.TemporaryDirectory(prefix="durable-ai-") as folder:
        code = _revision(ref, Path(folder) / "code") if ref else Path.cwd()
        yield Other(ref, code, _interpreter(python, Path(folder)) if python else _this_interpreter())


def installed_sdk() -> str:
    """The version of the durable SDK of this process."""
    return importlib.metadata.version(elsewhere.SDK)


def _this_interpreter() -> Interpreter:
    return Interpreter((sys.executable, "-m", "durable_conformance"), installed_sdk())


def _interpreter(python: str, folder: Path) -> Interpreter:
    """The interpreter `python`, which has been seen to run this program with what is made for it in `folder`."""
    path = shutil.which(python)
    if path is None:
        raise CannotRunError(f"--against-python: there is no interpreter {python} that can be run.")
    own = folder / "site-packages"  # frames of what lies in a folder of this name are a library's, not the user's
    own.mkdir()
    for name in _OWN:
        found = importlib.util.find_spec(name)
        assert found is not None
        assert found.origin is not None
        (own / name).symlink_to(Path(found.origin).parent)
    command = (os.path.abspath(path), elsewhere.__file__, str(own), sysconfig.get_path("purelib"))  # noqa: PTH100
    try:
        tried = subprocess.run(  # noqa: S603  # the interpreter that the user names
            command, capture_output=True, text=True, check=True, timeout=_TRYING_SECONDS
        )
        return Interpreter(command, json.loads(tried.stdout)["sdk"])
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip() or "it says nothing").splitlines()[-1]
    except subprocess.TimeoutExpired:
        said = f"an execution has not ended there after {_TRYING_SECONDS:g} seconds"
    except (OSError, ValueError, KeyError, TypeError):
        said = "it is no Python"
    raise CannotRunError(f"--against-python {python}: {said}.")


def _revision(ref: str, folder: Path) -> Path:
    """Take a revision from git into `folder`, without what is this program's own; where this folder stands in it."""
    top = Path(_git("rev-parse", "--show-toplevel").decode().strip())
    within = _git("rev-parse", "--show-prefix").decode().strip()
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").decode().strip()
    engine = Path(durable_conformance.__file__).parent
    # The program that replays is the same in both directions: where it is in the repository, the other is left out.
    without = [f":(exclude){engine.relative_to(top)}"] if engine.is_relative_to(top) else []
    packed = _git("-C", str(top), "archive", "--format=tar", commit, "--", ".", *without)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    inside = folder / within
    inside.mkdir(parents=True, exist_ok=True)
    return inside


def _git(*arguments: str) -> bytes:
    try:
        ran = subprocess.run(["git", *arguments], capture_output=True, check=False)  # noqa: S603, S607  # the user's own
    except FileNotFoundError as error:
        raise CannotRunError("--against needs git, which is not installed.") from error
    if ran.returncode:
        said = ran.stderr.decode(errors="replace").strip() or "it names no revision"
        raise CannotRunError(f"--against: git {arguments[0]} {arguments[-1]}: {said}.")
    return ran.stdout
