"""A model that answers from a script, and the words to write one. This is the room's door: the rest is private to it.

In code, `ScriptedProvider` takes a script of `reply`, `tool_use`, `stopped`, `throttled` and the like, by position, by
label or by function. In a JSON file (`ScriptedProvider.from_file`) a script is an object of labels (`*` for every other
label) and lists of entries:

    {"generate-joke": ["a text", {"error": "throttled"}, {"json": {"a": 1}}],
     "turn-1": [{"tool": "get_weather", "input": {"location": "Rome"}}],
     "*": [{"always": "a text, again and again"}, {"stop_reason": "max_tokens", "text": "cut off"}]}

or the list of entries alone, for one call after the other, whatever their labels.

Without a script it answers whatever fits the request (`sample_text`).
"""

from providers.scripted.provider import ScriptedProvider, ScriptExhaustedError
from providers.scripted.sample_answers import sample_text, varied_text
from providers.scripted.script import (
    Always,
    Answerer,
    Entries,
    Entry,
    Failure,
    Reply,
    Script,
    ScriptError,
    access_denied,
    always,
    bad_request,
    not_found,
    reply,
    stopped,
    throttled,
    timed_out,
    tool_use,
    unavailable,
)

__all__ = [
    "Always",
    "Answerer",
    "Entries",
    "Entry",
    "Failure",
    "Reply",
    "Script",
    "ScriptError",
    "ScriptExhaustedError",
    "ScriptedProvider",
    "access_denied",
    "always",
    "bad_request",
    "not_found",
    "reply",
    "sample_text",
    "stopped",
    "throttled",
    "timed_out",
    "tool_use",
    "unavailable",
    "varied_text",
]
