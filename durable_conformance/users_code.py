"""Whose code runs: the user's, a library's, or the engine's own."""

from __future__ import annotations

import functools
import itertools
import linecache
import os
import re
import sys
import sysconfig
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType

_ENGINE = str(Path(__file__).parent) + os.sep
_PATHS = [folder for name, folder in sysconfig.get_paths().items() if name.endswith("lib")]
_LIBRARIES = tuple(folder + os.sep for folder in {*_PATHS, *map(os.path.realpath, _PATHS)})
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_SDK = "aws_durable_execution_sdk_python"


_LITERAL = re.compile(r"""["']([^"'{}]{3,})(?=["'{])""")
"""A text in code, or what one that is formatted begins with."""


@dataclass(frozen=True)
class Place:
    """Where code of the user's has something done."""

    file: str = ""  # empty where no code of the user's is at work
    number: int = 0  # of the line
    through: tuple[str, ...] = ()  # the packages between that line and what is done, the innermost first
    durable: bool = False  # the SDK has called it, on this thread
    expression: str = ""  # what it evaluates, as its source has it

    def line(self, home: Path) -> str:
        """As people find it: from the folder they are in, or by the file's name; empty if there is none."""
        return f"{_shown(self.file, home)}:{self.number}" if self.file else ""

    @property
    def library(self) -> str:
        """The library that does it, if any does; the standard library is none."""
        return next((package for package in self.through if package not in sys.stdlib_module_names), "")


@functools.cache
def _shown(file: str, home: Path) -> str:
    path = Path(file)
    return str(path.relative_to(home)) if path.is_relative_to(home) else path.name


def place_of(frame: FrameType | None, transparent: str = "") -> Place:
    """Where the user's code is in the stack that ends with `frame`; frames of files `transparent…` do not count."""
    through: list[str] = []
    while frame:
        file = frame.f_code.co_filename
        if not transparent or not file.startswith(transparent):
            if file.startswith(_ENGINE):
                break  # what it does is nobody else's
            if is_users(file):
                return Place(file, frame.f_lineno, tuple(through), _from_sdk(frame), expression(frame))
            through.append(_package(frame))
        frame = frame.f_back
    return Place(through=tuple(through))


def calling_place() -> Place:
    """Where the user's code is that this thread runs, which has called the engine by way of libraries."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # documented
    while frame and frame.f_code.co_filename.startswith(_ENGINE):
        frame = frame.f_back
    return place_of(frame)


def _users_frames() -> Iterator[FrameType]:
    """Those of the user's that this thread runs, the innermost first, up to where the SDK has called them."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # documented
    found = False
    while frame and not (found and _package(frame) == _SDK):
        if is_users(frame.f_code.co_filename):
            found = True
            yield frame
        frame = frame.f_back


def naming_place(name: str | None) -> Place:
    """Where the user's code calls an operation of that name: it is the place that has the name, not a helper's."""
    frames = list(_users_frames())
    named = (one for one in frames if name and any(map(name.startswith, _LITERAL.findall(expression(one)))))
    own = (one for one in frames if name is None or not _is_given(one, name))
    chosen = next(itertools.chain(named, own, frames[-1:]), None)
    return Place(chosen.f_code.co_filename, chosen.f_lineno) if chosen else Place()


def _is_given(frame: FrameType, name: str) -> bool:
    code = frame.f_code
    names = (*code.co_varnames[: code.co_argcount + code.co_kwonlyargcount], *code.co_freevars)
    given = (frame.f_locals.get(one) for one in names)
    return any(isinstance(one, str) and one and name.startswith(one) for one in given)


def protectable_place() -> Place:
    """Where the user's code could put what it does now into a step: the innermost function with a durable context."""
    last = Place()
    for frame in _users_frames():
        last = Place(frame.f_code.co_filename, frame.f_lineno, expression=expression(frame))
        if any(_is_context(one) for one in frame.f_locals.values()):
            break
    return last


def _is_context(value: object) -> bool:
    kind = type(value)
    return kind.__module__.startswith(_SDK) and kind.__name__.endswith("Context")


def waiting_place() -> Place:
    """Where the handler waits for another thread of its to do something; nowhere if several of its threads run."""
    here = threading.get_ident()
    frames = sys._current_frames().items()  # noqa: SLF001  # documented
    # The world's functions stand in for the library's: what has called them waits.
    others = [place_of(frame, _ENGINE) for thread, frame in frames if thread != here]
    waiting = [place for place in others if place.durable]
    return waiting[0] if len(waiting) == 1 else Place()


def _from_sdk(frame: FrameType | None) -> bool:
    while frame:
        if _package(frame) == _SDK:
            return True
        frame = frame.f_back
    return False


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def expression(frame: FrameType) -> str:
    """What `frame` evaluates now, as its source has it, on one line; empty if there is no source."""
    return _expression(frame.f_code, frame.f_lasti)


@functools.cache
def _expression(code: CodeType, instruction: int) -> str:
    first, last, begin, end = next(itertools.islice(code.co_positions(), instruction // 2, None))
    if first is None or last is None or begin is None or end is None:
        return ""
    lines = [linecache.getline(code.co_filename, number).encode() for number in range(first, last + 1)]
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][begin:]
    return " ".join(b" ".join(lines).decode(errors="replace").split())


@functools.cache
def is_users(file: str) -> bool:
    """Whether a file holds code of the user's: it is neither a library's, nor the engine's."""
    return not file.startswith(("<", _ENGINE, *_LIBRARIES)) and not any(one in file for one in _INSTALLED)
