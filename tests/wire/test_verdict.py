"""A verdict finds each thing that can go wrong with an execution that was struck."""

from __future__ import annotations

from dataclasses import replace

import pytest

from durable_conformance.execution.operations import OperationRecord
from durable_conformance.execution.run import Death, Run
from tests.patterns.catalogue import CATALOGUE
from tests.stand_in import ReceivedRequest
from tests.wire.execution import Execution
from tests.wire.playing import Played
from tests.wire.verdict import differences, lost_calls

JOKE, REVIEW = "/1:generate-joke", "/2:review-joke"


@pytest.fixture(scope="module")
def local() -> Run:
    return CATALOGUE["prompt_chaining"].run("default event")


def verdict(local: Run, run: Run, *strangers: ReceivedRequest) -> list[str]:
    return differences(local, Played(run, Execution("e", strangers=list(strangers)), ()))


def struck(local: Run, *again: str, completed: frozenset[str] = frozenset()) -> Run:
    """A run whose first invocation died; the calls of the operations at `again` were made again in the second."""
    repeated = [replace(call, invocation=2) for call in local.calls if call.path in again]
    return replace(local, calls=(*local.calls, *repeated), deaths=(Death(1, completed),))


def test_an_undisturbed_run_is_right(local: Run) -> None:
    assert verdict(local, local) == []


def test_calls_that_died_are_made_again(local: Run) -> None:
    run = struck(local, REVIEW, completed=frozenset({JOKE}))
    assert verdict(local, run) == []
    assert lost_calls(run) == {REVIEW: 1}


def test_a_call_of_an_operation_that_had_ended_is_not(local: Run) -> None:
    found = verdict(local, struck(local, JOKE, REVIEW, completed=frozenset({JOKE})))
    assert f"{JOKE} had ended before a process died, and called the model again" in found
    assert f"{JOKE} called the model 2 times, and should have 1 times" in found


@pytest.mark.parametrize(
    ("run_of", "expected"),
    [
        (lambda local: struck(local, REVIEW, REVIEW), f"{JOKE} called the model 1 times, and should have 2 times"),
        (lambda local: replace(local, calls=local.calls * 2), f"{JOKE} called the model 2 times, and should have 1"),
        (lambda local: replace(local, calls=local.calls[:1]), f"{REVIEW} called the model 0 times, and should have 1"),
        (lambda local: replace(local, status="FAILED"), "it ended with ('FAILED'"),
        (lambda local: replace(local, result={"joke": "other"}), "it ended with ('SUCCEEDED', {'joke': 'other'}"),
        (lambda local: replace(local, operations=local.operations[:1]), f"it lacks OperationRecord(path='{REVIEW}'"),
        (
            lambda local: replace(local, operations=(*local.operations, OperationRecord("/3", "STEP", None, "FAILED"))),
            "it has OperationRecord(path='/3'",
        ),
    ],
)
def test_what_else_can_be_wrong(local: Run, run_of: object, expected: str) -> None:
    assert callable(run_of)
    assert expected in "\n".join(verdict(local, run_of(local)))


def test_a_request_that_no_operation_makes(local: Run) -> None:
    stranger = ReceivedRequest("m", "generate-joke", {"messages": []})
    assert verdict(local, local, stranger) == ["it asked what no operation asks: generate-joke {'messages': []}"]
