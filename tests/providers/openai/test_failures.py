"""What the OpenAI provider makes of everything that can go wrong on the way, and that it costs one request."""

from __future__ import annotations

import json

import httpx2
import openai
import pytest

from providers import (
    FatalModelError,
    ModelAccessDeniedError,
    ModelError,
    ModelNotFoundError,
    ModelOutputError,
    ModelRequestError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from providers.openai import OpenAIConfigurationError, OpenAIProvider, make_client
from tests.chat_stand_in import ERROR_STATUSES, ChatStandIn, fail
from tests.loopback import Answer, LoopbackServer
from tests.providers.contract import question
from tests.providers.openai.stand_in import ANSWER, FAILURES, KEY, StandInThat, provider_at
from tests.stand_in import Behaviour, Drop, Fail, Malformed, Reply, Stall

FAILING: list[tuple[Behaviour, type[ModelError]]] = [
    *((behaviour, kind) for kind, behaviour in FAILURES.items()),
    (fail("insufficient_quota"), ModelAccessDeniedError),
    (fail("unsupported_country_region_territory"), ModelAccessDeniedError),
    (fail("server_error"), ModelUnavailableError),
    (Fail("novel", status=503), ModelUnavailableError),
    (Fail("novel", status=409), ModelUnavailableError),
    (Fail("novel", status=422), ModelRequestError),
    (Drop(), ModelUnavailableError),
    (Drop(reset=True), ModelUnavailableError),
    (Malformed(), ModelUnavailableError),
    (Malformed(b""), ModelUnavailableError),
    (Malformed(b"{}"), ModelUnavailableError),
    (Malformed(b"[]"), ModelUnavailableError),
    (Malformed(b"null"), ModelUnavailableError),
    (Malformed(b"\xff\xfe"), ModelUnavailableError),
    (Malformed(b"[" * 100_000), ModelUnavailableError),
    (Malformed(b"<html>Sign in to the guest network</html>"), ModelUnavailableError),
    (Malformed(b'{"error": {"message": "busy", "code": 502}}'), ModelUnavailableError),
    (Malformed(json.dumps(ANSWER).replace('"hi"', "NaN").encode()), ModelUnavailableError),
    (Malformed(b'{"choices": []}'), ModelOutputError),
    (Reply(body=ANSWER | {"choices": [{"message": {"content": "hi"}}]}), ModelOutputError),
]


@pytest.mark.parametrize(("behaviour", "expected"), FAILING)
def test_a_failure_is_one_request_and_a_typed_error_that_names_the_model(
    stand_in_that: StandInThat, behaviour: Behaviour, expected: type[ModelError]
) -> None:
    stand_in = stand_in_that(behaviour)
    with pytest.raises(ModelError) as caught:
        provider_at(stand_in.url).converse(question(model="gpt-5.6-sol"))
    assert type(caught.value) is expected
    assert "gpt-5.6-sol" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value)
    assert len(stand_in.requests) == 1


def test_the_stand_in_has_every_kind_of_status() -> None:
    assert {400, 401, 403, 404, 429, 500, 503, 504} <= set(ERROR_STATUSES.values())


def test_a_stall_is_one_request_and_a_timeout(stand_in_that: StandInThat) -> None:
    stand_in = stand_in_that(Stall())
    with pytest.raises(ModelTimeoutError, match="MODEL_READ_TIMEOUT") as caught:
        provider_at(stand_in.url, read_timeout=1).converse(question())
    assert isinstance(caught.value.__cause__, openai.APITimeoutError)
    assert len(stand_in.requests) == 1


def test_an_answer_that_trickles_is_given_up_on() -> None:
    """Each byte comes in time, and all of them would not."""
    now, sent = [0.0], []

    class Trickle(httpx2.SyncByteStream):
        def __iter__(self):  # type: ignore[no-untyped-def]
            for byte in json.dumps(ANSWER).encode():
                now[0] += 5
                sent.append(byte)
                yield bytes([byte])

    transport = httpx2.MockTransport(
        lambda _: httpx2.Response(200, headers={"content-type": "application/json"}, stream=Trickle())
    )
    client = make_client(
        read_timeout=60, clock=lambda: now[0], http={"transport": transport}, api_key=KEY, base_url="http://x/v1"
    )
    with pytest.raises(ModelTimeoutError, match="ReadTimeout"):
        OpenAIProvider(client_factory=lambda: client).converse(question())
    assert len(sent) == 13


