"""What people see: text, timelines, pages."""

from durable_conformance.reporting.html import rendered as rendered_html
from durable_conformance.reporting.html import write_html
from durable_conformance.reporting.text import as_json, conclude, findings_table, plain, rendered, summary
from durable_conformance.reporting.timeline import (
    InvocationTree,
    LiveTimeline,
    PlainTimeline,
    duration,
    timeline_on,
    worded,
)

__all__ = [
    "InvocationTree",
    "LiveTimeline",
    "PlainTimeline",
    "as_json",
    "conclude",
    "duration",
    "findings_table",
    "plain",
    "rendered",
    "rendered_html",
    "summary",
    "timeline_on",
    "worded",
    "write_html",
]
