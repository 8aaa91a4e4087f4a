"""The lines of people's code that a finding is about, as far as they can be read."""

from __future__ import annotations

import tokenize
from dataclasses import dataclass
from pathlib import Path

from durable_conformance.reporting.checked import located

CONTEXT_LINES = 3
"""Shown before and after the line."""

MAX_BYTES = 2_000_000
"""More than any file that a person writes."""

MAX_CHARS = 240


@dataclass(frozen=True)
class Line:
    """One line of a file."""

    number: int
    text: str  # on one line, without what a browser would take for a direction or a command
    marked: bool  # it is the one that is meant


@dataclass(frozen=True)
class Excerpt:
    """A line, and those around it."""

    place: str  # as `app.py:31`
    meant: str  # the line
    around: tuple[Line, ...]  # with it; empty if there is no other


def excerpt(place: str, handler: Path) -> Excerpt | None:
    """What stands at `place`, as findings name it; None if that cannot be read, or is no line of a file.

    Only Python files are read that stand below the folder that people are in, or that of `handler`.
    """
    location = located(place, handler)
    if location.number is None:
        return None
    lines = _lines(location.file, (Path.cwd(), handler.parent))
    if not 0 < location.number <= len(lines):
        return None
    first = max(0, location.number - 1 - CONTEXT_LINES)
    chosen = lines[first : location.number + CONTEXT_LINES]
    indent = min((len(one) - len(one.lstrip()) for one in chosen if one.strip()), default=0)
    around = [Line(n, _shown(one[indent:]), n == location.number) for n, one in enumerate(chosen, first + 1)]
    while around and not around[0].text:
        del around[0]
    while around and not around[-1].text:
        del around[-1]
    meant = _shown(lines[location.number - 1].strip())
    return Excerpt(place, meant, tuple(around) if around[1:] else ()) if meant else None


def _lines(file: Path, folders: tuple[Path, ...]) -> list[str]:
    try:
        real = file.resolve()
        inside = any(real.is_relative_to(folder.resolve()) for folder in folders)
        # What is no regular file could be read for ever.
        if not inside or real.suffix != ".py" or not real.is_file() or real.stat().st_size > MAX_BYTES:
            return []
        with tokenize.open(real) as source:
            return [line.expandtabs(4).rstrip() for line in source]
    except (OSError, SyntaxError, ValueError):  # gone since, not ours to read, or in no encoding
        return []


def _shown(line: str) -> str:
    cut = line if len(line) <= MAX_CHARS else f"{line[:MAX_CHARS]}…"
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in cut)
