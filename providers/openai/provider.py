"""Chat Completions as a model provider, on the official `openai` package."""

from __future__ import annotations

import re
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import httpx2
import openai

from providers.errors import PermanentModelError
from providers.model import ModelRequest, ModelResponse
from providers.openai.chat import Limit, request_to_chat, response_from_chat
from providers.openai.errors import from_openai, unreadable_answer
from providers.openai.settings import TERMS, OpenAIConfigurationError, limit_of
from providers.openai.text import parsed
from providers.settings import READ_TIMEOUT_SECONDS, Settings

CONNECT_TIMEOUT_SECONDS = 5
"""Longest wait for a connection, in seconds: one that takes longer is not going to come."""

MAX_CONNECTIONS = 50
"""Connections kept open: one for each branch that may call at the same time."""

LABEL_HEADER = "X-Client-Request-Id"
"""Where a request's label goes: OpenAI logs it, and no other server minds. In the body there is no place for it: OpenAI
takes `metadata` only from those who have it store their conversations, and others refuse members they do not know."""

_NEWER_LIMIT = re.compile(r"(?:.+\.)?(?:openai\.com|azure\.com|amazonaws\.com|api\.aws)")
"""Hosts whose endpoints know `max_completion_tokens`. Some of their models refuse the older `max_tokens`."""

_ASKED_AT = "durable_ai.asked_at"


def make_client(
    *,
    read_timeout: int = READ_TIMEOUT_SECONDS,
    clock: Callable[[], float] = time.monotonic,
    http: Mapping[str, Any] | None = None,
    **client_kwargs: Any,
) -> openai.OpenAI:
    """A client as this provider wants it: bounded waits, and not one retry or redirect.

    The durable step owns retrying. Its delays suspend the function instead of billing it, and the package's retries
    would multiply with the step's: three times six calls instead of six.

    Args:
        read_timeout: Longest silence, in seconds, before an answer and within it. An answer that is still coming after
            as long is given up on, so that a call lasts at most twice that.
        clock: Tells the time, in seconds.
        http: Further arguments of the HTTP library's client, such as `transport` or `verify`.
        client_kwargs: Further arguments of `openai.OpenAI`, such as `api_key` and `base_url`; what is left out, the
            package takes from the environment.

    Raises:
        openai.OpenAIError: There are no credentials.
        httpx2.InvalidURL: The base URL is none.
    """

    def asked(request: httpx2.Request) -> None:
        request.extensions[_ASKED_AT] = clock()

    def answered(response: httpx2.Response) -> None:
        assert isinstance(response.stream, httpx2.SyncByteStream), "the client is a synchronous one"
        deadline = response.request.extensions[_ASKED_AT] + read_timeout
        response.stream = _Bounded(response.stream, deadline, clock)

    session = openai.DefaultHttpxClient(
        timeout=httpx2.Timeout(read_timeout, connect=CONNECT_TIMEOUT_SECONDS),
        limits=httpx2.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS),
        follow_redirects=False,
        event_hooks={"request": [asked], "response": [answered]},
        **(http or {}),
    )
    client = openai.OpenAI(max_retries=0, http_client=session, **client_kwargs)
    if not (client.api_key or "provider" in client_kwargs or callable(client_kwargs.get("api_key"))):
        raise openai.OpenAIError("Missing credentials: an admin key alone asks no model.")
    weakref.finalize(client, session.close)  # the package closes what it makes, and leaves open what it is given
    return client


class _Bounded(httpx2.SyncByteStream):
    """An answer's bytes, as long as they come in time: between two of them the read timeout starts anew."""

    def __init__(self, stream: httpx2.SyncByteStream, deadline: float, clock: Callable[[], float]) -> None:
        self._stream, self._deadline, self._clock = stream, deadline, clock

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            if self._clock() > self._deadline:
                raise httpx2.ReadTimeout("the answer takes too long")
            yield chunk

    def close(self) -> None:
        self._stream.close()


def check_access() -> None:
    """Make sure, before anything is asked, that there are a key and a base URL; what they allow is not checked.

    Raises:
        OpenAIConfigurationError: There is no key, or one of the two makes no sense.
    """
    try:
        _checked(make_client())
    except openai.OpenAIError as error:
        raise OpenAIConfigurationError(
            "There is no OPENAI_API_KEY; set it, to any word for a server that wants no key, or choose a provider that "
            "needs none, such as cassette."
        ) from error
    except httpx2.InvalidURL as error:
        raise _no_url() from error


