"""`durable-ai replay --against REF`: whether executions survive a deployment of this code, and its rollback."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import durable_conformance
from durable_conformance.errors import CannotRunError


@dataclass(frozen=True)
class Revision:
    """Another revision of the code, in a folder of its own.

    Attributes:
        ref: What git knows it by.
        folder: Where in it the folder stands that the command runs in.
    """

    ref: str
    folder: Path

    def replay(self, histories: Sequence[Path], patience: float, width: int) -> tuple[int, str]:
        """Replay histories of this folder on its code, in a process of its own; the exit code, and what it printed.

        Its own histories of these names are gone afterwards.
        """
        for path in histories:
            _copied(path, self.folder / path)
        ran = subprocess.run(  # noqa: S603  # this program itself
            [sys.executable, "-m", "durable_conformance", "replay", "--patience", str(patience), *map(str, histories)],
            cwd=self.folder,
            env={**os.environ, "COLUMNS": str(width)},
            capture_output=True,
            text=True,
            check=False,
        )
        return ran.returncode, ran.stdout or ran.stderr


@contextmanager
def revision(ref: str, histories: Sequence[Path]) -> Iterator[Revision]:
    """Another revision of the repository that the command runs in, without what is this program's own.

    Raises:
        CannotRunError: There is no repository or no such revision, or a history stands outside of this folder.
    """
    for path in histories:
        if path.is_absolute() or ".." in path.parts:
            raise CannotRunError(f"{path} is outside of this folder: another revision has its own only within it.")
    top = Path(_git("rev-parse", "--show-toplevel").decode().strip())
    within = _git("rev-parse", "--show-prefix").decode().strip()
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").decode().strip()
    engine = Path(durable_conformance.__file__).parent
    # The program that replays is the same in both directions: where it is in the repository, the other is left out.
    without = [f":(exclude){engine.relative_to(top)}"] if engine.is_relative_to(top) else []
    packed = _git("-C", str(top), "archive", "--format=tar", commit, "--", ".", *without)
    with tempfile.TemporaryDirectory(prefix="durable-ai-") as folder:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(folder, filter="data")
        inside = Path(folder) / within
        inside.mkdir(parents=True, exist_ok=True)
        yield Revision(ref, inside)


def _git(*arguments: str) -> bytes:
    try:
        ran = subprocess.run(["git", *arguments], capture_output=True, check=False)  # noqa: S603, S607  # the user's own
    except FileNotFoundError as error:
        raise CannotRunError("--against needs git, which is not installed.") from error
    if ran.returncode:
        said = ran.stderr.decode(errors="replace").strip() or "it names no revision"
        raise CannotRunError(f"--against: git {arguments[0]} {arguments[-1]}: {said}.")
    return ran.stdout


def _copied(path: Path, to: Path) -> None:
    if to.is_dir():
        shutil.rmtree(to)
    to.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, to)
    else:
        shutil.copy2(path, to)
