"""What the `openai` package can raise about a model call, as the model layer's errors: tables, nothing goes unnoticed.

Codes and meanings: https://developers.openai.com/api/docs/guides/error-codes. A test walks the installed package: an
error that is new there and missing here fails it.
"""

from __future__ import annotations

from collections.abc import Collection

import httpx2
import openai

from providers.errors import (
    ModelAccessDeniedError,
    ModelError,
    ModelNotFoundError,
    ModelRequestError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from providers.treatment import Treatment, sentence

SHORTEST_SECRET = 8
"""Characters of a key that is worth hiding: for a server that wants none, it may be any word."""


_THROTTLED = Treatment(
    ModelThrottledError, "Ask again later; if it lasts, raise the account's rate limits or ask less at a time."
)
_NO_CREDIT = Treatment(
    ModelAccessDeniedError, "Asking again cannot help: see the account's plan and billing, and the project's limits."
)
_UNAVAILABLE = Treatment(ModelUnavailableError, "Ask again later; if it lasts, see the server's status or its log.")
_NOT_REACHED = Treatment(
    ModelUnavailableError, "Ask again later; if it lasts, check OPENAI_BASE_URL, the network and the proxy settings."
)
_SLOW_SERVICE = Treatment(ModelTimeoutError, "Ask again later, or ask for less: a lower max_tokens, a shorter prompt.")
_SLOW_ANSWER = Treatment(
    ModelTimeoutError,
    "Ask again, ask for less, or raise MODEL_READ_TIMEOUT, but not to half of the function's timeout.",
)
_NO_CONNECTION = Treatment(
    ModelTimeoutError, "Ask again later; if it lasts, check OPENAI_BASE_URL, and that the network has a route there."
)
_DENIED = Treatment(
    ModelAccessDeniedError, "Allow the key's project to use this model, and see that it is offered in this region."
)
_BAD_CREDENTIALS = Treatment(
    ModelAccessDeniedError, "Check OPENAI_API_KEY, and that it is a key of the server that OPENAI_BASE_URL names."
)
_NO_CREDENTIALS = Treatment(ModelAccessDeniedError, "Set OPENAI_API_KEY; for a server that wants no key, to any word.")
_NOT_FOUND = Treatment(
    ModelNotFoundError,
    "Check the model id (MODEL_SMALL, MODEL_MEDIUM, MODEL_LARGE), that the server has it, and that OPENAI_BASE_URL "
    "ends where its API starts, mostly in /v1.",
)
_REFUSED = Treatment(ModelRequestError, "Correct the request; asking again as it is cannot help.")
_WITHHELD = Treatment(ModelRequestError, "A content filter refuses the prompt; reword it.")
_TOO_LONG = Treatment(ModelRequestError, "The conversation does not fit the model's context window; shorten it.")
_MISCONFIGURED = Treatment(ModelRequestError, "Correct OPENAI_BASE_URL and the other OPENAI_ variables.")

ERROR_CODES: dict[str, Treatment] = {
    "insufficient_quota": _NO_CREDIT,
    "billing_hard_limit_reached": _NO_CREDIT,
    "billing_not_active": _NO_CREDIT,
    "rate_limit_exceeded": _THROTTLED,
    "model_not_found": _NOT_FOUND,
    "invalid_api_key": _BAD_CREDENTIALS,
    "content_filter": _WITHHELD,
    "content_policy_violation": _WITHHELD,
    "context_length_exceeded": _TOO_LONG,
}
"""By the `code` of an error body. It says more than the status: an account without credit gets a 429, as a busy one."""

STATUSES: dict[int, Treatment] = {
    400: _REFUSED,
    401: _BAD_CREDENTIALS,
    402: _NO_CREDIT,
    403: _DENIED,
    404: _NOT_FOUND,
    408: _SLOW_SERVICE,
    409: _UNAVAILABLE,
    425: _UNAVAILABLE,
    429: _THROTTLED,
    504: _SLOW_SERVICE,
}
_FIRST_REDIRECT, _FIRST_CLIENT_ERROR, _FIRST_SERVER_ERROR = 300, 400, 500

OPENAI_ERRORS: dict[type[openai.OpenAIError], Treatment] = {
    openai.OpenAIError: _NO_CREDENTIALS,  # bare, it is what the package raises for credentials that are missing
    openai.APIError: _UNAVAILABLE,
    openai.APIResponseValidationError: _NOT_REACHED,
    openai.APIConnectionError: _NOT_REACHED,
    openai.APITimeoutError: _SLOW_ANSWER,
    openai.APIStatusError: _REFUSED,
    openai.BadRequestError: _REFUSED,
    openai.AuthenticationError: _BAD_CREDENTIALS,
    openai.OAuthError: _BAD_CREDENTIALS,
    openai.PermissionDeniedError: _DENIED,
    openai.NotFoundError: _NOT_FOUND,
    openai.ConflictError: _UNAVAILABLE,
    openai.UnprocessableEntityError: _REFUSED,
    openai.RateLimitError: _THROTTLED,
    openai.InternalServerError: _UNAVAILABLE,
    # Of what is not used here: parsed completions, and connections by WebSocket.
    openai.LengthFinishReasonError: _REFUSED,
    openai.ContentFilterFinishReasonError: _WITHHELD,
    openai.WebSocketConnectionClosedError: _NOT_REACHED,
    openai.WebSocketQueueFullError: _NOT_REACHED,
}
"""By class; one that is not here is treated as its nearest ancestor, and `OpenAIError` is everybody's."""

CAUSES: dict[type[BaseException], Treatment] = {
    httpx2.ConnectTimeout: _NO_CONNECTION,
    httpx2.PoolTimeout: _NO_CONNECTION,
    httpx2.UnsupportedProtocol: _MISCONFIGURED,
    httpx2.LocalProtocolError: _MISCONFIGURED,
}
"""By the HTTP library's error behind an `APIConnectionError`, where that says more."""


def from_openai(error: openai.OpenAIError, model_id: str, label: str, secrets: Collection[str] = ()) -> ModelError:
    """The model layer's error for one of the package's. Raise it `from` that one.

    Args:
        error: What the package raised.
        model_id: The model that was asked.
        label: The request's.
        secrets: What the message must not repeat, should the server.
    """
    said = _said(error)
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            said = said.replace(secret, "***")
    return _treatment(error).failure(sentence(type(error).__name__, said), model_id, label)


def unreadable_answer(model_id: str, label: str, what: str) -> ModelError:
    """The error for an answer that is no chat completion: cut off, or sent by something on the way to the model."""
    return _NOT_REACHED.failure(sentence("The answer is not a chat completion", what), model_id, label)


def _treatment(error: openai.OpenAIError) -> Treatment:
    if isinstance(error, openai.APIStatusError):
        return ERROR_CODES.get(error.code or "") or ERROR_CODES.get(error.type or "") or _by_status(error)
    if isinstance(error, openai.APIConnectionError) and (cause := CAUSES.get(type(error.__cause__ or error))):
        return cause
    return next(OPENAI_ERRORS[kind] for kind in type(error).__mro__ if kind in OPENAI_ERRORS)


def _by_status(error: openai.APIStatusError) -> Treatment:
    status = error.status_code
    if _FIRST_REDIRECT <= status < _FIRST_CLIENT_ERROR:
        return _MISCONFIGURED  # no redirect is followed: a call is one request
    return STATUSES.get(status, _UNAVAILABLE if status >= _FIRST_SERVER_ERROR else _REFUSED)


def _said(error: openai.OpenAIError) -> str:
    cause = error.__cause__
    if not isinstance(error, openai.APIConnectionError) or cause is None:
        return str(error)
    # Only here are the library's words worth repeating; in others may be headers, and the key in them.
    words = f": {cause}" if isinstance(cause, httpx2.ConnectError) else ""
    return f"{type(cause).__name__}{words}"
