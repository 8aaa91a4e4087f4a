"""The server that stand-ins and the wire are made of; `tests/stand_in/test_server.py` has the rest."""

from __future__ import annotations

import http.client
import threading
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from tests.loopback import Answer, Drop, Handle, HttpRequest, LoopbackServer


def connection(server: LoopbackServer) -> closing[http.client.HTTPConnection]:
    return closing(http.client.HTTPConnection(urlsplit(server.url).netloc))


def served(handle: Handle) -> LoopbackServer:
    return LoopbackServer(handle, name="loopback")


def test_a_request_arrives_as_it_was_sent() -> None:
    seen: list[HttpRequest] = []

    def keep(request: HttpRequest) -> Answer:
        seen.append(request)
        return Answer(202, {"x-kind": "kept"}, b"done")

    with served(keep) as server, connection(server) as client:
        client.request("PUT", "/a%2Fb?c=%20d", b"body", {"X-Name": "value"})
        response = client.getresponse()
        assert (response.status, response.headers["x-kind"], response.read()) == (202, "kept", b"done")
    (request,) = seen
    assert (request.method, request.target, request.body) == ("PUT", "/a%2Fb?c=%20d", b"body")
    assert request.headers["x-name"] == "value"


@pytest.mark.parametrize(
    ("drop", "error"), [(Drop(), http.client.RemoteDisconnected), (Drop(reset=True), ConnectionResetError)]
)
def test_a_dropped_connection_ends_in_good_order_or_with_a_reset(drop: Drop, error: type[Exception]) -> None:
    with served(lambda _: drop) as server, connection(server) as client:
        client.request("GET", "/")
        with pytest.raises(ConnectionError) as raised:
            client.getresponse()
        assert type(raised.value) is error


def test_until_it_serves_whoever_connects_is_refused() -> None:
    server = served(lambda _: Answer(200, {}, b""))
    with connection(server) as client, pytest.raises(ConnectionRefusedError):
        client.request("GET", "/")
    with server, connection(server) as client:
        client.request("GET", "/")
        assert client.getresponse().status == 200


def test_a_server_that_never_served_can_be_closed() -> None:
    before = set(threading.enumerate())
    served(lambda _: Drop()).close()
    assert set(threading.enumerate()) == before


def test_a_defect_of_the_handler_is_raised_on_closing() -> None:
    def broken(request: HttpRequest) -> Answer:
        raise KeyError(request.target)

    def use_it() -> None:
        with served(broken) as server, connection(server) as client:
            client.request("GET", "/oops")
            with pytest.raises(http.client.RemoteDisconnected):
                client.getresponse()

    with pytest.raises(ExceptionGroup, match="loopback's behaviour failed") as caught:
        use_it()
    assert caught.group_contains(KeyError)
