"""Two texts and where they differ, in pieces that a template marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

CONTEXT_LINES = 2
"""Lines shown before and after a difference."""

_WORDS = re.compile(r"\\.|\w+|\s+|[^\w\s]")  # an escape in JSON text is a word of its own
_ALIKE = 0.3
"""Below this, two texts have nothing to do with each other: marking their common words would only confuse."""


class Kind(StrEnum):
    """What a piece is."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Piece:
    """Part of a text."""

    kind: Kind
    text: str  # empty for a skipped one
    lines: int = 0  # how many a skipped one stands for


def by_words(expected: str, actual: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts, each with what the other does not have marked; unmarked if they have nothing in common."""
    pieces = tuple(_words(expected, actual))
    if not any(piece.kind is Kind.SAME for piece in pieces):
        return (Piece(Kind.SAME, expected),), (Piece(Kind.SAME, actual),)
    theirs = tuple(piece for piece in pieces if piece.kind is not Kind.ADDED)
    mine = tuple(piece for piece in pieces if piece.kind is not Kind.REMOVED)
    return theirs, mine


def by_lines(expected: str, actual: str) -> tuple[Piece, ...]:
    """One text out of two: lines that both have, cut where they go on for long, and marked words where they differ."""
    theirs, mine = expected.splitlines(keepends=True), actual.splitlines(keepends=True)
    return tuple(_lines(theirs, mine))


def _lines(theirs: Sequence[str], mine: Sequence[str]) -> Iterator[Piece]:
    opcodes = SequenceMatcher(None, theirs, mine, autojunk=False).get_opcodes()
    for number, (what, a, b, c, d) in enumerate(opcodes):
        if what == "equal":
            yield from _abridged(theirs[a:b], first=number == 0, last=number == len(opcodes) - 1)
        else:
            yield from _words("".join(theirs[a:b]), "".join(mine[c:d]))


def _abridged(lines: Sequence[str], *, first: bool, last: bool) -> Iterator[Piece]:
    """Lines that both texts have: those next to a difference, and how many there are besides."""
    before = 0 if first else CONTEXT_LINES
    after = 0 if last else CONTEXT_LINES
    left_out = len(lines) - before - after
    if left_out <= 1:
        yield Piece(Kind.SAME, "".join(lines))
        return
    if before:
        yield Piece(Kind.SAME, "".join(lines[:before]))
    yield Piece(Kind.SKIPPED, "", left_out)
    if after:
        yield Piece(Kind.SAME, "".join(lines[-after:]))


def _words(expected: str, actual: str) -> Iterator[Piece]:
    theirs, mine = _WORDS.findall(expected), _WORDS.findall(actual)
    start = _alike(theirs, mine)
    end = _alike(theirs[start:][::-1], mine[start:][::-1])
    yield from _same(theirs[:start])
    yield from _between(theirs[start : len(theirs) - end], mine[start : len(mine) - end])
    yield from _same(theirs[len(theirs) - end :])


def _between(theirs: Sequence[str], mine: Sequence[str]) -> Iterator[Piece]:
    matcher = SequenceMatcher(None, theirs, mine, autojunk=False)
    if matcher.quick_ratio() < _ALIKE:
        yield from _changed("".join(theirs), "".join(mine))
        return
    blocks = [block for block in matcher.get_matching_blocks() if _words_in(theirs[block.a : block.a + block.size])]
    alike = sum(_words_in(theirs[block.a : block.a + block.size]) for block in blocks)
    if 2 * alike < _ALIKE * (_words_in(theirs) + _words_in(mine)):
        yield from _changed("".join(theirs), "".join(mine))
        return
    a = b = 0
    for block in blocks:  # spaces alone that both have, between words that differ, are part of the difference
        yield from _changed("".join(theirs[a : block.a]), "".join(mine[b : block.b]))
        yield from _same(theirs[block.a : block.a + block.size])
        a, b = block.a + block.size, block.b + block.size
    yield from _changed("".join(theirs[a:]), "".join(mine[b:]))


def _words_in(pieces: Sequence[str]) -> int:
    """How many of them are more than spaces."""
    return sum(not piece.isspace() for piece in pieces)


def _alike(theirs: Sequence[str], mine: Sequence[str]) -> int:
    """How many words are the same at the beginning."""
    pairs = zip(theirs, mine, strict=False)
    return next((n for n, (one, other) in enumerate(pairs) if one != other), min(len(theirs), len(mine)))


def _same(words: Sequence[str]) -> Iterator[Piece]:
    if words:
        yield Piece(Kind.SAME, "".join(words))


def _changed(removed: str, added: str) -> Iterator[Piece]:
    if removed:
        yield Piece(Kind.REMOVED, removed)
    if added:
        yield Piece(Kind.ADDED, added)
