"""A stand-in for an OpenAI-compatible server: `with ChatStandIn(behaviour) as it: make_client(base_url=it.url, …)`.

Real HTTP, the real `openai` package, no account: what it does with a request are `tests.stand_in`'s behaviours, in the
shapes of Chat Completions.
"""

from tests.chat_stand_in.answer import ERROR_STATUSES, fail
from tests.chat_stand_in.server import ChatStandIn
from tests.chat_stand_in.validation import violations

__all__ = ["ERROR_STATUSES", "ChatStandIn", "fail", "violations"]
