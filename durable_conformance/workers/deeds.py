"""What an audit event says is about to be done to the machine, as far as it outlives the invocation."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from durable_conformance.users_code import Place

_WRITING = os.O_WRONLY | os.O_RDWR
_UNNAMED = getattr(os, "O_TMPFILE", 0)
_NO_FILES = ("/dev/", "/proc/")
_MAX_COMMAND_CHARS = 60

_OF_THEIR_OWN = frozenset(
    {
        "aws_durable_execution_sdk_python",  # serializers may keep results in files
        "botocore",  # an AWS call is no mere connection
        "ctypes",
        "importlib",
        "logging",
        "platform",
        "tempfile",
        "uuid",
        "weakref",  # finalizers run on whichever line is at work
    }
)
"""Packages whose files and processes are no business of who calls them."""


@dataclass(frozen=True)
class Deed:
    """Something that is done to the machine, or to somebody beyond it."""

    verb: str  # what the code did, as `wrote`
    to: str  # the same in each run
    grave: bool  # beyond the machine's files
    file: str = ""  # the path, if it is one

    def is_of(self, place: Place) -> bool:
        """Whether the user's code has it done at `place`: a library's own caches are the library's."""
        if not place.durable or not _OF_THEIR_OWN.isdisjoint(place.through):
            return False
        parts = Path(self.file).parts if place.library else ()
        return not any(part.startswith(".") or "cache" in part.lower() for part in parts)


class Deeds:
    """Knows what events say. What is called by a random name is known to nobody else, and no deed."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._scratch: set[str] = set()
        self.read: Mapping[str, Any] = {
            "open": self._opened,
            "os.remove": lambda path, folder: self._gone("removed", path, folder),
            "os.rmdir": lambda path, folder: self._gone("removed", path, folder),
            "shutil.rmtree": lambda path, *_: self._gone("removed", path),
            "os.rename": lambda _, path, __, folder: self._file("moved a file to", path, folder),
            "os.truncate": lambda path, _: self._file("wrote", path),
            "os.mkdir": lambda path, _, folder: self._new("made the folder", path, folder),
            "os.link": lambda _, path, __, folder: self._new("made the link", path, folder),
            "os.symlink": lambda _, path, folder: self._new("made the link", path, folder),
            "sqlite3.connect": self._database,
            "subprocess.Popen": lambda _, arguments, *__: self._process(arguments),
            "os.posix_spawn": lambda _, arguments, __: self._process(arguments),
            "os.exec": lambda _, arguments, __: self._process(arguments),
            "os.system": self._process,
            "os.fork": lambda: Deed("started", "a fork of itself", grave=True),
            "os.forkpty": lambda: Deed("started", "a fork of itself", grave=True),
            "tempfile.mkstemp": self._drawn,
            "tempfile.mkdtemp": self._drawn,
        }
        """By event, what its arguments say: a `Deed`, or None."""

    def _opened(self, path: Any, _mode: object, flags: int) -> Deed | None:
        if not flags & _WRITING or flags & _UNNAMED == _UNNAMED != 0:
            return None
        return self._file("wrote", path)

    def _database(self, database: Any) -> Deed | None:
        """Whether it will be written is not known; but who only reads can say so."""
        name = os.fsdecode(database)
        if name in {"", ":memory:"} or any(one in name for one in ("mode=ro", "mode=memory", "immutable=1")):
            return None
        return self._file("opened the database", name.removeprefix("file:").partition("?")[0])

    def _gone(self, verb: str, path: Any, folder: int = -1) -> Deed | None:
        return self._file(verb, path, folder) if folder != -1 or os.path.lexists(path) else None

    def _new(self, verb: str, path: Any, folder: int = -1) -> Deed | None:
        return None if folder == -1 and os.path.lexists(path) else self._file(verb, path, folder)

    def _file(self, verb: str, path: Any, folder: int = -1) -> Deed | None:
        """None for a file in an open folder, too: whoever goes through a tree has said which."""
        if isinstance(path, int) or folder != -1:
            return None
        file = os.fsdecode(path)
        with contextlib.suppress(OSError):  # the working folder may be gone
            file = os.path.abspath(file)  # noqa: PTH100  # text, and no `Path` for each
        scratch = any(file == one or file.startswith(one + os.sep) for one in self._scratch)
        if scratch or file.startswith(_NO_FILES):
            return None
        return Deed(verb, self._shown(file), grave=False, file=file)

    def _process(self, arguments: Any) -> Deed:
        words = [arguments] if isinstance(arguments, str | bytes | os.PathLike) else list(arguments)
        command = " ".join(os.fsdecode(word) for word in words)
        return Deed("started", f"`{self._without_temporary(command)[:_MAX_COMMAND_CHARS]}`", grave=True)

    def _drawn(self, path: Any) -> None:
        self._scratch.add(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100

    def _shown(self, file: str) -> str:
        path = Path(file)
        return str(path.relative_to(self._home)) if path.is_relative_to(self._home) else self._without_temporary(file)

    def _without_temporary(self, text: str) -> str:
        """The temporary folder is another one in each sandbox."""
        return text.replace(tempfile.tempdir, "$TMPDIR") if isinstance(tempfile.tempdir, str) else text
