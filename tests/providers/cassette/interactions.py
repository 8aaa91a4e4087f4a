"""Interactions and cassettes for tests, as a recorder writes them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from providers import ModelRequest
from providers.bedrock import DEFAULT_TIERS, request_to_converse
from providers.cassette import ENDPOINT, Cassette, CassetteProvider, Interaction, Provenance
from tests.providers.bedrock.stand_in import answer

type ProviderOf = Callable[..., CassetteProvider]

ACCOUNT = "1234" * 3
PROVENANCE = Provenance(
    source="stand-in", recorded=dt.date(2031, 2, 3), boto3="1.44.5", model_ids=("amazon.nova-lite-v1:0",)
)
URI = f"{ENDPOINT}/model/amazon.nova-lite-v1%3A0/converse"
ASKED: dict[str, Any] = {"messages": []}
ANSWERED: dict[str, Any] = {"stopReason": "end_turn"}


def interaction(request: Any = ASKED, response: Any = ANSWERED, **fields: Any) -> Interaction:
    """An interaction with JSON bodies."""
    return Interaction.model_validate(
        {
            "method": "POST",
            "uri": URI,
            "request_headers": {"Content-Type": ["application/json"]},
            "request_body": json.dumps(request),
            "status": 200,
            "reason": "OK",
            "headers": {"content-type": ["application/json"]},
            "body": json.dumps(response),
            **fields,
        }
    )


def cassette(*interactions: Interaction, provenance: Provenance | None = PROVENANCE) -> Cassette:
    return Cassette(version=1, provenance=provenance, interactions=interactions)


def recorded(
    request: ModelRequest, text: str = "A cat.", *, model: str = DEFAULT_TIERS["small"], **fields: Any
) -> Interaction:
    """`request` with an answer, as a recorder writes it."""
    body = request_to_converse(request, model)
    del body["modelId"]
    return interaction(body, answer(text), uri=f"{ENDPOINT}/model/{quote(model, safe='')}/converse", **fields)


def throttled(request: ModelRequest) -> Interaction:
    return recorded(
        request,
        status=429,
        reason="Too Many Requests",
        headers={"content-type": ["application/json"], "x-amzn-errortype": ["ThrottlingException"]},
        body='{"message": "Too many requests."}',
    )


def fault(request: ModelRequest, kind: str) -> Interaction:
    return recorded(request, status=599, reason=kind, headers={}, body="")