class OpenAIProvider:
    """Answers model requests with an OpenAI-compatible Chat Completions endpoint. Safe from any number of threads.

    Args:
        client_factory: Makes the client, at the first call and once; None is `make_client`.
        tiers: Model ids for some or all of the tiers; the others keep `DEFAULT_TIERS`, which are OpenAI's.
        structured_output: Send a request's output schema to the server. Switch it off for a server that takes none:
            the prompt asks for JSON, and the reply is validated, all the same.
        read_timeout: Longest silence, in seconds, for the default client.
        limit: The parameter that bounds a reply; None is `max_completion_tokens` for OpenAI, Azure and AWS, and
            `max_tokens` for every other host.

    Raises:
        OpenAIConfigurationError: One of them makes no sense.
    """

    def __init__(
        self,
        *,
        client_factory: Callable[[], openai.OpenAI] | None = None,
        tiers: Mapping[str, str] | None = None,
        structured_output: bool = True,
        read_timeout: int = READ_TIMEOUT_SECONDS,
        limit: Limit | None = None,
    ) -> None:
        self._settings = Settings(TERMS, tiers or {}, structured_output, read_timeout)
        self._limit_set = limit
        self._client_factory = client_factory or (lambda: make_client(read_timeout=read_timeout))
        self._client: openai.OpenAI | None = None
        self._lock = threading.Lock()

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str], *, client_factory: Callable[..., openai.OpenAI] = make_client
    ) -> Self:
        """A provider with the settings in `environ`, all optional; credentials and URL are the package's affair.

        `MODEL_SMALL`, `MODEL_MEDIUM` and `MODEL_LARGE` are model ids, `MODEL_READ_TIMEOUT` is in seconds,
        `MODEL_STRUCTURED_OUTPUT` is `on` or `off`, `MODEL_TOKEN_LIMIT` is `max_tokens` or `max_completion_tokens`. The
        factory is given a `read_timeout`, as `make_client` takes it.

        Raises:
            OpenAIConfigurationError: One of them is malformed.
        """
        settings = Settings.of(environ, TERMS)
        return cls(
            client_factory=lambda: client_factory(read_timeout=settings.read_timeout),
            tiers=settings.tiers,
            structured_output=settings.structured_output,
            read_timeout=settings.read_timeout,
            limit=limit_of(environ),
        )

    def model_id(self, model: str) -> str:
        """The model id that a request's `model` stands for: a tier's, or the id itself."""
        return self._settings.model_id(model)

    def converse(self, request: ModelRequest) -> ModelResponse:
        """Answer `request` with exactly one HTTP request.

        Raises:
            ModelError: Of the kind that `providers.openai.errors` says; `ModelOutputError` for an answer of a shape
                that this version does not know.
            OpenAIConfigurationError: The package cannot make a client of what is configured.
        """
        model_id = self.model_id(request.model)
        secrets: tuple[str, ...] = ()
        try:
            client = self._ready_client()
            secrets = (client.api_key,)
            raw = client.chat.completions.with_raw_response.create(
                **request_to_chat(
                    request, model_id, limit=self._limit(client), structured_output=self._settings.structured_output
                ),
                extra_headers={LABEL_HEADER: request.label} if request.label else None,
            )
        except openai.OpenAIError as error:
            raise from_openai(error, model_id, request.label, secrets) from error
        try:
            document = parsed(raw.content)
        except ValueError as error:
            raise unreadable_answer(model_id, request.label, "it is no JSON that can be kept") from error
        if not isinstance(document, dict) or "choices" not in document:
            raise unreadable_answer(model_id, request.label, "it holds no choices")
        return response_from_chat(document, model_id)

    def _limit(self, client: openai.OpenAI) -> Limit:
        if self._limit_set is not None:
            return self._limit_set
        return "max_completion_tokens" if _NEWER_LIMIT.fullmatch(client.base_url.host) else "max_tokens"

    def _ready_client(self) -> openai.OpenAI:
        with self._lock:
            if self._client is None:
                try:
                    self._client = _checked(self._client_factory())
                except httpx2.InvalidURL as error:
                    raise _no_url() from error
            return self._client


def _checked(client: openai.OpenAI) -> openai.OpenAI:
    """`client`, if it can ask at all: what it is given is looked at by nobody else before it fails in some odd way."""
    if not (client.api_key.isascii() and client.api_key.isprintable()) or client.api_key != client.api_key.strip():
        raise OpenAIConfigurationError("OPENAI_API_KEY holds characters that no key has, such as a line's end.")
    if client.base_url.scheme not in ("http", "https") or not client.base_url.host:
        raise _no_url()
    return client


def _no_url() -> PermanentModelError:
    return OpenAIConfigurationError(
        "OPENAI_BASE_URL must be a URL with http:// or https://, such as http://127.0.0.1:8080/v1."
    )
