"""What keeps a command from running at all."""

from __future__ import annotations


class CannotRunError(Exception):
    """The command cannot do what it was asked. The message is one line: what, where, and what to do."""
