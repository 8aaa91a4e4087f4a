"""The command line, run in this process as a person runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from durable_conformance.commands import main


@dataclass(frozen=True)
class Output:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


type DurableAi = Callable[..., Output]


def command_line(capsys: pytest.CaptureFixture[str]) -> DurableAi:
    """Runs `durable-ai` with the arguments it is given."""

    def run(*arguments: str) -> Output:
        with pytest.raises(SystemExit) as exit_:
            main(arguments)
        captured = capsys.readouterr()
        return Output(int(exit_.value.code or 0), captured.out, captured.err)

    return run


def is_running(*command: str) -> bool:
    """Whether a process on this machine has been started with these words."""
    files = (folder / "cmdline" for folder in Path("/proc").iterdir() if folder.name.isdigit())
    return any("\0".join(command) in _read(file) for file in files)


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
