"""What a reviewer answers reaches the service whole."""

from __future__ import annotations

import pytest
from aws_durable_execution_sdk_python.lambda_service import ErrorObject

from durable_conformance import Answered, Refused, Silence
from durable_conformance.subject import CallbackAnswer
from tests.wire.answering import send


class Service:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[object] = []

    def send_callback_success(self, callback_id: str, result: bytes | None = None) -> None:
        self.sent.append((callback_id, result))

    def send_callback_failure(self, callback_id: str, error: ErrorObject | None = None) -> None:
        self.sent.append((callback_id, error))


@pytest.mark.parametrize(
    ("answer", "sent"),
    [
        (Answered('{"approved": true}'), b'{"approved": true}'),
        (Answered(None), None),
        (Refused("No."), ErrorObject("No.", None, None, None)),
        (Refused("No.", "ReviewerError"), ErrorObject("No.", "ReviewerError", None, None)),
    ],
)
def test_an_answer_is_sent_as_it_is(answer: CallbackAnswer, sent: object) -> None:
    service = Service()
    assert send(service, "callback-1", answer)
    assert service.sent == [("callback-1", sent)]


def test_silence_sends_nothing() -> None:
    service = Service()
    assert not send(service, "callback-1", Silence())
    assert service.sent == []