def test_a_redirect_is_not_followed() -> None:
    asked: list[str] = []

    def redirect(http: object) -> Answer:
        asked.append("once")
        return Answer(307, {"location": f"{server.url}/elsewhere"}, b"")

    server = LoopbackServer(redirect, name="redirecting")
    with server, pytest.raises(ModelRequestError, match=r"307.*OPENAI_BASE_URL"):
        provider_at(f"{server.url}/v1").converse(question())
    assert asked == ["once"]


def test_a_base_url_that_leads_elsewhere_says_so(stand_in_that: StandInThat) -> None:
    url = stand_in_that(Reply(text="hi")).url.removesuffix("/v1")
    with pytest.raises(ModelNotFoundError, match=r"OPENAI_BASE_URL ends where its API starts, mostly in /v1"):
        provider_at(url).converse(question())


def test_the_cause_is_the_packages_error(stand_in_that: StandInThat) -> None:
    with pytest.raises(ModelThrottledError) as caught:
        provider_at(stand_in_that(fail("rate_limit_exceeded", "Slow down.")).url).converse(question())
    assert isinstance(caught.value.__cause__, openai.RateLimitError)
    for part in ("Slow down.", "429", "gpt-5.6-luna", "'look-around'"):
        assert part in str(caught.value)


def test_nobody_listening_is_unavailable() -> None:
    with ChatStandIn(lambda _: Reply(text="hi")) as stand_in:
        url = stand_in.url
    with pytest.raises(ModelUnavailableError, match=r"ConnectError: .*refused"):
        provider_at(url).converse(question())


def test_a_request_that_has_no_place_never_leaves(stand_in_that: StandInThat) -> None:
    stand_in = stand_in_that(Reply(text="hi"))
    image = {"type": "opaque", "content": {"image": {}}}
    with pytest.raises(ModelRequestError, match="image"):
        provider_at(stand_in.url).converse(question(messages=[{"role": "user", "content": [image]}]))
    assert stand_in.requests == ()


def test_no_key_is_access_denied_and_says_what_to_do() -> None:
    with pytest.raises(ModelAccessDeniedError, match=r"Set OPENAI_API_KEY; for a server that wants no key"):
        OpenAIProvider().converse(question())


@pytest.mark.parametrize("key", ["sk-a\n", " sk-a", "sk-\u00e9", "sk-a\x00"])
def test_a_key_that_no_header_takes_is_a_clear_error_without_the_key(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    client = make_client(api_key=key)
    with pytest.raises(OpenAIConfigurationError, match="OPENAI_API_KEY holds characters") as caught:
        OpenAIProvider(client_factory=lambda: client).converse(question())
    assert key.strip() not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["not a url", "127.0.0.1:8080/v1", "localhost:8080", "ftp://x/v1", "http://", "http://x:port/v1"]
)
def test_a_base_url_that_is_none_is_a_clear_error(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    with pytest.raises(OpenAIConfigurationError, match="OPENAI_BASE_URL must be a URL"):
        OpenAIProvider().converse(question())


class Interrupted(BaseException):
    """As a test double of a dying process may raise it."""


@pytest.mark.parametrize(
    "error",
    [
        FatalModelError("not in the cassette"),
        Interrupted(),
        KeyboardInterrupt(),
        ZeroDivisionError("a defect of the handler"),
    ],
)
def test_what_the_http_client_is_made_to_raise_passes_through(error: BaseException) -> None:
    def handler(_: httpx2.Request) -> httpx2.Response:
        raise error

    client = make_client(http={"transport": httpx2.MockTransport(handler)}, api_key=KEY, base_url="http://x/v1")
    with pytest.raises(type(error)) as caught:
        OpenAIProvider(client_factory=lambda: client).converse(question())
    assert caught.value is error
