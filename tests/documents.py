"""The documents of the repository, and the commands that they tell people to type."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from tests.cassette_scan import files_of
from tests.tooling import ROOT

DOCUMENTS = tuple(path.relative_to(ROOT).as_posix() for path in files_of(ROOT) if path.suffix == ".md")

_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_KEPT = re.compile(r"\w+=\$\((.*)\)")
_TO_FILE = re.compile(r" > \S+$")


@dataclass(frozen=True)
class Command:
    """A command of a `console` block.

    Attributes:
        document: The document's path in the repository.
        text: What is typed: one line, without a prompt, a comment, or what becomes of its output.
    """

    document: str
    text: str

    @property
    def words(self) -> tuple[str, ...]:
        """The command as a shell splits it."""
        return tuple(shlex.split(self.text))


def text_of(document: str) -> str:
    """A document, as it stands in the repository."""
    return (ROOT / document).read_text(encoding="utf-8")


def commands_in(text: str, document: str = "") -> tuple[Command, ...]:
    """The commands of the `console` blocks of a text in Markdown, in order."""
    lines = [line for block in _BLOCK.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    return tuple(Command(document, typed) for line in lines if (typed := _typed(line)))


def commands() -> tuple[Command, ...]:
    """The commands of every document."""
    return tuple(command for document in DOCUMENTS for command in commands_in(text_of(document), document))


def _typed(line: str) -> str:
    line = re.sub(r"\s+#\s.*$", "", line.removeprefix("$ ")).strip()
    kept = _KEPT.fullmatch(line)
    return re.sub(r"\s+", " ", _TO_FILE.sub("", kept[1] if kept else line)).strip()
