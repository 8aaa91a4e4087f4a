"""The stand-in over real HTTP: what goes in is kept, what comes out is what was asked for, and closing it is clean."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.stand_in import (
    MARK,
    Behaviour,
    ConverseStandIn,
    Drop,
    Fail,
    Malformed,
    ReceivedRequest,
    Reply,
    Sequenced,
    Stall,
    ToolUse,
    error_statuses,
)

PATH = "/model/amazon.nova-lite-v1%3A0/converse"


def body(text: str = "hello", label: str = "greet") -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"text": text}]}], "requestMetadata": {"label": label}}


@contextmanager
def connected(stand_in: ConverseStandIn) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection(urlsplit(stand_in.url).netloc)) as connection:
        yield connection


def post(
    connection: http.client.HTTPConnection, document: Any, path: str = PATH
) -> tuple[int, http.client.HTTPMessage, Any]:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    connection.request("POST", path, raw, {"Content-Type": "application/json"})
    response = connection.getresponse()
    return response.status, response.headers, json.loads(response.read())


def once(stand_in: ConverseStandIn, document: Any, path: str = PATH) -> tuple[int, http.client.HTTPMessage, Any]:
    with connected(stand_in) as connection:
        return post(connection, document, path)


def always(behaviour: Behaviour) -> ConverseStandIn:
    return ConverseStandIn(lambda _: behaviour)


def test_a_reply_is_a_converse_response() -> None:
    with always(Reply(text="hi", tool_uses=(ToolUse("look", {"at": [1]}),))) as stand_in:
        status, headers, answer = once(stand_in, body())
    assert status == 200
    assert headers[MARK] == "1"
    text, use = answer["output"]["message"]["content"]
    assert text == {"text": "hi"}
    assert (use["toolUse"]["name"], use["toolUse"]["input"]) == ("look", {"at": [1]})
    assert answer["stopReason"] == "tool_use"
    usage = answer["usage"]
    assert usage["inputTokens"] > 0
    assert usage["outputTokens"] > 0
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]
    assert answer["metrics"]["latencyMs"] > 0


def test_the_same_request_gets_the_same_bytes_and_another_gets_other_tool_use_ids() -> None:
    with always(Reply(tool_uses=(ToolUse("look", {}), ToolUse("look", {})))) as stand_in:
        answers = [once(stand_in, body(text))[2] for text in ("a", "a", "b")]
    ids = [[block["toolUse"]["toolUseId"] for block in answer["output"]["message"]["content"]] for answer in answers]
    assert answers[0] == answers[1]
    assert len({*ids[0], *ids[2]}) == 4


def test_a_replys_stop_reason_tool_use_id_and_whole_body_can_be_set() -> None:
    replies: dict[str, list[Behaviour]] = {
        "stop": [Reply(text="cut", stop_reason="max_tokens")],
        "id": [Reply(tool_uses=(ToolUse("look", {}, "mine"),))],
        "body": [Reply(body={"anything": 1})],
    }
    with ConverseStandIn(Sequenced(replies, lambda _: Drop())) as stand_in:
        assert once(stand_in, body(label="stop"))[2]["stopReason"] == "max_tokens"
        content = once(stand_in, body(label="id"))[2]["output"]["message"]["content"]
        assert content[0]["toolUse"]["toolUseId"] == "mine"
        assert once(stand_in, body(label="body"))[2] == {"anything": 1}


def test_what_arrived_is_kept() -> None:
    with always(Reply(text="hi")) as stand_in:
        once(stand_in, body(label="first"))
        once(stand_in, body() | {"requestMetadata": None})
        requests = stand_in.requests
    assert [(request.model_id, request.label) for request in requests] == [
        ("amazon.nova-lite-v1:0", "first"),
        ("amazon.nova-lite-v1:0", ""),
    ]
    assert requests[0].body == body(label="first")
    assert requests[0].headers["content-type"] == "application/json"


def test_a_model_id_with_a_slash_arrives_whole() -> None:
    arn = "arn:aws:bedrock:us-east-1:000000000000:application-inference-profile/abc"
    with always(Reply(text="hi")) as stand_in:
        once(stand_in, body(), f"/model/{arn.replace(':', '%3A').replace('/', '%2F')}/converse")
        assert stand_in.requests[0].model_id == arn


@pytest.mark.parametrize("code", sorted(error_statuses()))
def test_every_modelled_error_can_be_had(code: str) -> None:
    with always(Fail(code, "no")) as stand_in:
        status, headers, answer = once(stand_in, body())
    assert status == error_statuses()[code]
    assert headers["x-amzn-errortype"] == code
    assert headers[MARK] == "1"
    assert answer == {"message": "no"}


def test_an_unmodelled_error_needs_its_status() -> None:
    with pytest.raises(ValueError, match=r"UnheardOf.*give its status.*ThrottlingException"):
        Fail("UnheardOf")
    with always(Fail("UnheardOf", status=418)) as stand_in:
        assert once(stand_in, body())[0] == 418


@pytest.mark.parametrize(
    ("document", "expected"),
    [(b"{", "must be a JSON object"), (b"\xff", "must be a JSON object"), ({"messages": []}, "conversation is empty")],
)
def test_an_invalid_request_is_refused_and_kept_and_not_acted_upon(document: Any, expected: str) -> None:
    with always(Drop()) as stand_in:
        status, headers, answer = once(stand_in, document)
        assert len(stand_in.requests) == 1
    assert (status, headers["x-amzn-errortype"]) == (400, "ValidationException")
    assert expected in answer["message"]


def test_other_operations_are_unknown() -> None:
    with always(Drop()) as stand_in:
        status, headers, _ = once(stand_in, body(), "/model/m/converse-stream")
        assert stand_in.requests == ()
    assert (status, headers["x-amzn-errortype"], headers[MARK]) == (404, "UnknownOperationException", "1")


def test_a_dropped_connection_has_no_answer() -> None:
    with always(Drop()) as stand_in, pytest.raises(http.client.RemoteDisconnected):
        once(stand_in, body())


def test_a_malformed_answer_is_no_json() -> None:
    with always(Malformed()) as stand_in, pytest.raises(json.JSONDecodeError):
        once(stand_in, body())


def test_connections_are_kept_alive() -> None:
    with always(Reply(text="hi")) as stand_in, connected(stand_in) as connection:
        post(connection, body())
        first = connection.sock
        post(connection, body())
        assert connection.sock is first is not None


def test_a_stalled_client_is_let_go_when_the_stand_in_closes() -> None:
    arrived = threading.Event()

    def stall(_: ReceivedRequest) -> Behaviour:
        arrived.set()
        return Stall()

    with ThreadPoolExecutor(1) as pool:
        with ConverseStandIn(stall) as stand_in:
            answer = pool.submit(once, stand_in, body())
            arrived.wait()
        with pytest.raises(ConnectionError):
            answer.result()


def test_a_stall_ends_when_the_client_gives_up() -> None:
    arrived = threading.Event()
    before = set(threading.enumerate())

    def stall(_: ReceivedRequest) -> Behaviour:
        arrived.set()
        return Stall()

    with ConverseStandIn(stall) as stand_in:
        with connected(stand_in) as connection:
            connection.request("POST", PATH, json.dumps(body()))
            arrived.wait()
            (handling,) = (one for one in set(threading.enumerate()) - before if one.name != "stand-in")
        handling.join()


def test_closing_ends_idle_connections_and_leaves_no_thread_behind() -> None:
    before = set(threading.enumerate())
    with ExitStack() as after_closing:
        with always(Reply(text="hi")) as stand_in:
            post(after_closing.enter_context(connected(stand_in)), body())
            assert set(threading.enumerate()) > before
        assert set(threading.enumerate()) <= before


def test_closing_waits_for_a_request_that_is_being_handled() -> None:
    finished: list[str] = []

    def behave(request: ReceivedRequest) -> Behaviour:
        arrived.set()
        next(thread for thread in threading.enumerate() if thread.name == "stand-in").join()  # so the server is closing
        hashlib.pbkdf2_hmac("sha256", b"", b"", 100_000)  # time enough not to be waited for
        finished.append(request.label)
        return Drop()

    arrived = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with ConverseStandIn(behave) as stand_in:
            answer = pool.submit(once, stand_in, body(label="slow"))
            arrived.wait()
        assert finished == ["slow"]
        assert isinstance(answer.exception(), ConnectionError)


def test_a_defect_in_the_behaviour_is_raised_on_closing() -> None:
    def broken(request: ReceivedRequest) -> Behaviour:
        raise KeyError(request.label)

    answered: list[Any] = []

    def use_it() -> None:
        with ConverseStandIn(broken) as stand_in:
            answered.extend(once(stand_in, body(label="oops")))

    with pytest.raises(ExceptionGroup, match="behaviour failed") as caught:
        use_it()
    assert caught.group_contains(KeyError)
    assert answered[0] == 500
    assert "oops" in answered[2]["message"]


def test_sequences_are_played_by_label_and_then_left() -> None:
    busy: list[Behaviour] = [Fail("ThrottlingException"), Reply(text="at last")]
    with ConverseStandIn(Sequenced({"busy": busy}, lambda _: Reply(text="other"))) as stand_in:
        statuses = [once(stand_in, body(label=label))[0] for label in ("busy", "idle", "busy", "busy")]
        last = once(stand_in, body(label="busy"))[2]
    assert statuses == [429, 200, 200, 200]
    assert last["output"]["message"]["content"] == [{"text": "other"}]


def test_twenty_clients_at_once_each_get_their_own_answers() -> None:
    together = threading.Barrier(20)

    def client(number: int) -> list[bool]:
        together.wait()
        with connected(stand_in) as connection:
            texts = [f"client {number}, call {call}" for call in range(10)]
            answers = [post(connection, body(text))[2] for text in texts]
        return [
            answer["output"]["message"]["content"][0]["text"] == text
            for answer, text in zip(answers, texts, strict=True)
        ]

    with (
        ConverseStandIn(lambda request: Reply(text=request.body["messages"][0]["content"][0]["text"])) as stand_in,
        ThreadPoolExecutor(20) as pool,
    ):
        assert all(all(right) for right in pool.map(client, range(20)))
        assert len(stand_in.requests) == 200
