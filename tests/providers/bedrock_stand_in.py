"""The Bedrock provider against the stand-in: what its tests have in common."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from boto3.session import Session

from providers.bedrock import BedrockProvider, make_client
from tests.stand_in import Behaviour, ConverseStandIn

type StandInThat = Callable[[Behaviour], ConverseStandIn]

ANSWER: dict[str, Any] = {
    "output": {"message": {"role": "assistant", "content": [{"text": "hi"}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
    "metrics": {"latencyMs": 1},
}


@functools.cache
def keys() -> Session:
    """Credentials that mean nothing. One session for all: making its first client reads the service model."""
    return Session("stand-in", "stand-in", region_name="us-east-1")


def provider_at(url: str, *, read_timeout: int = 60, **options: Any) -> BedrockProvider:
    """A provider that asks the stand-in at `url`."""
    client = make_client(read_timeout=read_timeout, session=keys(), endpoint_url=url)
    return BedrockProvider(client_factory=lambda: client, **options)
