"""The report as one HTML file: what was explored, what was found, and every run. It needs no network and no build."""

from durable_conformance.reporting.html.charts import MAX_BARS, charts
from durable_conformance.reporting.html.difference import Kind, by_lines, by_words
from durable_conformance.reporting.html.matrix import parts
from durable_conformance.reporting.html.page import rendered, write_html

__all__ = [
    "MAX_BARS",
    "Kind",
    "by_lines",
    "by_words",
    "charts",
    "parts",
    "rendered",
    "write_html",
]
