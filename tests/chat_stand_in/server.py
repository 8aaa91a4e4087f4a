"""The stand-in itself: an HTTP server on the loopback interface that the `openai` package takes for its service."""

from __future__ import annotations

import json
import threading
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.chat_stand_in.answer import answer_to, failure
from tests.chat_stand_in.validation import violations
from tests.loopback import Answer, Drop, HttpRequest, LoopbackServer, Stall
from tests.stand_in import Behave, ReceivedRequest

LABEL_HEADER = "x-client-request-id"


class ChatStandIn:
    """Chat Completions on 127.0.0.1, for as long as the `with` block lasts.

    Each request is checked against the API's rules, and refused with a 400 where the API would; what happens to a valid
    one is up to `behaviour`. Any number of clients at a time, each on a thread of its own, connections kept alive.

    Args:
        behaviour: What to do with a request. It is called on the connection's thread.

    Raises:
        ExceptionGroup: On leaving the block, if `behaviour` itself failed; the clients concerned got a 500.
    """

    def __init__(self, behaviour: Behave) -> None:
        self._behaviour = behaviour
        self._lock = threading.Lock()
        self._requests: list[ReceivedRequest] = []
        self._server = LoopbackServer(self._handle, name="chat-stand-in")

    @property
    def url(self) -> str:
        """The base URL to give to the package, as `base_url` or in `OPENAI_BASE_URL`."""
        return f"{self._server.url}/v1"

    @property
    def requests(self) -> tuple[ReceivedRequest, ...]:
        """Every request so far, the refused ones too, in the order of arrival."""
        with self._lock:
            return tuple(self._requests)

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()

    def _handle(self, http: HttpRequest) -> Answer | Stall | Drop:
        """What to do with a request. Called by the server's threads."""
        path = urlsplit(http.target).path
        if path != "/v1/chat/completions" or http.method != "POST":
            return failure("unknown_url", f"Unknown request URL: {http.method} {path}.", 404)
        document: Any = json.loads(http.body)
        request = ReceivedRequest(
            str(document.get("model")), http.headers.get(LABEL_HEADER, ""), document, dict(http.headers)
        )
        with self._lock:
            self._requests.append(request)
        if not http.headers.get("authorization", "").startswith("Bearer "):
            return failure("invalid_api_key", "You didn't provide an API key.", 401)
        if wrong := list(violations(document)):
            return failure("invalid_request_error", f"The request is not valid: {'; '.join(wrong)}.", 400)
        try:
            behaviour = self._behaviour(request)
            return behaviour if isinstance(behaviour, Stall | Drop) else answer_to(request, behaviour)
        except Exception as error:  # noqa: BLE001  # the test's own callable: raised when the stand-in closes
            self._server.note_error(error)
            return failure("server_error", f"The stand-in's behaviour failed: {error!r}.", 500)
