"""The OpenAI provider against the stand-in: what its tests have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from providers import (
    ModelAccessDeniedError,
    ModelError,
    ModelNotFoundError,
    ModelOutputError,
    ModelRequestError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from providers.openai import OpenAIProvider, make_client
from tests.chat_stand_in import ChatStandIn, fail
from tests.providers.contract import ErrorReply, PlayedReply, TextReply, ToolUseReply
from tests.stand_in import Behaviour, Reply, ToolUse

type StandInThat = Callable[[Behaviour], ChatStandIn]

KEY = "sk-stand-in-" + "k" * 20


def answer(message: Any, finish_reason: Any = "stop", **choice: Any) -> dict[str, Any]:
    """The body of an answer with this message."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "gpt-5.6-luna-2026-07-09",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason, **choice}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    }


ANSWER = answer({"role": "assistant", "content": "hi", "refusal": None})

FAILURES: dict[type[ModelError], Behaviour] = {
    ModelThrottledError: fail("rate_limit_exceeded"),
    ModelUnavailableError: fail("overloaded"),
    ModelTimeoutError: fail("gateway_timeout"),
    ModelAccessDeniedError: fail("invalid_api_key"),
    ModelRequestError: fail("invalid_request_error"),
    ModelNotFoundError: fail("model_not_found"),
    ModelOutputError: Reply(body=answer({"role": "assistant", "content": "hi"}, "a reason of the future")),
}


def behaviour_for(reply: PlayedReply) -> Behaviour:
    """How a stand-in plays a reply of the contract."""
    match reply:
        case TextReply():
            return Reply(text=reply.text, stop_reason=reply.stop_reason)
        case ToolUseReply():
            return Reply(text=reply.text, tool_uses=(ToolUse(reply.name, reply.input),))
        case ErrorReply():
            return FAILURES[reply.kind]


def provider_at(url: str, *, read_timeout: int = 60, **options: Any) -> OpenAIProvider:
    """A provider that asks the stand-in at `url`."""
    client = make_client(read_timeout=read_timeout, api_key=KEY, base_url=url)
    return OpenAIProvider(client_factory=lambda: client, **options)
