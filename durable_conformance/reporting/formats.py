"""The formats of a report, by the names that people choose them by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from durable_conformance.reporting.checked import Outcome
from durable_conformance.reporting.document import as_json
from durable_conformance.reporting.junit import junit
from durable_conformance.reporting.lines import concise, github
from durable_conformance.reporting.sarif import sarif


class OutputFormat(StrEnum):
    """As ruff names them."""

    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    JUNIT = "junit"


WRITERS: Mapping[OutputFormat, Callable[[Outcome], str]] = {
    OutputFormat.CONCISE: concise,
    OutputFormat.JSON: as_json,
    OutputFormat.SARIF: sarif,
    OutputFormat.GITHUB: github,
    OutputFormat.JUNIT: junit,
}
"""What writes the whole output, when all checks have ended. The full format is told as they go on."""
