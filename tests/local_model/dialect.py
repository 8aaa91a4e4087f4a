"""The server's own way to be sent a schema: `json_object`, and the schema beside it."""

from __future__ import annotations

import json
from typing import Any

import httpx2


class OlderSchema(httpx2.BaseTransport):
    """Sends requests on, a `json_schema` of theirs as llama-cpp-python 0.3.36 takes one.

    It refuses what others take, and a `pattern` with an escape ends its process.
    """

    def __init__(self, transport: httpx2.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a request."""
        body = json.loads(request.read())
        if wanted := body.pop("response_format", None):
            body["response_format"] = {"type": "json_object", "schema": _without_patterns(wanted)}
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        return self._transport.handle_request(
            httpx2.Request(
                request.method, request.url, headers=headers, content=json.dumps(body), extensions=request.extensions
            )
        )

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()


def _without_patterns(wanted: Any) -> Any:
    return json.loads(
        json.dumps(wanted["json_schema"]["schema"]),
        object_hook=lambda part: {key: value for key, value in part.items() if (key, type(value)) != ("pattern", str)},
    )
