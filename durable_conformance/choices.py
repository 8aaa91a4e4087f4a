"""What a person may choose for a check, and what is chosen where nobody does. It loads nothing: help shows it."""

from __future__ import annotations

from enum import StrEnum

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
