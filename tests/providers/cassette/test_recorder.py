"""Recording over real HTTP: everything that happened is in the file, and it plays back."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest

from providers import (
    ModelError,
    ModelRequest,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from providers.bedrock import DEFAULT_TIERS, BedrockProvider, make_client
from providers.cassette import (
    ENDPOINT,
    CassetteError,
    CassetteProvider,
    CassetteRecorder,
    read_cassette,
    read_provenance,
)
from tests.providers.bedrock.stand_in import answering
from tests.providers.cassette.recording import RecordingOf, isolated_keys
from tests.providers.contract import EXPLICIT_MODEL, question
from tests.stand_in import (
    Behaviour,
    ConverseStandIn,
    Drop,
    Fail,
    Malformed,
    ReceivedRequest,
    Reply,
    Sequenced,
    Stall,
    plausible,
)

# What is recorded -----------------------------------------------------------------------------------------------------


def test_a_conversation_is_recorded_and_plays_back(recording_of: RecordingOf, path: Path) -> None:
    model, recorder = recording_of(Reply(text="A cat."))
    assert model.converse(question()).text == "A cat."
    assert not path.exists(), "nothing is written before save"
    recorder.save()
    (item,) = read_cassette(path).interactions
    assert item.method == "POST"
    assert item.uri == f"{ENDPOINT}/model/global.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse"
    assert item.request_headers == {"Content-Type": ["application/json"]}
    assert json.loads(item.request_body)["requestMetadata"] == {"label": "look-around"}
    assert (item.status, item.reason, item.headers) == (200, "OK", {"content-type": ["application/json"]})
    with CassetteProvider(path) as replay:
        assert replay.converse(question()).text == "A cat."


def test_where_it_comes_from_is_recorded(recording_of: RecordingOf, path: Path) -> None:
    model, recorder = recording_of(Reply(text="A cat."))
    for tier in ("small", EXPLICIT_MODEL, "small"):
        model.converse(question(model=tier))
    recorder.save()
    provenance = read_provenance(path)
    assert provenance.source == "stand-in"
    assert provenance.recorded == dt.date(2030, 12, 31), "in UTC"
    assert provenance.boto3 == boto3.__version__
    assert provenance.model_ids == (EXPLICIT_MODEL, DEFAULT_TIERS["small"])
    assert (provenance.tiers, provenance.structured_output) == ({}, True)


FAILING: list[tuple[Behaviour, type[ModelError], tuple[int, str]]] = [
    (Fail("ThrottlingException"), ModelThrottledError, (429, "Too Many Requests")),
    (Fail("ServiceUnavailableException"), ModelUnavailableError, (503, "Service Unavailable")),
    (Fail("NovelException", status=418), ModelError, (418, "I'm a Teapot")),
    (Fail("NovelException", status=499), ModelError, (499, "")),
    (Malformed(), ModelUnavailableError, (200, "OK")),
    (Malformed(b"\xff\xfe"), ModelUnavailableError, (200, "OK")),
    (Malformed(b""), ModelUnavailableError, (200, "OK")),
    (Stall(), ModelTimeoutError, (599, "ReadTimeoutError")),
    (Drop(), ModelUnavailableError, (599, "ConnectionClosedError")),
]


@pytest.mark.parametrize(("behaviour", "kind", "written"), FAILING)
def test_a_failure_is_recorded_and_fails_the_same_way_in_the_replay(
    recording_of: RecordingOf, path: Path, behaviour: Behaviour, kind: type[ModelError], written: tuple[int, str]
) -> None:
    model, recorder = recording_of(behaviour, read_timeout=1 if isinstance(behaviour, Stall) else 60)
    with pytest.raises(kind) as then:
        model.converse(question())
    recorder.save()
    (item,) = read_cassette(path).interactions
    assert (item.status, item.reason) == written
    with CassetteProvider(path) as replay, pytest.raises(kind) as now:
        replay.converse(question())
    assert type(now.value) is type(then.value)
    assert type(now.value.__cause__).__qualname__ == type(then.value.__cause__).__qualname__


def test_a_connection_that_nobody_accepts_is_recorded(path: Path) -> None:
    with ConverseStandIn() as stand_in:
        url = stand_in.url
    recorder = CassetteRecorder(path)
    client = recorder.attach(make_client(session=isolated_keys(), endpoint_url=url))
    with pytest.raises(ModelUnavailableError):
        BedrockProvider(client_factory=lambda: client).converse(question())
    recorder.save()
    assert [item.reason for item in read_cassette(path).interactions] == ["EndpointConnectionError"]


def test_failures_and_answers_of_one_request_keep_their_order(recording_of: RecordingOf, path: Path) -> None:
    behaviours: dict[str, list[Behaviour]] = {
        "look-around": [Fail("ThrottlingException"), Drop(), Reply(text="Z"), Reply(text="A")]
    }
    model, recorder = recording_of(Sequenced(behaviours, plausible))
    said = []
    for _ in range(4):
        try:
            said.append(model.converse(question()).text)
        except ModelError as error:
            said.append(type(error).__name__)
    recorder.save()
    assert said == ["ModelThrottledError", "ModelUnavailableError", "Z", "A"]
    assert [item.status for item in read_cassette(path).interactions] == [429, 599, 200, 200]


def test_other_requests_are_sorted_so_that_threads_do_not_matter(recording_of: RecordingOf, path: Path) -> None:
    requests = [question("b", "turn-10"), question("b", "turn-9"), question("b", "judge"), question("a", "judge")]

    def labels(order: Sequence[ModelRequest]) -> list[str]:
        model, recorder = recording_of(Reply(text="A cat."))
        for request in order:
            model.converse(request)
        recorder.save()
        return [json.loads(item.request_body)["requestMetadata"]["label"] for item in read_cassette(path).interactions]

    assert labels(requests) == ["judge", "judge", "turn-9", "turn-10"]
    written = path.read_bytes()
    labels(requests[::-1])
    assert path.read_bytes() == written


def test_recording_again_what_did_not_change_gives_the_same_file(recording_of: RecordingOf, path: Path) -> None:
    files = []
    for _ in range(2):
        model, recorder = recording_of()
        model.converse(question())
        model.converse(question("What else?", model="large"))
        recorder.save()
        files.append(path.read_bytes())
    assert files[0] == files[1]


def test_a_call_that_ends_in_something_no_cassette_can_hold_is_told_when_saving(
    recording_of: RecordingOf, path: Path
) -> None:
    stand_in, recorder = recording_of()

    def broken(**_: Any) -> None:
        raise ZeroDivisionError("a handler's own defect")

    client = recorder.attach(make_client(session=isolated_keys()))
    client.meta.events.register("before-send.bedrock-runtime.Converse", broken)
    with pytest.raises(ZeroDivisionError):
        BedrockProvider(client_factory=lambda: client).converse(question())
    stand_in.converse(question())
    with pytest.raises(CassetteError, match=r"around\.yaml.*look-around.*ZeroDivisionError"):
        recorder.save()
    assert not path.exists()


def test_a_call_that_has_not_ended_is_told_when_saving(recording_of: RecordingOf, path: Path) -> None:
    arrived, answer = threading.Event(), threading.Event()

    def behave(_: ReceivedRequest) -> Behaviour:
        arrived.set()
        answer.wait()
        return Reply(text="At last.")

    model, recorder = recording_of(behave)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(model.converse, question())
        arrived.wait()
        try:
            with pytest.raises(CassetteError, match=r"around\.yaml.*look-around.*has no answer yet"):
                recorder.save()
        finally:
            answer.set()
        assert asking.result().text == "At last."
    assert not path.exists()
    recorder.save()
    assert len(read_cassette(path).interactions) == 1


def test_a_recording_without_a_call_is_refused(path: Path) -> None:
    with pytest.raises(CassetteError, match=r"around\.yaml.*no model was asked"):
        CassetteRecorder(path).save()
    assert not path.exists()


def test_what_another_handler_answers_is_recorded_too(path: Path) -> None:
    client = answering(make_client(session=isolated_keys()), "hi")
    recorder = CassetteRecorder(path)
    BedrockProvider(client_factory=lambda: recorder.attach(client)).converse(question())
    recorder.save()
    assert [item.status for item in read_cassette(path).interactions] == [200]


def test_an_endpoint_with_a_path_of_its_own_does_not_get_into_the_recording(path: Path) -> None:
    with ConverseStandIn(lambda _: Reply(text="A cat.")) as stand_in:
        recorder = CassetteRecorder(path)
        client = recorder.attach(make_client(session=isolated_keys(), endpoint_url=f"{stand_in.url}/proxy/model"))
        with pytest.raises(ModelError):  # the stand-in knows no such path, or takes it for the model's
            BedrockProvider(client_factory=lambda: client).converse(question(model="x"))
        recorder.save()
    assert [item.uri for item in read_cassette(path).interactions] == [f"{ENDPOINT}/model/x/converse"]
