"""The OpenAI provider over real HTTP: what it asks, and its client."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx2
import openai
import pytest

from providers import ModelAccessDeniedError
from providers.openai import (
    CONNECT_TIMEOUT_SECONDS,
    DEFAULT_TIERS,
    LABEL_HEADER,
    READ_TIMEOUT_SECONDS,
    OpenAIProvider,
    make_client,
)
from tests.providers.contract import Sighting, question
from tests.providers.openai.stand_in import ANSWER, KEY, StandInThat, provider_at
from tests.stand_in import Reply


def test_the_request_arrives_as_chat_completions_has_it(stand_in_that: StandInThat) -> None:
    stand_in = stand_in_that(Reply(text="hi"))
    provider_at(stand_in.url).converse(question(model="large", system="Be brief.", max_tokens=7))
    (received,) = stand_in.requests
    assert received.label == "look-around"
    assert received.body == {
        "model": DEFAULT_TIERS["large"],
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What do you see?"}],
        "max_tokens": 7,
    }
    assert received.headers["authorization"] == f"Bearer {KEY}"


def test_a_request_without_a_label_sends_none(stand_in_that: StandInThat) -> None:
    stand_in = stand_in_that(Reply(text="hi"))
    provider_at(stand_in.url).converse(question(label=""))
    assert LABEL_HEADER.lower() not in stand_in.requests[0].headers


def test_the_output_schema_is_sent_unless_switched_off(stand_in_that: StandInThat) -> None:
    stand_in = stand_in_that(Reply(text="{}"))
    provider_at(stand_in.url).converse(question(output_schema=Sighting))
    provider_at(stand_in.url, structured_output=False).converse(question(output_schema=Sighting))
    assert ["response_format" in request.body for request in stand_in.requests] == [True, False]


@pytest.mark.parametrize(
    ("base_url", "limit"),
    [
        ("https://api.openai.com/v1", "max_completion_tokens"),
        ("https://eu.api.openai.com/v1", "max_completion_tokens"),
        ("https://mine.openai.azure.com/openai/v1/", "max_completion_tokens"),
        ("https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1", "max_completion_tokens"),
        ("https://bedrock-mantle.us-west-2.api.aws/v1", "max_completion_tokens"),
        ("https://notopenai.com/v1", "max_tokens"),
        ("https://openai.com.example/v1", "max_tokens"),
        ("http://127.0.0.1:11434/v1", "max_tokens"),
    ],
)
def test_a_reply_is_bounded_by_what_the_host_knows(base_url: str, limit: str) -> None:
    bodies: list[bytes] = []

    def answered(request: httpx2.Request) -> httpx2.Response:
        bodies.append(request.content)
        return httpx2.Response(200, json=ANSWER)

    client = make_client(http={"transport": httpx2.MockTransport(answered)}, api_key=KEY, base_url=base_url)
    OpenAIProvider(client_factory=lambda: client).converse(question())
    OpenAIProvider(client_factory=lambda: client, limit="max_tokens").converse(question())
    assert [f'"{limit}":'.encode() in bodies[0], b'"max_tokens":' in bodies[1]] == [True, True]


def test_tiers_can_be_replaced_one_by_one(stand_in_that: StandInThat) -> None:
    provider = provider_at(stand_in_that(Reply(text="hi")).url, tiers={"small": "llama3.2:1b"})
    assert provider.converse(question()).model == "llama3.2:1b"
    assert provider.converse(question(model="medium")).model == DEFAULT_TIERS["medium"]


def test_the_default_tiers_are_models_that_the_installed_package_knows() -> None:
    from typing import get_args  # noqa: PLC0415

    from openai.types import ChatModel  # noqa: PLC0415

    assert set(DEFAULT_TIERS.values()) <= set(get_args(ChatModel))


def test_the_client_is_made_at_the_first_call_and_once_however_many_threads_call(stand_in_that: StandInThat) -> None:
    stand_in = stand_in_that(Reply(text="hi"))
    made: list[openai.OpenAI] = []
    together = threading.Barrier(8)

    def factory() -> openai.OpenAI:
        hashlib.pbkdf2_hmac("sha256", b"", b"", 100_000)  # leaves the other threads time to come in, if they can
        made.append(make_client(api_key=KEY, base_url=stand_in.url))
        return made[-1]

    provider = OpenAIProvider(client_factory=factory)
    assert made == []

    def ask(_: int) -> str:
        together.wait()
        return provider.converse(question()).text

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == ["hi"] * 8
    assert len(made) == 1


def test_a_client_that_could_not_be_made_is_tried_again(stand_in_that: StandInThat) -> None:
    stand_in = stand_in_that(Reply(text="hi"))
    tries: list[None] = []

    def factory() -> openai.OpenAI:
        tries.append(None)
        if len(tries) == 1:
            raise openai.OpenAIError("not yet")
        return make_client(api_key=KEY, base_url=stand_in.url)

    provider = OpenAIProvider(client_factory=factory)
    with pytest.raises(ModelAccessDeniedError, match="not yet"):
        provider.converse(question())
    assert provider.converse(question()).text == "hi"


def test_the_clients_settings() -> None:
    client = make_client(api_key=KEY)
    assert client.max_retries == 0
    assert client.timeout == httpx2.Timeout(READ_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS)
    assert (READ_TIMEOUT_SECONDS, CONNECT_TIMEOUT_SECONDS) == (120, 5)
    assert str(client.base_url) == "https://api.openai.com/v1/"


def test_an_admin_key_alone_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", KEY)
    with pytest.raises(ModelAccessDeniedError, match="admin key"):
        OpenAIProvider().converse(question())


def test_a_clients_key_may_be_looked_up_at_each_call(stand_in_that: StandInThat) -> None:
    stand_in = stand_in_that(Reply(text="hi"))
    keys = iter(["first", "second"])
    client = make_client(api_key=lambda: next(keys), base_url=stand_in.url)
    provider = OpenAIProvider(client_factory=lambda: client)
    for _ in range(2):
        provider.converse(question())
    assert [request.headers["authorization"] for request in stand_in.requests] == ["Bearer first", "Bearer second"]
