"""A cassette says who answered when, and with which settings it was asked."""

from __future__ import annotations

import http.server
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from providers import ModelUnavailableError
from providers.bedrock import DEFAULT_TIERS, BedrockProvider, make_client
from providers.cassette import CassetteError, CassetteProvider, CassetteRecorder, read_provenance
from tests.providers.bedrock.stand_in import answering
from tests.providers.cassette.interactions import ACCOUNT
from tests.providers.cassette.recording import RecordingOf, isolated_keys, lead_to
from tests.providers.contract import Sighting, question
from tests.stand_in import ConverseStandIn, Drop, Reply, Sequenced, plausible

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient


def source_of(path: Path, client: BedrockRuntimeClient, **headers: str) -> str:
    """The source that a recording of one made-up answer claims."""
    recorder = CassetteRecorder(path)
    recorder.attach(answering(client, "hi", **headers))
    BedrockProvider(client_factory=lambda: client).converse(question())
    recorder.save()
    return read_provenance(path).source


def test_only_an_aws_endpoint_that_does_not_mark_its_answers_is_bedrock(path: Path) -> None:
    def client(url: str | None) -> BedrockRuntimeClient:
        return make_client(session=isolated_keys(), endpoint_url=url)

    assert source_of(path, client(None)) == "bedrock"
    assert source_of(path, client("https://vpce-0.bedrock-runtime.us-east-1.vpce.amazonaws.com")) == "bedrock"
    assert source_of(path, client("https://bedrock-runtime.cn-north-1.amazonaws.com.cn")) == "bedrock"
    assert source_of(path, client("https://bedrock-runtime.us-east-1.api.aws")) == "bedrock"
    assert source_of(path, client("http://127.0.0.1:1")) == "unknown"
    assert source_of(path, client("https://bedrock.amazonaws.com.evil.example")) == "unknown"
    assert source_of(path, client("https://notamazonaws.com")) == "unknown"
    assert source_of(path, client(None), **{"X-Durable-AI-Stand-In": "1"}) == "stand-in"


def test_an_answer_is_needed_to_know_the_source(recording_of: RecordingOf, path: Path) -> None:
    model, recorder = recording_of(Drop())
    with pytest.raises(ModelUnavailableError):
        model.converse(question())
    recorder.save()
    assert read_provenance(path).source == "unknown"


def test_a_fault_does_not_make_the_source_uncertain(recording_of: RecordingOf, path: Path) -> None:
    model, recorder = recording_of(Sequenced({"look-around": [Drop()]}, plausible))
    with pytest.raises(ModelUnavailableError):
        model.converse(question())
    model.converse(question())
    recorder.save()
    assert read_provenance(path).source == "stand-in"


def test_a_recording_from_two_sources_is_refused(recording_of: RecordingOf, path: Path) -> None:
    model, recorder = recording_of()
    model.converse(question())

    class Other(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's signature
            """Nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Other) as server:
        serving = threading.Thread(target=server.handle_request)
        serving.start()
        client = recorder.attach(
            make_client(session=isolated_keys(), endpoint_url=f"http://127.0.0.1:{server.server_address[1]}")
        )
        with pytest.raises(ModelUnavailableError):
            BedrockProvider(client_factory=lambda: client).converse(question())
        serving.join()
    with pytest.raises(CassetteError, match="stand-in and unknown"):
        recorder.save()


# Settings -------------------------------------------------------------------------------------------------------------


def test_a_provider_from_the_environment_is_recorded_with_its_settings(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ConverseStandIn(lambda _: Reply(text="A cat.")) as stand_in:
        lead_to(stand_in, monkeypatch)
        recorder = CassetteRecorder(path)
        arn = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/abc"
        settings = {"MODEL_SMALL": arn, "MODEL_LARGE": DEFAULT_TIERS["large"], "MODEL_STRUCTURED_OUTPUT": "off"}
        model = recorder.provider(settings)
        assert recorder.provider({"MODEL_READ_TIMEOUT": "7"}) is not model
        model = recorder.provider(settings)
        model.converse(question(output_schema=Sighting))
        recorder.save()
    provenance = read_provenance(path)
    assert provenance.tiers == {"small": arn.replace(ACCOUNT, "0" * 12)}, "what differs from the defaults"
    assert provenance.structured_output is False
    assert ACCOUNT not in path.read_text()
    with CassetteProvider(path) as replay:
        assert replay.converse(question(output_schema=Sighting)).text == "A cat."


def test_the_read_timeout_of_the_environment_holds_when_recording(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clients: list[Any] = []

    class Watched(CassetteRecorder):
        def attach(self, client: BedrockRuntimeClient) -> BedrockRuntimeClient:
            clients.append(client)
            return super().attach(client)

    with ConverseStandIn() as stand_in:
        lead_to(stand_in, monkeypatch)
        Watched(path).provider({"MODEL_READ_TIMEOUT": "7"}).converse(question())
    assert [client.meta.config.read_timeout for client in clients] == [7]
