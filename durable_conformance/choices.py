"""What a person may choose for a check, and what is chosen where nobody does. It loads nothing: help shows it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

HORIZON = 8
"""Operations that an execution of a long workflow is followed past its interruption, unless told otherwise."""

PATIENCE_SECONDS = 60.0
"""How long importing a handler, and one execution, may take in real time, unless somebody says otherwise. Virtual time
passes at once, so this is for handlers that hang."""


class Severity(StrEnum):
    """How bad it is to break a rule."""

    ERROR = "error"
    """A replay, a result, a request or an effect goes wrong."""
    WARNING = "warning"
    """It costs, or may go wrong."""


class OutputFormat(StrEnum):
    """The formats of a report, as ruff names them."""

    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    JUNIT = "junit"


@dataclass(frozen=True)
class Shard:
    """One of the parts that an exploration is split into, each for another machine."""

    number: int  # from 1
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise ValueError(f"{self.number}/{self.of} is no shard: of {self.of}, there are 1/{self.of} and so on.")

    @classmethod
    def parsed(cls, text: str) -> Self:
        """As it is typed: `2/4`.

        Raises:
            ValueError: It is none.
        """
        if not (found := re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)):
            raise ValueError(f"{text!r} is no shard: write K/N, such as 2/4 for the second of four.")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"shard {self.number} of {self.of}"
