"""The stand-in itself: an HTTP server on the loopback interface that boto3 takes for Bedrock Runtime."""

from __future__ import annotations

import contextlib
import json
import re
import selectors
import socket
import socketserver
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from tests.stand_in.answer import Answer, answer_to, failure
from tests.stand_in.behaviour import Behave, Drop, ReceivedRequest, Stall
from tests.stand_in.content import plausible
from tests.stand_in.validation import violations

_CONVERSE = re.compile(r"/model/(?P<model>.+)/converse")
_POLL_SECONDS = 0.02
"""How soon the accepting thread notices that the server closes."""


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
        self._errors: list[Exception] = []
        self._server = _Server(self, port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), name="stand-in")

    @property
    def url(self) -> str:
        """The endpoint to give to boto3, as `endpoint_url` or in `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def requests(self) -> tuple[ReceivedRequest, ...]:
        """Every Converse request so far, the refused ones too, in the order of arrival."""
        with self._lock:
            return tuple(self._requests)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        self._thread.join()
        if self._errors:
            raise ExceptionGroup("The stand-in's behaviour failed.", self._errors)

    def handle(self, path: str, headers: Mapping[str, str], raw: bytes) -> Answer | Stall | Drop:
        """What to do with a POST request. Called by the server's threads."""
        match = _CONVERSE.fullmatch(unquote(urlsplit(path).path))
        if match is None:
            return failure("UnknownOperationException", f"The stand-in speaks Converse, not {path}.", 404)
        try:
            document: Any = json.loads(raw)
        except ValueError:
            document = None
        request = _received(match["model"], headers, document)
        with self._lock:
            self._requests.append(request)
        if wrong := list(violations(request.model_id, document)):
            return failure("ValidationException", f"The request is not valid: {'; '.join(wrong)}.", 400)
        try:
            behaviour = self._behaviour(request)
            return behaviour if isinstance(behaviour, Stall | Drop) else answer_to(request, behaviour)
        except Exception as error:  # noqa: BLE001  # the test's own callable: raised when the stand-in closes
            self.note_error(error)
            return failure("InternalServerException", f"The stand-in's behaviour failed: {error!r}.", 500)

    def note_error(self, error: Exception) -> None:
        """Keep `error` until the stand-in closes, which raises it."""
        with self._lock:
            self._errors.append(error)


def _received(model_id: str, headers: Mapping[str, str], document: Any) -> ReceivedRequest:
    body = document if isinstance(document, dict) else {}
    metadata = body.get("requestMetadata")
    label = metadata.get("label") if isinstance(metadata, dict) else None
    return ReceivedRequest(model_id, label if isinstance(label, str) else "", body, dict(headers))


class _Server(socketserver.ThreadingTCPServer):
    """Threads and sockets. Closing it ends every connection and waits for every thread.

    The standard library's server rather than a framework's: werkzeug's closes the connection after every answer, and
    no framework lets a handler drop a connection unanswered.
    """

    allow_reuse_address = True
    daemon_threads = False  # so that `server_close` joins them
    request_queue_size = 128  # connections that may wait to be accepted: many clients start at the same moment

    def __init__(self, stand_in: ConverseStandIn, port: int) -> None:
        self.stand_in = stand_in
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)
        self._closing, self._close = socket.socketpair()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  # the base class's signature
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, ConnectionError):  # a client may hang up any time
            self.stand_in.note_error(error)

    def wait_for_hang_up(self, connection: socket.socket) -> None:
        """Return when the client has closed `connection`, or when the server closes."""
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.register(self._closing, selectors.EVENT_READ)
            selector.select()

    def close(self) -> None:
        """Stop accepting, wake the stalled, end idle connections, wait for the threads."""
        self.shutdown()
        self._close.close()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self._closing.close()


class _Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with connections kept alive, as Bedrock's."""

    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave in one packet
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.stand_in.handle(self.path, headers, raw)
        if isinstance(answer, Stall):
            self.server.wait_for_hang_up(self.connection)
        if isinstance(answer, Stall | Drop):
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's signature
        """Nothing: `requests` holds what arrived."""
