"""The Bedrock provider against the stand-in: what its tests have in common."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from boto3.session import Session
from botocore.awsrequest import AWSResponse

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
from providers.bedrock import BedrockProvider, make_client
from tests.providers.contract import ErrorReply, PlayedReply, TextReply, ToolUseReply
from tests.stand_in import Behaviour, ConverseStandIn, Fail, Reply, ToolUse

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

type StandInThat = Callable[[Behaviour], ConverseStandIn]


def answer(text: str) -> dict[str, Any]:
    """The body of an answer that is one text."""
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
        "metrics": {"latencyMs": 1},
    }


ANSWER = answer("hi")

FAILURES: dict[type[ModelError], Behaviour] = {
    ModelThrottledError: Fail("ThrottlingException"),
    ModelUnavailableError: Fail("ServiceUnavailableException"),
    ModelTimeoutError: Fail("ModelTimeoutException"),
    ModelAccessDeniedError: Fail("AccessDeniedException"),
    ModelRequestError: Fail("ValidationException"),
    ModelNotFoundError: Fail("ResourceNotFoundException"),
    ModelOutputError: Reply(body=ANSWER | {"stopReason": "a reason of the future"}),
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


@functools.cache
def keys() -> Session:
    """Credentials that mean nothing. One session for all: making its first client reads the service model."""
    return Session("stand-in", "stand-in", region_name="us-east-1")


def provider_at(url: str, *, read_timeout: int = 60, **options: Any) -> BedrockProvider:
    """A provider that asks the stand-in at `url`."""
    client = make_client(read_timeout=read_timeout, session=keys(), endpoint_url=url)
    return BedrockProvider(client_factory=lambda: client, **options)


class Body:
    """What botocore reads an answer's body from."""

    def __init__(self, text: str) -> None:
        self._content = json.dumps(answer(text)).encode()

    def stream(self) -> Iterator[bytes]:
        yield self._content


def answering(client: BedrockRuntimeClient, text: str, **headers: Any) -> BedrockRuntimeClient:
    """`client`, which gets this answer to everything, and no connection."""
    events: Any = client.meta.events  # its stubs know only handlers that return nothing
    made_up: Any = headers  # any mapping will do
    events.register(
        "before-send.bedrock-runtime.Converse", lambda request, **_: AWSResponse(request.url, 200, made_up, Body(text))
    )
    return client
