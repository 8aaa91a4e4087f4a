"""The report as one HTML file: what was explored, what was found, and every run. It needs no network and no build."""

from durable_conformance.reporting.html.charts import MAX_BARS as MAX_BARS
from durable_conformance.reporting.html.charts import charts as charts
from durable_conformance.reporting.html.difference import Kind as Kind
from durable_conformance.reporting.html.difference import by_lines as by_lines
from durable_conformance.reporting.html.difference import by_words as by_words
from durable_conformance.reporting.html.excerpt import MAX_BYTES as MAX_BYTES
from durable_conformance.reporting.html.excerpt import excerpt as excerpt
from durable_conformance.reporting.html.matrix import Causes as Causes
from durable_conformance.reporting.html.matrix import Part as Part
from durable_conformance.reporting.html.matrix import parts as parts
from durable_conformance.reporting.html.page import rendered as rendered
from durable_conformance.reporting.html.page import write_html as write_html
