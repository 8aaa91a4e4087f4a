"""Behaviours as HTTP answers in the shapes of Chat Completions. Deterministic: the same request gets the same bytes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.loopback import Answer
from tests.stand_in import MARK, Fail, Malformed, ReceivedRequest, Reply

CHARS_PER_TOKEN = 4

ERROR_STATUSES = {
    "invalid_request_error": 400,
    "invalid_api_key": 401,
    "unsupported_country_region_territory": 403,
    "model_not_found": 404,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "server_error": 500,
    "overloaded": 503,
    "gateway_timeout": 504,
}
"""As https://developers.openai.com/api/docs/guides/error-codes has them, and what stands before a server may add."""

_FINISH_REASONS = {"end_turn": "stop", "max_tokens": "length", "content_filtered": "content_filter"}


def fail(code: str, message: str = "Refused by the stand-in.") -> Fail:
    """The error `code`, with its status."""
    return Fail(code, message, ERROR_STATUSES[code])


def answer_to(request: ReceivedRequest, behaviour: Reply | Fail | Malformed) -> Answer:
    """The HTTP answer that carries out `behaviour`."""
    match behaviour:
        case Reply():
            document = completion(request, behaviour) if behaviour.body is None else behaviour.body
            return _answer(200, json.dumps(document).encode())
        case Fail():
            assert behaviour.status is not None, "its codes are not Bedrock's"
            return failure(behaviour.code, behaviour.message, behaviour.status)
        case Malformed():
            return _answer(200, behaviour.body)


def failure(code: str, message: str, status: int) -> Answer:
    """An error, as OpenAI sends it."""
    error = {"message": message, "type": "stand_in_error", "param": None, "code": code}
    return _answer(status, json.dumps({"error": error}).encode())


def completion(request: ReceivedRequest, reply: Reply) -> dict[str, Any]:
    """The JSON of a chat completion, with plausible and deterministic usage."""
    digest = hashlib.sha256(json.dumps([request.label, request.body], sort_keys=True).encode()).hexdigest()
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None, "refusal": None}
    if reply.tool_uses:
        message["tool_calls"] = [
            {
                "id": use.tool_use_id or f"call_{digest[:20]}_{position}",
                "type": "function",
                "function": {"name": use.name, "arguments": json.dumps(use.input)},
            }
            for position, use in enumerate(reply.tool_uses)
        ]
    choice: dict[str, Any] = {"index": 0, "message": message, "logprobs": None, **_stop(reply)}
    usage = {"prompt_tokens": _tokens(request.body), "completion_tokens": _tokens(message)}
    return {
        "id": f"chatcmpl-{digest[:24]}",
        "object": "chat.completion",
        "created": 0,
        "model": request.model_id,
        "choices": [choice],
        "usage": {**usage, "total_tokens": sum(usage.values()), "prompt_tokens_details": {"cached_tokens": 0}},
        "service_tier": "default",
        "system_fingerprint": None,
    }


def _stop(reply: Reply) -> dict[str, str]:
    if reply.stop_reason == "stop_sequence":  # as vLLM has it: the book has no word for it
        return {"finish_reason": "stop", "stop_reason": "END"}
    reason = reply.stop_reason or ("tool_calls" if reply.tool_uses else "stop")
    return {"finish_reason": _FINISH_REASONS.get(reason, reason)}


def _tokens(document: Any) -> int:
    return len(json.dumps(document)) // CHARS_PER_TOKEN + 1


def _answer(status: int, body: bytes) -> Answer:
    return Answer(status, {"content-type": "application/json", MARK: "1", "x-request-id": "req_0"}, body)
