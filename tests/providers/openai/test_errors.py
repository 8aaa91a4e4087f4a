"""Every error that the package can raise about a model call has its place in the model layer's errors."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest

from providers.errors import (
    ModelAccessDeniedError,
    ModelError,
    ModelNotFoundError,
    ModelRequestError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
    PermanentModelError,
    RetryableModelError,
)
from providers.openai import CAUSES, ERROR_CODES, OPENAI_ERRORS, STATUSES, from_openai

MODEL = "gpt-5.6-luna"
REQUEST = httpx2.Request("POST", "http://x/v1/chat/completions")


def served(status: int, code: str | None = None, message: str = "No.", **body: Any) -> openai.APIStatusError:
    """As the package makes it."""
    response = httpx2.Response(status, json={"error": {"message": message, "code": code, **body}}, request=REQUEST)
    client = openai.OpenAI(api_key="x", base_url="http://x/v1")
    return client._make_status_error_from_response(response)


def connection(cause: Exception) -> openai.APIConnectionError:
    """As the package raises it."""
    error = openai.APIConnectionError(request=REQUEST)
    error.__cause__ = cause
    return error


def mapped(error: openai.OpenAIError, label: str = "judge", *secrets: str) -> ModelError:
    return from_openai(error, MODEL, label, secrets)


def subclasses(kind: type[openai.OpenAIError]) -> Iterator[type[openai.OpenAIError]]:
    yield kind
    for subclass in kind.__subclasses__():
        if subclass.__module__.partition(".")[0] == "openai":
            yield from subclasses(subclass)


def test_every_error_that_the_installed_package_exports_is_in_the_table() -> None:
    exported = [getattr(openai, name) for name in openai.__all__]
    errors = {one for one in exported if inspect.isclass(one) and issubclass(one, openai.OpenAIError)}
    assert errors == set(OPENAI_ERRORS)
    assert len(errors) >= 15, "the walk must find the errors"


def test_no_error_is_left_out() -> None:
    """Every error class the package defines maps, whatever its constructor wants."""
    found = list(subclasses(openai.OpenAIError))
    assert len(found) >= 18
    for error in found:
        made = error.__new__(error)
        made.status_code = 418  # type: ignore[attr-defined]
        made.code = made.type = None  # type: ignore[attr-defined]
        assert isinstance(mapped(made), ModelError)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (301, ModelRequestError),
        (307, ModelRequestError),
        (400, ModelRequestError),
        (401, ModelAccessDeniedError),
        (402, ModelAccessDeniedError),
        (403, ModelAccessDeniedError),
        (404, ModelNotFoundError),
        (405, ModelRequestError),
        (408, ModelTimeoutError),
        (409, ModelUnavailableError),
        (413, ModelRequestError),
        (418, ModelRequestError),
        (422, ModelRequestError),
        (425, ModelUnavailableError),
        (429, ModelThrottledError),
        (500, ModelUnavailableError),
        (502, ModelUnavailableError),
        (503, ModelUnavailableError),
        (504, ModelTimeoutError),
        (529, ModelUnavailableError),
        (599, ModelUnavailableError),
    ],
)
def test_an_unknown_code_is_judged_by_its_status(status: int, expected: type[ModelError]) -> None:
    for code in (None, "a_code_of_the_future"):
        error = mapped(served(status, code))
        assert type(error) is expected
        assert str(status) in str(error)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (429, "insufficient_quota", ModelAccessDeniedError),
        (429, "billing_hard_limit_reached", ModelAccessDeniedError),
        (429, "rate_limit_exceeded", ModelThrottledError),
        (404, "model_not_found", ModelNotFoundError),
        (400, "model_not_found", ModelNotFoundError),
        (400, "content_filter", ModelRequestError),
        (400, "context_length_exceeded", ModelRequestError),
        (401, "invalid_api_key", ModelAccessDeniedError),
    ],
)
def test_a_code_says_more_than_its_status(status: int, code: str, expected: type[ModelError]) -> None:
    assert type(mapped(served(status, code))) is expected
    assert type(mapped(served(status, None, type=code))) is expected, "some servers have it there"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (openai.APITimeoutError(REQUEST), ModelTimeoutError),
        (connection(httpx2.ConnectError("[Errno 111] Connection refused")), ModelUnavailableError),
        (connection(httpx2.ReadError("")), ModelUnavailableError),
        (connection(httpx2.RemoteProtocolError("")), ModelUnavailableError),
        (connection(httpx2.DecodingError("")), ModelUnavailableError),
        (connection(httpx2.ProxyError("")), ModelUnavailableError),
        (connection(httpx2.UnsupportedProtocol("")), ModelRequestError),
        (connection(httpx2.LocalProtocolError("")), ModelRequestError),
        (openai.OpenAIError("Missing credentials."), ModelAccessDeniedError),
    ],
)
def test_errors_without_an_answer(error: openai.OpenAIError, expected: type[ModelError]) -> None:
    assert type(mapped(error)) is expected


@pytest.mark.parametrize(
    ("cause", "advice"),
    [(httpx2.ConnectTimeout, "OPENAI_BASE_URL"), (httpx2.ReadTimeout, "MODEL_READ_TIMEOUT")],
)
def test_a_timeout_says_where_it_was(cause: type[Exception], advice: str) -> None:
    error = openai.APITimeoutError(REQUEST)
    error.__cause__ = cause("")
    assert advice in str(mapped(error))
    assert cause.__name__ in str(mapped(error))


def test_an_error_of_a_later_version_is_treated_as_its_nearest_ancestor() -> None:
    class NovelError(openai.APITimeoutError):
        pass

    assert type(mapped(NovelError(REQUEST))) is ModelTimeoutError


def test_the_message_says_what_where_and_what_to_do() -> None:
    text = str(mapped(served(429, message="Too many tokens per minute.")))
    for part in ("RateLimitError", "429", "Too many tokens per minute.", MODEL, "'judge'", "rate limits"):
        assert part in text
    assert "label" not in str(mapped(served(429), label=""))
    assert "Connection refused" in str(mapped(connection(httpx2.ConnectError("Connection refused"))))


def test_a_message_is_one_line_of_bounded_length() -> None:
    text = str(mapped(served(400, message="first\nsecond " + "x" * 10_000)))
    assert "\n" not in text
    assert "first second" in text
    assert len(text) < 1_000


def test_a_key_that_a_server_repeats_is_not_repeated() -> None:
    key = "sk-" + "k" * 20
    assert key not in str(mapped(served(401, message=f"Incorrect API key provided: {key}."), "judge", key))
    illegal = connection(httpx2.LocalProtocolError(f"Illegal header value b'Bearer {key}'"))
    assert key not in str(mapped(illegal, "judge"))
    assert "a word" in str(mapped(served(401, message="That is a word."), "judge", "a"))


@pytest.mark.parametrize(
    "treatment", [*ERROR_CODES.values(), *OPENAI_ERRORS.values(), *STATUSES.values(), *CAUSES.values()]
)
def test_every_treatment_has_advice(treatment: Any) -> None:
    assert issubclass(treatment.error, RetryableModelError | PermanentModelError)
    assert treatment.advice.endswith(".")
