"""What people and programs are told: text, timelines, pages, and documents for other tools."""

from durable_conformance.reporting.checked import Checked as Checked
from durable_conformance.reporting.checked import Ignore as Ignore
from durable_conformance.reporting.checked import Outcome as Outcome
from durable_conformance.reporting.checked import shown as shown
from durable_conformance.reporting.document import as_json as as_json
from durable_conformance.reporting.document import json_schema as json_schema
from durable_conformance.reporting.formats import WRITERS as WRITERS
from durable_conformance.reporting.formats import OutputFormat as OutputFormat
from durable_conformance.reporting.html import write_html as write_html
from durable_conformance.reporting.ignores import Ignores as Ignores
from durable_conformance.reporting.ignores import known_rule as known_rule
from durable_conformance.reporting.ignores import unused_ignores as unused_ignores
from durable_conformance.reporting.ignores import wrong_comments as wrong_comments
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
