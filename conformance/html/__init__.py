"""The report as one HTML file: what was explored, what was found, and every run. It needs no network and no build."""

from conformance.html.explored import Explored
from conformance.html.page import rendered

__all__ = ["Explored", "rendered"]
