"""Imports what a reference names, as the user's own process would: nothing of ours hides what stands beside it."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import itertools
import sys
import traceback
import zlib
from pathlib import Path
from types import ModuleType

from durable_conformance.errors import CannotRunError
from durable_conformance.subject.bytecode import SourceLoader, read_what_files_say
from durable_conformance.subject.raising import raised


def import_module(name: str, file: Path | None = None) -> ModuleType:
    """The module called `name`; if `file` says where it was found before, nothing else is taken for it.

    Raises:
        CannotRunError: Importing it fails.
    """
    with _failures_of(name):
        read_what_files_say()
        if file is None or _origin(name) == file:
            return importlib.import_module(name)
        return _loaded(name, file)


def import_file(file: Path) -> ModuleType:
    """The module in `file`.

    What stands beside the file can be imported by it. A file with relative imports is a module of the package that its
    folders make, however many of them its imports climb.

    Raises:
        CannotRunError: Importing it fails.
    """
    path = file.resolve()
    with _failures_of(str(file)):
        read_what_files_say()
        climbs = _climbs(path)
        first_on_path(path.parent)
        if not climbs:
            return _loaded(path.stem, path)
        packages = itertools.takewhile(lambda folder: (folder / "__init__.py").is_file(), path.parents)
        root = path.parents[max(climbs, len(list(packages)))]
        first_on_path(root)
        return importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts))


class _failures_of:  # noqa: N801  # a context manager that reads as a phrase
    """Whatever a user's module does when it is imported is said of `place`."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if error is None or isinstance(error, CannotRunError | KeyboardInterrupt):
            return
        told = raised(error)
        advice = f" {told.advice[:1].upper()}{told.advice[1:]}." if told.advice else ""
        line = f" ({told.line})" if told.line else ""
        why = f"{self._place} cannot be imported: {told.error}{line}.{advice}"
        raise CannotRunError(why, users_traceback(error)) from error


def users_traceback(error: BaseException) -> str:
    """The traceback of `error`, without the frames of this package and of the import system."""
    ours = str(Path(__file__).parents[1])
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((ours, "<frozen importlib"))
    ]
    head = ["Traceback (most recent call last):\n"] if frames else []
    return "".join([*head, *traceback.format_list(frames), *traceback.format_exception_only(error)])


def _origin(name: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin).resolve() if spec and spec.origin else None


def _loaded(name: str, file: Path) -> ModuleType:
    """The module in `file`, under `name` if nothing else bears it: two files of one name do not replace each other."""
    there = sys.modules.get(name)
    if there is not None and getattr(there, "__file__", None) == str(file):
        return there
    if there is not None or name in sys.stdlib_module_names:
        name = f"{name}_{zlib.crc32(str(file).encode()):08x}"
    spec = importlib.util.spec_from_file_location(name, file, loader=SourceLoader(name, str(file)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pydantic look their modules up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _climbs(file: Path) -> int:
    """How many folders up the relative imports of `file` reach; 0 if it has none."""
    tree = ast.parse(file.read_bytes(), str(file))
    return max((node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)), default=0)


def first_on_path(folder: Path) -> None:
    """Have modules be imported from `folder` before any other."""
    if str(folder) in sys.path:
        sys.path.remove(str(folder))
    sys.path.insert(0, str(folder))
