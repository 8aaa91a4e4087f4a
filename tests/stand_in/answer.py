"""Behaviours as HTTP answers in Converse's own shapes. Deterministic: the same request gets the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tests.loopback import Answer
from tests.stand_in.behaviour import Fail, JsonObject, Malformed, ReceivedRequest, Reply
from tests.stand_in.service_model import error_statuses

MARK = "x-durable-ai-stand-in"
"""A header on every answer, so that nobody takes the stand-in for Bedrock: a recorder writes down where it recorded."""

CHARS_PER_TOKEN = 4
"""Rule of thumb for English text."""

FIRST_TOKEN_MS, TOKEN_MS = 180, 7
"""What latency a small model has: milliseconds until the first token, and for each one."""


def answer_to(request: ReceivedRequest, behaviour: Reply | Fail | Malformed) -> Answer:
    """The HTTP answer that carries out `behaviour`."""
    match behaviour:
        case Reply():
            document = converse_response(request, behaviour) if behaviour.body is None else behaviour.body
            return _answer(200, json.dumps(document).encode())
        case Fail():
            return failure(behaviour.code, behaviour.message, behaviour.status or error_statuses()[behaviour.code])
        case Malformed():
            return _answer(200, behaviour.body)


def failure(code: str, message: str, status: int) -> Answer:
    """An error, as AWS services send it to REST-JSON clients."""
    return _answer(status, json.dumps({"message": message}).encode(), {"x-amzn-errortype": code})


def converse_response(request: ReceivedRequest, reply: Reply) -> JsonObject:
    """The JSON of a Converse response, with plausible and deterministic usage and latency."""
    digest = hashlib.sha256(json.dumps([request.model_id, request.body], sort_keys=True).encode()).hexdigest()
    content: list[JsonObject] = [{"text": reply.text}] if reply.text else []
    for position, use in enumerate(reply.tool_uses):
        identifier = use.tool_use_id or f"tooluse_{digest[:20]}_{position}"
        content.append({"toolUse": {"toolUseId": identifier, "name": use.name, "input": use.input}})
    usage = {"inputTokens": _tokens(request.body), "outputTokens": _tokens(content)}
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": reply.stop_reason or ("tool_use" if reply.tool_uses else "end_turn"),
        "usage": {**usage, "totalTokens": sum(usage.values())},
        "metrics": {"latencyMs": FIRST_TOKEN_MS + TOKEN_MS * usage["outputTokens"]},
    }


def _tokens(document: Any) -> int:
    return len(json.dumps(document)) // CHARS_PER_TOKEN + 1


def _answer(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, {"content-type": "application/json", MARK: "1", **(headers or {})}, body)
