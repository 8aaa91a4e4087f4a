"""Reads source anew where the bytecode beside it may be of what the file held before.

Bytecode bears the second in which its source was changed, and its size (PEP 552). A file that is saved twice in a
second with as many letters, as by an editor and its formatter, has bytecode that looks like its own and is not: what
would be checked is not what the file says. Bytecode that is two seconds younger than its source is of it.
"""

from __future__ import annotations

import os
import sys
from importlib import machinery
from importlib.abc import PathEntryFinder

from durable_conformance.users_code import is_users

_SECONDS = 2
"""One for the second in which the file was saved, and one for the time that compiling takes."""


class SourceLoader(machinery.SourceFileLoader):
    """Imports a file as Python does, from bytecode only if that is of what the file holds now."""

    def get_data(self, path: str) -> bytes:
        """What `path` holds.

        Raises:
            OSError: It cannot be read, or is bytecode that may be of another source: the file is compiled then.
        """
        if path.endswith(tuple(machinery.BYTECODE_SUFFIXES)):
            written, changed = (int(self.path_stats(file)["mtime"]) for file in (path, self.path))
            if 0 <= written - changed < _SECONDS:
                why = f"{path} may be of another source"
                raise OSError(why)
        return super().get_data(path)


_finder = machinery.FileFinder.path_hook(
    (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES),
    (SourceLoader, machinery.SOURCE_SUFFIXES),
    (machinery.SourcelessFileLoader, machinery.BYTECODE_SUFFIXES),
)


def read_what_files_say() -> None:
    """Have projects' modules be imported by `SourceLoader` from now on. What is installed is imported as before."""
    if _hook in sys.path_hooks:
        return
    sys.path_hooks.insert(0, _hook)
    for folder in [folder for folder in sys.path_importer_cache if _is_projects(folder)]:
        del sys.path_importer_cache[folder]


def _hook(folder: str) -> PathEntryFinder:
    if not _is_projects(folder):
        why = f"{folder} holds what is installed"
        raise ImportError(why)
    return _finder(folder)


def _is_projects(folder: str) -> bool:
    return is_users(f"{folder}{os.sep}")
