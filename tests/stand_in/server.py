"""The stand-in itself: an HTTP server on the loopback interface that boto3 takes for Bedrock Runtime."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from tests.loopback import Answer, Drop, HttpRequest, LoopbackServer, Stall
from tests.stand_in.answer import answer_to, failure
from tests.stand_in.behaviour import Behave, ReceivedRequest
from tests.stand_in.content import plausible
from tests.stand_in.validation import violations

_CONVERSE = re.compile(r"/model/(?P<model>.+)/converse")


class ConverseStandIn:
    """Bedrock Runtime's Converse API on 127.0.0.1, for as long as the `with` block lasts.

    Each request is checked against the installed service model and Converse's rules, and refused with a
    `ValidationException` where Bedrock would; what happens to a valid one is up to `behaviour`. Any number of clients
    at a time, each on a thread of its own, connections kept alive.

    Args:
        behaviour: What to do with a request. It is called on the connection's thread.
        port: 0 takes a free one.

    Raises:
        ExceptionGroup: On leaving the block, if `behaviour` itself failed; the clients concerned got a 500.
    """

    def __init__(self, behaviour: Behave = plausible, *, port: int = 0) -> None:
        self._behaviour = behaviour
        self._lock = threading.Lock()
        self._requests: list[ReceivedRequest] = []
        self._server = LoopbackServer(self._handle, name="stand-in", port=port)

    @property
    def url(self) -> str:
        """The endpoint to give to boto3, as `endpoint_url` or in `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`."""
        return self._server.url

    @property
    def requests(self) -> tuple[ReceivedRequest, ...]:
        """Every Converse request so far, the refused ones too, in the order of arrival."""
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
        match = _CONVERSE.fullmatch(unquote(path))
        if match is None or http.method != "POST":
            return failure("UnknownOperationException", f"The stand-in speaks Converse, not {path}.", 404)
        try:
            document: Any = json.loads(http.body)
        except ValueError:
            document = None
        request = _received(match["model"], http.headers, document)
        with self._lock:
            self._requests.append(request)
        if wrong := list(violations(request.model_id, document)):
            return failure("ValidationException", f"The request is not valid: {'; '.join(wrong)}.", 400)
        try:
            behaviour = self._behaviour(request)
            return behaviour if isinstance(behaviour, Stall | Drop) else answer_to(request, behaviour)
        except Exception as error:  # noqa: BLE001  # the test's own callable: raised when the stand-in closes
            self._server.note_error(error)
            return failure("InternalServerException", f"The stand-in's behaviour failed: {error!r}.", 500)


def _received(model_id: str, headers: Mapping[str, str], document: Any) -> ReceivedRequest:
    body = document if isinstance(document, dict) else {}
    metadata = body.get("requestMetadata")
    label = metadata.get("label") if isinstance(metadata, dict) else None
    return ReceivedRequest(model_id, label if isinstance(label, str) else "", body, dict(headers))
