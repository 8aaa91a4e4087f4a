"""The formats of a report, by the names that people choose them by."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from durable_conformance.choices import OutputFormat
from durable_conformance.model import withheld
from durable_conformance.reporting.checked import Outcome
from durable_conformance.reporting.document import as_json
from durable_conformance.reporting.junit import junit
from durable_conformance.reporting.lines import concise, github
from durable_conformance.reporting.sarif import sarif


def _withholding(write: Callable[[Outcome], str]) -> Callable[[Outcome], str]:
    return lambda outcome: write(withheld(outcome))


WRITERS: Mapping[OutputFormat, Callable[[Outcome], str]] = {
    OutputFormat.CONCISE: _withholding(concise),
    OutputFormat.JSON: as_json,
    OutputFormat.SARIF: _withholding(sarif),
    OutputFormat.GITHUB: _withholding(github),
    OutputFormat.JUNIT: _withholding(junit),
}
"""What writes the whole output, when all checks have ended. The full format is told as they go on."""
