"""The files that importing a handler has read, and whether they are still the same."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType

type Stamp = tuple[int, int] | None
"""When a file was changed last, in nanoseconds, and its size; None if there is none."""

type Stamps = Mapping[str, Stamp]
"""By the file's absolute path."""

UNCERTAIN: Stamp = (-1, -1)
"""Of a file that has changed while it may have been read. No file is like that later."""

_BYTECODE = ".pyc"  # as new as its source, which counts


def stamps(since: int, modules: Iterable[ModuleType], opened: Iterable[str]) -> Stamps:
    """Of the files of these modules, and of those opened, as they are now.

    `since` is when reading began, in nanoseconds of the machine's clock.
    """
    own = (getattr(module, "__file__", None) for module in modules)
    files = {*filter(None, own), *opened}
    found = {file: stamp(file) for file in files if not file.endswith(_BYTECODE)}
    return {file: UNCERTAIN if read and read[0] >= since else read for file, read in found.items()}


def modules_since(before: Iterable[str]) -> list[ModuleType]:
    """The modules that have been imported since those called `before` were."""
    known = frozenset(before)
    return [module for name, module in list(sys.modules.items()) if name not in known and module is not None]


def changed(stamps: Stamps) -> bool:
    """Whether one of the files is another one now."""
    return any(stamp(file) != read for file, read in stamps.items())


def stamp(file: str | Path) -> Stamp:
    """Of the file as it is now."""
    try:
        there = Path(file).stat()
    except (OSError, ValueError):
        return None
    # What is no regular file, such as a terminal, is written all the time, and says nothing new.
    return (there.st_mtime_ns, there.st_size) if stat.S_ISREG(there.st_mode) else None
