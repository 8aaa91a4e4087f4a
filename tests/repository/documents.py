"""The documents of the repository, and the commands that they tell people to type."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from tests.repository.files import ROOT, files_of

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


def blocks(text: str, language: str = "") -> tuple[str, ...]:
    """The fenced blocks of a text in Markdown that are in a language, in order."""
    every = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return tuple(block for its, block in every if its == language)


@dataclass(frozen=True)
class Change:
    """A change that a document tells people to make: a `diff` block without places.

    Attributes:
        before: The lines that go.
        after: The lines that come in their place.
    """

    before: str
    after: str

    def applied(self, text: str) -> str:
        """A text with the change made.

        Raises:
            AssertionError: The lines that go stand there not at all, or more than once.
        """
        assert text.count(self.before) == 1, f"the text does not have {self.before!r} once"
        return text.replace(self.before, self.after)


def changes(text: str) -> tuple[Change, ...]:
    """The changes that a text in Markdown tells people to make, in order."""
    return tuple(
        Change(*("".join(re.findall(rf"^{re.escape(sign)}(.*\n)", block, re.MULTILINE)) for sign in "-+"))
        for block in blocks(text, "diff")
    )


def commands() -> tuple[Command, ...]:
    """The commands of every document."""
    return tuple(command for document in DOCUMENTS for command in commands_in(text_of(document), document))


def _typed(line: str) -> str:
    line = re.sub(r"\s+#\s.*$", "", line.removeprefix("$ ")).strip()
    kept = _KEPT.fullmatch(line)
    return re.sub(r"\s+", " ", _TO_FILE.sub("", kept[1] if kept else line)).strip()
