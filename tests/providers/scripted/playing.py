"""The contract's replies as a script has them."""

from __future__ import annotations

from providers.scripted import Entry, Failure, stopped, tool_use
from tests.providers.contract import ErrorReply, PlayedReply, TextReply


def entry(reply: PlayedReply) -> Entry:
    """The entry that plays a reply."""
    if isinstance(reply, ErrorReply):
        return Failure(reply.kind, "Scripted.")
    if isinstance(reply, TextReply):
        return stopped(reply.stop_reason, reply.text)
    return tool_use(reply.name, reply.input, text=reply.text)
