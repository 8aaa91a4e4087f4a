"""The command that makes the run of a finding again, as a shell takes it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from durable_conformance.rules import Finding


def command(words: Iterable[str]) -> str:
    """`words` as they can be pasted into a shell, on one line."""
    return " ".join(map(_quoted, words))


def command_again(again: str, finding: Finding) -> str:
    """The command `again` for the case of `finding`; empty if there is none."""
    return f"{again} {command(('--case', finding.case))}" if again and finding.case else ""


def _quoted(word: str) -> str:
    if word.isprintable():
        return shlex.quote(word)
    escaped = (one if one.isprintable() and one not in "\\'" else _escaped(one) for one in word)
    return f"$'{''.join(escaped)}'"


def _escaped(character: str) -> str:
    return f"\\{character}" if character in "\\'" else f"\\U{ord(character):08x}"
