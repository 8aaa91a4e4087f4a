"""An HTTP server on loopback that answers every request alike and counts them."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from tests.loopback.server import Answer, HttpRequest, LoopbackServer


class HttpDouble:
    """Answers every request with one status and body, from entering the context to leaving it.

    Attributes:
        requests: How many it answered.
    """

    def __init__(self, status: int, body: str) -> None:
        self.requests = 0
        self._answer = Answer(status, {}, body.encode())
        self._server = LoopbackServer(self._count, name="HTTP double")

    @property
    def url(self) -> str:
        return self._server.url

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.close()

    def _count(self, _: HttpRequest) -> Answer:
        self.requests += 1
        return self._answer
