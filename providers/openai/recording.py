"""How pytest-recording keeps a conversation: with what a cassette may hold, and nothing else.

`vcr_config` is what the fixture of that name returns. The rules are the model layer's own, `providers.scrub`: of the
headers, those of an allow-list; account ids masked; nothing written that looks like a secret. Every endpoint becomes an
example host. A request's label, a header, moves into the recorded URL: vcrpy compares URLs, so that equal prompts under
different labels stay different. A replay needs a key, any, and the settings that it was recorded with: the host in
`OPENAI_BASE_URL`, too, decides which parameter bounds a reply (`MODEL_TOKEN_LIMIT` says so regardless). The scan needs
the extra `cassettes`.

vcrpy changes the HTTP library for the whole process, and looks up answers without a lock. Threads that ask the same at
once, under one label, get the recorded answers as they come, and not each its own; nothing rules out that two get the
same. Give what branches ask at once a label each.
"""

from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import quote

from providers.errors import PermanentModelError
from providers.openai.provider import LABEL_HEADER
from providers.scrub import REQUEST_HEADERS, RESPONSE_HEADERS, findings, masked, masked_numbers

ENDPOINT = "https://openai.example/v1"
"""What stands for whichever endpoint was asked."""

_PATH = "/chat/completions"
_FIRST_ERROR_STATUS = 300


class RecordingRefusedError(PermanentModelError):
    """An interaction holds what must not be written down."""


class VcrRequest(Protocol):
    """What vcrpy hands to `before_record_request`."""

    uri: str
    headers: Any
    body: Any


def vcr_config() -> dict[str, Any]:
    """Return this from pytest-recording's fixture `vcr_config`."""
    return {
        "match_on": ("method", "uri", "body"),
        "before_record_request": _request,
        "before_record_response": _response,
        "decode_compressed_response": True,
    }


def _request(request: VcrRequest) -> VcrRequest | None:
    """The request as it may be recorded, and is compared; None, which leaves it alone, if it asks no model."""
    if not request.uri.split("?")[0].endswith(_PATH):
        return None
    headers = {name.lower(): value for name, value in request.headers.items()}
    label = headers.get(LABEL_HEADER.lower())
    if not request.uri.startswith(ENDPOINT):
        request.uri = f"{ENDPOINT}{_PATH}" + (f"?label={quote(_text(label), safe='')}" if label else "")
    request.headers = {name: value for name, value in headers.items() if name in REQUEST_HEADERS}
    request.body = masked(_text(request.body)).encode()
    _refuse_secrets(_text(request.body))
    return request


def _response(response: dict[str, Any]) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in response["headers"].items()}
    mask = masked_numbers if response["status"]["code"] >= _FIRST_ERROR_STATUS else masked
    body = mask(_text(response["body"]["string"]))
    _refuse_secrets(body)
    kept = {name: value for name, value in headers.items() if name in RESPONSE_HEADERS}
    return {**response, "headers": kept, "body": {"string": body.encode()}}


def _refuse_secrets(text: str) -> None:
    if found := sorted({finding.what for finding in findings(text)}):
        raise RecordingRefusedError(f"Nothing is recorded, for what it would hold: {'; '.join(found)}. Take it out.")


def _text(raw: str | bytes) -> str:
    return raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
