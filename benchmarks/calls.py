"""What a model call costs: replayed from a cassette, and sent to an endpoint."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import vcr  # type: ignore[import-untyped]

from benchmarks.comparison import Row, compared
from providers import Message, ModelRequest
from providers.bedrock import DEFAULT_TIERS, make_client
from providers.cassette import CassetteProvider
from providers.cassette_file import ENDPOINT, write_cassette
from providers.converse import request_to_converse
from tests.providers.bedrock_stand_in import keys, provider_at
from tests.providers.interactions import cassette, recorded
from tests.stand_in import ConverseStandIn, Reply

ROUNDS = 15
CALLS = 200
"""Calls of one measurement, where they cost little."""


def rows() -> list[Row]:
    """The table's lines about calls."""
    return [replayed(1, 2.0), replayed(200, 20.0), sent()]


def asked(number: int) -> ModelRequest:
    """A request that no other number has."""
    return ModelRequest(messages=(Message.user(f"Question {number}"),), label=f"question-{number}")


def replayed(interactions: int, target: float) -> Row:
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

        return compared(
            f"cassette replay of a call, {interactions} recorded",
            ours,
            theirs,
            against="vcrpy patching the same boto3 call",
            target=target,
            faster=True,
            rounds=ROUNDS if interactions > 1 else 5 * ROUNDS,
        )


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

        return compared(
            "BedrockProvider call",
            ours,
            theirs,
            against="boto3's converse, to the same local endpoint",
            target=1.10,
            faster=False,
            rounds=ROUNDS,
        )


def _each(call: Any) -> float:
    began = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - began) / CALLS


def _converse(request: ModelRequest) -> dict[str, Any]:
    return request_to_converse(request, DEFAULT_TIERS["small"])
