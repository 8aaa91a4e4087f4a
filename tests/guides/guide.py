"""A list of CONTRIBUTING.md, and a copy of the repository to follow it in."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.repository import ROOT, files_of, text_of

_PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "python": (),
    "pytest": ("-m", "pytest"),
    "durable-ai": ("-m", "durable_conformance"),
}
"""How each program of the lists is run, as a module: Python finds the copy's packages before the installed ones."""


@dataclass(frozen=True)
class Step:
    """A step of a list: its number, and the commands that show it done."""

    number: int
    commands: tuple[str, ...]


def steps(heading: str) -> tuple[Step, ...]:
    """The steps of the list under a heading of CONTRIBUTING.md."""
    section = text_of("CONTRIBUTING.md").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    items = re.findall(r"^(\d+)\. (.*\n(?: {3}.*\n)*)", section, re.MULTILINE)
    programs = "|".join(_PROGRAMS)
    return tuple(Step(int(number), tuple(re.findall(rf"`((?:{programs}) [^`]+)`", text))) for number, text in items)


@dataclass(frozen=True)
class Copy:
    """A copy of the repository, and the name that its new part has."""

    folder: Path
    name: str

    @classmethod
    def made(cls, folder: Path, name: str) -> Copy:
        """Copy what is in the repository, or would be added to it, to a folder that is there."""
        for path in files_of(ROOT):
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        return cls(folder, name)

    def write(self, path: str, text: str) -> None:
        """Write a new file."""
        assert not (self.folder / path).exists(), path
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text.lstrip("\n"), encoding="utf-8")

    def insert(self, path: str, before: str, text: str) -> None:
        """Insert a text before the first place at which another stands."""
        old = (self.folder / path).read_text(encoding="utf-8")
        assert before in old, f"{path} no longer says {before!r}: say here where the text belongs"
        (self.folder / path).write_text(old.replace(before, text + before, 1), encoding="utf-8")

    def put_right(self, path: str, pattern: str, line: str) -> None:
        """Replace the one line of a text that a pattern matches."""
        old = (self.folder / path).read_text(encoding="utf-8")
        new, places = re.subn(pattern, line, old, flags=re.MULTILINE)
        assert places == 1, f"{pattern!r} matches {places} lines of {path}"
        (self.folder / path).write_text(new, encoding="utf-8")

    def append(self, path: str, text: str) -> None:
        """Add a text to the end of a file."""
        with (self.folder / path).open("a", encoding="utf-8") as file:
            file.write(text)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Type a command of a list."""
        program, *arguments = shlex.split(command.replace("NAME", self.name))
        before, *after = " ".join([sys.executable, *_PROGRAMS[program]]).split(), *arguments
        if "--" in after:  # a command that a command runs
            cut = after.index("--") + 1
            after = [*after[:cut], sys.executable, *_PROGRAMS[after[cut]], *after[cut + 1 :]]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "COLUMNS": "200"}
        return subprocess.run(
            [*before, *after], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )


def follow(heading: str, copy: Copy, done: Mapping[int, Callable[[Copy], None]]) -> None:
    """Follow a list: before each step its last command fails, and after it all of them pass.

    Args:
        heading: The list's heading in CONTRIBUTING.md.
        copy: Where to follow it.
        done: What a person writes for each step, by its number.
    """
    assert [step.number for step in steps(heading)] == sorted(done), "the list has other steps than are followed here"
    for step in steps(heading):
        assert step.commands, f"{heading}, step {step.number}: no command shows it done"
        before = copy.run(step.commands[-1])
        assert before.returncode != 0, f"passes before step {step.number}: {step.commands[-1]}\n{before.stdout}"
        done[step.number](copy)
        for command in step.commands:
            after = copy.run(command)
            assert after.returncode == 0, f"step {step.number}: {command}\n{after.stdout}\n{after.stderr}"
