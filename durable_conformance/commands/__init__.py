"""The command line: a module for each command."""

from durable_conformance.commands.cli import app as app
from durable_conformance.commands.cli import main as main
from durable_conformance.commands.crash_at import came_by as came_by
from durable_conformance.commands.crash_at import not_reached as not_reached
from durable_conformance.commands.crash_at import typed_point as typed_point
from durable_conformance.commands.options import can_be_written as can_be_written
from durable_conformance.commands.run import run as run
