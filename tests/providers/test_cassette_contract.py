"""What a recorder wrote, played by the provider, is as good as any provider; many threads included."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Sequence
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
from tests.providers.contract import Exchange, ProviderContract, ProviderFor, question
from tests.providers.recording import RecordingOf, keys, recordings
from tests.providers.test_bedrock import behaviour_for
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


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "look" / "around.yaml"


@pytest.fixture
def recording_of(path: Path) -> Iterator[RecordingOf]:
    with recordings(path) as recording_of:
        yield recording_of


class TestCassetteContract(ProviderContract):
    """What a recorder wrote, played by the provider, is as good as any provider."""

    @pytest.fixture
    def provider_for(self, tmp_path: Path) -> ProviderFor:
        made: list[None] = []

        def provider(exchanges: Sequence[Exchange]) -> ModelProvider:
            by_label: dict[str, list[Behaviour]] = {}
            for exchange in exchanges:
                by_label.setdefault(exchange.request.label, []).append(behaviour_for(exchange.reply))
            made.append(None)
            path = tmp_path / f"{len(made)}.yaml"
            with ConverseStandIn(Sequenced(by_label, plausible)) as stand_in:
                recorder = CassetteRecorder(path)
                client = recorder.attach(make_client(session=keys(), endpoint_url=stand_in.url))
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
