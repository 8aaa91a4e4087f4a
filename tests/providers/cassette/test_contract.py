"""What a recorder wrote, played by the provider, is as good as any provider; many threads included."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from providers import (
    ModelError,
    ModelProvider,
    ModelThrottledError,
)
from providers.bedrock import BedrockProvider, make_client
from providers.cassette import CassetteProvider, CassetteRecorder, read_cassette
from tests.providers.bedrock.stand_in import behaviour_for
from tests.providers.cassette.recording import RecordingOf, isolated_keys
from tests.providers.contract import Exchange, ProviderContract, ProviderFor, by_label, question
from tests.stand_in import (
    Behaviour,
    ConverseStandIn,
    Fail,
    ReceivedRequest,
    Reply,
    Sequenced,
    plausible,
)

THREADS, CALLS = 20, 50


class TestCassetteContract(ProviderContract):
    """What a recorder wrote, played by the provider, is as good as any provider."""

    @pytest.fixture
    def provider_for(self, tmp_path: Path) -> ProviderFor:
        made: list[None] = []

        def provider(exchanges: Sequence[Exchange]) -> ModelProvider:
            made.append(None)
            path = tmp_path / f"{len(made)}.yaml"
            with ConverseStandIn(Sequenced(by_label(exchanges, behaviour_for), plausible)) as stand_in:
                recorder = CassetteRecorder(path)
                client = recorder.attach(make_client(session=isolated_keys(), endpoint_url=stand_in.url))
                bedrock = BedrockProvider(client_factory=lambda: client)
                for exchange in exchanges:
                    with contextlib.suppress(ModelError):  # recorded too
                        bedrock.converse(exchange.request)
                recorder.save()
            return CassetteProvider(path)

        return provider


def test_many_threads_through_one_recorder_lose_nothing_and_mix_nothing_up(
    recording_of: RecordingOf, path: Path
) -> None:
    def behave(request: ReceivedRequest) -> Behaviour:
        failing = request.label.endswith("-7")
        return Fail("ThrottlingException", request.label) if failing else Reply(text=f"To {request.label}")

    model, recorder = recording_of(behave)
    together = threading.Barrier(THREADS)

    def ask(thread: int) -> None:
        together.wait()
        for call in range(CALLS):
            with contextlib.suppress(ModelThrottledError):  # recorded too
                model.converse(question(f"{thread}, {call}?", f"t{thread}-{call}"))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(ask, range(THREADS)))
    recorder.save()

    recorded = read_cassette(path).interactions
    assert len(recorded) == THREADS * CALLS
    labels = [json.loads(item.request_body)["requestMetadata"]["label"] for item in recorded]
    assert len(set(labels)) == THREADS * CALLS
    for label, item in zip(labels, recorded, strict=True):
        if label.endswith("-7"):
            assert json.loads(item.body) == {"message": label}
        else:
            assert json.loads(item.body)["output"]["message"]["content"] == [{"text": f"To {label}"}]
