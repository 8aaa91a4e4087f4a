"""What people see: text, timelines, pages."""

from durable_conformance.reporting.html import write_html as write_html
from durable_conformance.reporting.text import all_as_json as all_as_json
from durable_conformance.reporting.text import as_json as as_json
from durable_conformance.reporting.text import conclude as conclude
from durable_conformance.reporting.text import findings_table as findings_table
from durable_conformance.reporting.text import plain as plain
from durable_conformance.reporting.text import rendered as rendered
from durable_conformance.reporting.text import summary as summary
from durable_conformance.reporting.text import what_was_seen as what_was_seen
from durable_conformance.reporting.timeline import InvocationTree as InvocationTree
from durable_conformance.reporting.timeline import LiveTimeline as LiveTimeline
from durable_conformance.reporting.timeline import PlainTimeline as PlainTimeline
from durable_conformance.reporting.timeline import duration as duration
from durable_conformance.reporting.timeline import timeline_on as timeline_on
from durable_conformance.reporting.timeline import worded as worded
