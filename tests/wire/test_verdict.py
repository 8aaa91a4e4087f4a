"""A verdict finds each thing that can go wrong with an execution that was interrupted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from durable_conformance.execution import Death, OperationRecord, Run
from durable_conformance.rules import EXECUTION
from tests.conformance.made_up_runs import changed
from tests.patterns.catalogue import CATALOGUE
from tests.stand_in import ReceivedRequest
from tests.wire.execution import Execution
from tests.wire.playing import Played
from tests.wire.verdict import findings, lost_calls

JOKE, REVIEW = "/1:generate-joke", "/2:review-joke"


@pytest.fixture(scope="module")
def local() -> Run:
    return CATALOGUE["prompt_chaining"].run("default event")


WHERE = f"{REVIEW} START after it persisted"


def verdict(local: Run, run: Run, *unknown: ReceivedRequest) -> list[tuple[str, str, str, str]]:
    """Rule, path, and what should have been and what was."""
    found = findings(local, Played(run, Execution("e", unknown=list(unknown)), ()), WHERE)
    assert {one.crash for one in found} <= {WHERE}
    return [(one.rule, one.path, one.expected, one.actual) for one in found]


def interrupted(local: Run, *again: str, completed: frozenset[str] = frozenset()) -> Run:
    """A run whose first invocation died; the calls of the operations at `again` were made again in the second."""
    repeated = [replace(call, invocation=2) for call in local.calls if call.path in again]
    return changed(local, calls=(*local.calls, *repeated), deaths=(Death(1, completed),))


def test_an_undisturbed_run_is_right(local: Run) -> None:
    assert verdict(local, local) == []


def test_calls_that_died_are_made_again(local: Run) -> None:
    run = interrupted(local, REVIEW, completed=frozenset({JOKE}))
    assert verdict(local, run) == []
    assert lost_calls(run) == {REVIEW: 1}


def test_a_call_of_an_operation_that_had_ended_is_not(local: Run) -> None:
    found = verdict(local, interrupted(local, JOKE, REVIEW, completed=frozenset({JOKE})))
    assert ("no-repeated-call", JOKE, "the recorded answer", "asked again in invocation 2") in found
    assert ("exact-calls", JOKE, "1 calls", "2 calls") in found


@pytest.mark.parametrize(
    ("run_of", "broken"),
    [
        (lambda local: interrupted(local, REVIEW, REVIEW), ("exact-calls", JOKE, "2 calls", "1 calls")),
        (lambda local: changed(local, calls=local.calls * 2), ("exact-calls", JOKE, "1 calls", "2 calls")),
        (lambda local: changed(local, calls=local.calls[:1]), ("exact-calls", REVIEW, "1 calls", "0 calls")),
        (lambda local: changed(local, status="FAILED"), ("result-stability", EXECUTION, "SUCCEEDED {", "FAILED {")),
        (
            lambda local: changed(local, result={"joke": "other"}),
            ("result-stability", EXECUTION, '{"joke": ', '{"joke": "other"}'),
        ),
        (
            lambda local: changed(local, operations=local.operations[:1]),
            ("history-stability", REVIEW, "STEP/Step SUCCEEDED", "no such operation"),
        ),
        (
            lambda local: changed(local, operations=(*local.operations, OperationRecord("/3", "STEP", None, "FAILED"))),
            ("history-stability", "/3", "no such operation", "STEP/None FAILED"),
        ),
        (
            lambda local: changed(local, operations=[replace(one, result="other") for one in local.operations]),
            ("same-checkpoints", REVIEW, f"path='{REVIEW}'", "result='other'"),
        ),
    ],
)
def test_what_else_can_be_wrong(local: Run, run_of: object, broken: tuple[str, str, str, str]) -> None:
    assert callable(run_of)
    rule, path, expected, actual = broken
    found = verdict(local, run_of(local))
    assert [one for one in found if one[:2] == (rule, path) and expected in one[2] and actual in one[3]], found


def test_a_request_that_no_operation_makes(local: Run) -> None:
    unknown = ReceivedRequest("m", "generate-joke", {"messages": []})
    assert verdict(local, local, unknown) == [
        ("request-stability", EXECUTION, "what an operation asks here", "generate-joke {'messages': []}")
    ]
