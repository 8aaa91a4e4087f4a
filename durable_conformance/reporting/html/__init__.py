"""The report as one HTML file: what was explored, what was found, and every run. It needs no network and no build."""

from durable_conformance.evidence.explored import Explored
from durable_conformance.reporting.html.page import rendered

__all__ = ["Explored", "rendered"]
