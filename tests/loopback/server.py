"""An HTTP server on the loopback interface, for what tests stand in for: it can answer, stall, and hang up."""

from __future__ import annotations

import contextlib
import selectors
import socket
import socketserver
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self

_POLL_SECONDS = 0.02
"""How soon the accepting thread notices that the server closes."""

_RESET = struct.pack("ii", 1, 0)
"""`SO_LINGER` on, for no time at all: closing the socket resets the connection."""


@dataclass(frozen=True)
class HttpRequest:
    """A request as it arrived.

    Attributes:
        method: `GET`, `POST` or `PUT`.
        target: Path and query, still encoded.
        headers: By lower-case name.
        body: Raw.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """What goes over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Stall:
    """No answer comes, until the client gives up or the server closes."""


@dataclass(frozen=True)
class Drop:
    """The connection is closed without an answer.

    Attributes:
        reset: Whether with a TCP reset, as from a machine that has no such connection, instead of in good order.
    """

    reset: bool = False


type Handle = Callable[[HttpRequest], Answer | Stall | Drop]


class LoopbackServer:
    """Serves `handle` on 127.0.0.1, for as long as the `with` block lasts.

    Any number of clients at a time, each on a thread of its own, connections kept alive. The port is taken when the
    server is made; until the block is entered, whoever connects is refused.

    Args:
        handle: What to do with a request. It is called on the connection's thread.
        name: The accepting thread's name.
        port: 0 takes a free one.

    Raises:
        ExceptionGroup: On leaving the block, if `handle` failed; the clients concerned were hung up on.
    """

    def __init__(self, handle: Handle, *, name: str, port: int = 0) -> None:
        self._errors: list[Exception] = []
        self._server = _Server(handle, self._errors.append, port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), name=name)

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def note_error(self, error: Exception) -> None:
        """Keep `error` until the server closes, which raises it."""
        self._errors.append(error)

    def __enter__(self) -> Self:
        self._server.server_activate()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving: every connection is ended and every thread waited for."""
        self._server.close(serving=self._thread.is_alive())
        if self._thread.ident is not None:
            self._thread.join()
        if self._errors:
            raise ExceptionGroup(f"The {self._thread.name}'s behaviour failed.", self._errors)


class _Server(socketserver.ThreadingTCPServer):
    """Threads and sockets.

    The standard library's server rather than a framework's: werkzeug's closes the connection after every answer, and
    no framework lets a handler drop a connection unanswered.
    """

    allow_reuse_address = True
    daemon_threads = False  # so that `server_close` joins them
    request_queue_size = 128  # connections that may wait to be accepted: many clients start at the same moment

    def __init__(self, handle: Handle, note_error: Callable[[Exception], None], port: int) -> None:
        self.handle_http = handle
        self._note_error = note_error
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler, bind_and_activate=False)
        self.server_bind()
        self._closing, self._close = socket.socketpair()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(_RESET)) == _RESET:
            self.close_request(request)  # a shutdown would end it in good order
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  # the base class's signature
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, ConnectionError):  # a client may hang up any time
            self._note_error(error)

    def wait_for_hang_up(self, connection: socket.socket) -> None:
        """Return when the client has closed `connection`, or when the server closes."""
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.register(self._closing, selectors.EVENT_READ)
            selector.select()

    def close(self, *, serving: bool) -> None:
        """Stop accepting, wake the stalled, end idle connections, wait for the threads."""
        if serving:
            self.shutdown()
        self._close.close()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self._closing.close()


class _Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with connections kept alive, as AWS's."""

    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave in one packet
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_PUT(self) -> None:
        self._handle()

    def _handle(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.handle_http(HttpRequest(self.command, self.path, headers, raw))
        if isinstance(answer, Stall):
            self.server.wait_for_hang_up(self.connection)
        if isinstance(answer, Drop) and answer.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
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
        """Nothing: whoever serves keeps what arrived, as far as it matters."""
