"""What importing a pattern costs beside importing its libraries: CPU time, in fresh interpreters."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from benchmarks.targets import CORE, CORE_IN_USE, IMPORTS, STRANDS, STRANDS_PATTERN

LIBRARIES = "import aws_durable_execution_sdk_python, boto3\nfrom pydantic import BaseModel"
"""`import pydantic` alone loads nothing: it waits for the first name that is asked of it."""

ONE_MODEL = "from pydantic import Field\nclass Model(BaseModel): name: str = Field(min_length=1)"
"""The first model that a program declares loads the rest of pydantic."""

_TIMED = """
import sys, time
sys.path.insert(0, {folder!r})
start = time.process_time()
{code}
print(time.process_time() - start)
"""


class Kind(StrEnum):
    """What a pattern needs: the two artifacts that are deployed."""

    CORE = "core"
    STRANDS = "strands"


@dataclass(frozen=True)
class Subject:
    """Something to import.

    Attributes:
        name: What it is called: a pattern, or a list of libraries.
        folder: The only place it may come from, beside the standard library.
        code: The import.
        against: The name of the subject that it is measured against; its own for a baseline.
    """

    name: str
    folder: Path
    code: str
    against: str


def subjects(libraries: Mapping[Kind, Path], patterns: Mapping[Kind, Path]) -> Iterator[Subject]:
    """The libraries alone, with one pydantic model, with Strands, and every pattern.

    Args:
        libraries: Folders that hold the libraries.
        patterns: Folders that hold the patterns, and the libraries that they need.
    """
    yield Subject(CORE, libraries[Kind.CORE], LIBRARIES, CORE)
    yield Subject(CORE_IN_USE, libraries[Kind.CORE], f"{LIBRARIES}\n{ONE_MODEL}", CORE)
    yield Subject(STRANDS, libraries[Kind.STRANDS], f"{LIBRARIES}\nfrom strands import Agent", STRANDS)
    for name in IMPORTS:
        kind, against = (Kind.STRANDS, STRANDS) if name == STRANDS_PATTERN else (Kind.CORE, CORE_IN_USE)
        yield Subject(name, patterns[kind], f"import patterns.{name}", against)


def seconds(subject: Subject, *, keep_bytecode: bool = False) -> float:
    """CPU time that its import takes in a fresh interpreter.

    Args:
        subject: What to import.
        keep_bytecode: Whether to write bytecode where there is none: the next import then has it.
    """
    script = _TIMED.format(folder=str(subject.folder), code=subject.code)
    options = ["-I", "-S"] if keep_bytecode else ["-I", "-S", "-B"]
    command = [sys.executable, *options, "-c", script]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
