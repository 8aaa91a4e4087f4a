"""What a model call costs: replayed from a cassette, and sent to an endpoint."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import vcr  # type: ignore[import-untyped]

from benchmarks.comparison import Row, compared
from benchmarks.targets import REPLAYS, SENT
from providers import Message, ModelRequest
from providers.bedrock import DEFAULT_TIERS, make_client, request_to_converse
from providers.cassette import ENDPOINT, CassetteProvider, write_cassette
from tests.providers.bedrock.stand_in import keys, provider_at
from tests.providers.cassette.interactions import cassette, recorded
from tests.stand_in import ConverseStandIn, Reply

ROUNDS = {1: 40, 200: 3}
"""Pairs of measurements, by how many interactions the cassette holds."""

SENT_ROUNDS = 80
CALLS = 20
"""Calls of one measurement, where they cost little."""


def asked(number: int) -> ModelRequest:
    """A request that no other number has."""
    return ModelRequest(messages=(Message.user(f"Question {number}"),), label=f"question-{number}")


def replayed(interactions: int) -> Row:
    """Each interaction of a cassette once, through our provider and through vcrpy around the same boto3 call.

    One more interaction comes first, unmeasured: making a client costs more than any call.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cassette.yaml"
        write_cassette(path, cassette(*(recorded(asked(number)) for number in range(interactions + 1))))

        def ours() -> float:
            provider = CassetteProvider(path)
            provider.converse(asked(0))
            began = time.perf_counter()
            for number in range(1, interactions + 1):
                provider.converse(asked(number))
            return (time.perf_counter() - began) / interactions

        def theirs() -> float:
            recorder = vcr.VCR(record_mode="none", match_on=("method", "path", "body"))
            with recorder.use_cassette(str(path)):
                client = make_client(session=keys(), endpoint_url=ENDPOINT)
                client.converse(**_converse(asked(0)))
                began = time.perf_counter()
                for number in range(1, interactions + 1):
                    client.converse(**_converse(asked(number)))
                return (time.perf_counter() - began) / interactions

        return compared(REPLAYS[interactions], ours, theirs, rounds=ROUNDS[interactions])


def sent() -> Row:
    """The same call to a server on this machine, through our provider and through boto3 alone."""
    with ConverseStandIn(lambda _: Reply("hi")) as stand_in:
        provider = provider_at(stand_in.url)
        client = make_client(session=keys(), endpoint_url=stand_in.url)
        request = asked(1)
        arguments = _converse(request)

        def ours() -> float:
            return _each(lambda: provider.converse(request))

        def theirs() -> float:
            return _each(lambda: client.converse(**arguments))

        return compared(SENT, ours, theirs, rounds=SENT_ROUNDS)


def _each(call: Any) -> float:
    began = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - began) / CALLS


def _converse(request: ModelRequest) -> dict[str, Any]:
    return request_to_converse(request, DEFAULT_TIERS["small"])
