"""What the Bedrock provider makes of everything that can go wrong on the way, and that it costs one request."""

from __future__ import annotations

from typing import Any

import botocore.exceptions as bx
import pytest

from providers import (
    FatalModelError,
    ModelAccessDeniedError,
    ModelError,
    ModelOutputError,
    ModelRequestError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from providers.bedrock import (
    DEFAULT_TIERS,
    ERROR_CODES,
    BedrockConfigurationError,
    BedrockProvider,
    make_client,
)
from tests.providers.bedrock.stand_in import ANSWER, StandInThat, keys, provider_at
from tests.providers.contract import question
from tests.stand_in import (
    Behaviour,
    ConverseStandIn,
    Drop,
    Fail,
    Malformed,
    Reply,
    Stall,
    error_statuses,
)

FAILING: list[tuple[Behaviour, type[ModelError]]] = [
    *((Fail(code), ERROR_CODES[code].error) for code in sorted(error_statuses())),
    (Fail("ExpiredTokenException", status=403), ModelAccessDeniedError),
    (Fail("NovelException", status=503), ModelUnavailableError),
    (Drop(), ModelUnavailableError),
    (Malformed(), ModelUnavailableError),
    (Malformed(b""), ModelUnavailableError),
    (Malformed(b"{}"), ModelUnavailableError),
    (Malformed(b"[]"), ModelUnavailableError),
    (Malformed(b"null"), ModelUnavailableError),
    (Malformed(b"\xff\xfe"), ModelUnavailableError),
    (Malformed(b"[" * 100_000), ModelUnavailableError),
    (Malformed(b"<html>Sign in to the guest network</html>"), ModelUnavailableError),
    (Malformed(b'{"output": "x"}'), ModelUnavailableError),
    (Malformed(b'{"output": {"message": {"role": "assistant", "content": [3]}}}'), ModelUnavailableError),
    (
        Malformed(b'{"output": {"message": {"role": "assistant", "content": [{"text": "a", "image": {}}]}}}'),
        ModelUnavailableError,
    ),
    (Reply(body={key: value for key, value in ANSWER.items() if key != "stopReason"}), ModelOutputError),
    (Reply(body={key: value for key, value in ANSWER.items() if key != "output"}), ModelOutputError),
    (Reply(body=ANSWER | {"stopReason": "a reason of the future"}), ModelOutputError),
    (
        Reply(body=ANSWER | {"output": {"message": {"role": "assistant", "content": [{"novel": {}}]}}}),
        ModelOutputError,
    ),
]


@pytest.mark.parametrize(("behaviour", "expected"), FAILING)
def test_a_failure_is_one_request_and_a_typed_error_that_names_the_model(
    stand_in_that: StandInThat, behaviour: Behaviour, expected: type[ModelError]
) -> None:
    stand_in = stand_in_that(behaviour)
    with pytest.raises(ModelError) as caught:
        provider_at(stand_in.url).converse(question(model="amazon.nova-lite-v1:0"))
    assert type(caught.value) is expected
    assert "amazon.nova-lite-v1:0" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(stand_in.requests) == 1


def test_a_stall_is_one_request_and_a_timeout(stand_in_that: StandInThat) -> None:
    stand_in = stand_in_that(Stall())
    with pytest.raises(ModelTimeoutError, match="MODEL_READ_TIMEOUT") as caught:
        provider_at(stand_in.url, read_timeout=1).converse(question())
    assert isinstance(caught.value.__cause__, bx.ReadTimeoutError)
    assert len(stand_in.requests) == 1


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_the_environment_cannot_bring_botocores_retries_back(
    stand_in_that: StandInThat, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setenv("AWS_RETRY_MODE", mode)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    stand_in = stand_in_that(Fail("ThrottlingException"))
    with pytest.raises(ModelThrottledError):
        provider_at(stand_in.url).converse(question())
    assert len(stand_in.requests) == 1


def test_the_cause_is_botocores_error(stand_in_that: StandInThat) -> None:
    with pytest.raises(ModelThrottledError) as caught:
        provider_at(stand_in_that(Fail("ThrottlingException", "Slow down.")).url).converse(question())
    assert isinstance(caught.value.__cause__, bx.ClientError)
    for part in ("Slow down.", "HTTP 429", DEFAULT_TIERS["small"], "'look-around'"):
        assert part in str(caught.value)


def test_nobody_listening_is_unavailable() -> None:
    with ConverseStandIn() as stand_in:
        url = stand_in.url
    with pytest.raises(ModelUnavailableError, match="EndpointConnectionError"):
        provider_at(url).converse(question())


def test_a_request_that_the_service_model_refuses_never_leaves(stand_in_that: StandInThat) -> None:
    stand_in = stand_in_that(Reply(text="hi"))
    with pytest.raises(ModelRequestError, match="stop_sequences"):
        provider_at(stand_in.url).converse(question(stop_sequences=("",)))
    assert stand_in.requests == ()


def test_no_credentials_is_access_denied_and_says_what_to_do() -> None:
    with ConverseStandIn() as stand_in:
        client = make_client(region_name="us-east-1", endpoint_url=stand_in.url)
        with pytest.raises(ModelAccessDeniedError, match=r"credentials.*AWS_PROFILE.*aws configure"):
            BedrockProvider(client_factory=lambda: client).converse(question())
        assert stand_in.requests == ()


def test_a_broken_profile_is_access_denied_and_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    with pytest.raises(ModelAccessDeniedError, match=r"no-such-profile.*AWS_PROFILE"):
        BedrockProvider().converse(question())


def test_no_region_is_a_request_error_and_says_what_to_set() -> None:
    with pytest.raises(ModelRequestError, match="AWS_DEFAULT_REGION"):
        BedrockProvider().converse(question())


def test_an_endpoint_that_is_no_url_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "not a url")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with pytest.raises(BedrockConfigurationError, match="not a url"):
        BedrockProvider().converse(question())


class Interrupted(BaseException):
    """As a test double of a dying process may raise it."""


@pytest.mark.parametrize("event", ["before-send", "before-parse"])
@pytest.mark.parametrize(
    "error",
    [
        FatalModelError("not in the cassette"),
        Interrupted(),
        KeyboardInterrupt(),
        ZeroDivisionError("a defect of the handler"),
        AttributeError("a defect of the handler"),
    ],
)
def test_what_a_botocore_handler_raises_passes_through(event: str, error: BaseException) -> None:
    def handler(**_: Any) -> None:
        raise error

    with ConverseStandIn() as stand_in:
        client = make_client(session=keys(), endpoint_url=stand_in.url)
        client.meta.events.register(f"{event}.bedrock-runtime.Converse", handler)
        with pytest.raises(type(error)) as caught:
            BedrockProvider(client_factory=lambda: client).converse(question())
    assert caught.value is error
