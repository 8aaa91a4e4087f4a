"""A whole call is bounded: an answer that comes byte by byte outlives every read timeout, and no function does."""

from __future__ import annotations

import contextvars
import threading
from typing import Any

import pytest

from providers import ModelTimeoutError
from providers.bedrock import (
    GRACE_SECONDS,
    LONGEST_READ_TIMEOUT_SECONDS,
    BedrockProvider,
    TooLateError,
    within,
)
from tests.providers.bedrock.stand_in import ANSWER
from tests.providers.contract import question

LONGEST_FUNCTION_SECONDS = 900


def test_a_call_in_time_is_what_it_is() -> None:
    assert within(60, lambda: 7) == 7
    with pytest.raises(TimeoutError, match="its own"):
        within(60, lambda: (_ for _ in ()).throw(TimeoutError("its own")))


def test_a_call_sees_its_callers_context_and_leaves_no_thread() -> None:
    variable = contextvars.ContextVar("variable", default="")
    variable.set("seen")
    before = threading.enumerate()
    assert within(60, variable.get) == "seen"
    assert threading.enumerate() == before


def test_a_call_that_takes_longer_is_left_behind() -> None:
    over = threading.Event()
    try:
        with pytest.raises(TooLateError):
            within(0.01, over.wait)
        assert all(thread.daemon for thread in threading.enumerate() if thread.name == "bedrock-converse")
    finally:
        over.set()


class Dribbling:
    """A client whose answer goes on coming."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def converse(self, **_: Any) -> dict[str, Any]:
        self.over.wait()
        return ANSWER


def test_an_answer_that_goes_on_coming_is_a_timeout_that_says_what_to_do() -> None:
    client: Any = Dribbling()
    try:
        with pytest.raises(ModelTimeoutError, match=r"'greet'.*1\.5 seconds.*MODEL_READ_TIMEOUT"):
            BedrockProvider(client_factory=lambda: client, read_timeout=1).converse(question(label="greet"))
    finally:
        client.over.set()


def test_no_call_outlives_the_longest_function() -> None:
    assert LONGEST_READ_TIMEOUT_SECONDS + GRACE_SECONDS < LONGEST_FUNCTION_SECONDS


def test_a_call_without_a_bound_is_made_in_this_thread() -> None:
    assert within(None, threading.current_thread) is threading.current_thread()
