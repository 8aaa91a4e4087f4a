"""The command line: a module for each command."""

from durable_conformance.commands.cli import app, main
from durable_conformance.commands.crash_at import came_by, not_reached, typed_point
from durable_conformance.commands.options import can_be_written

__all__ = [
    "app",
    "came_by",
    "can_be_written",
    "main",
    "not_reached",
    "typed_point",
]
