"""The rule `upgrade` on replays made by hand: what it reports, and what it leaves alone."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from durable_conformance.execution import Checkpointed, Run
from durable_conformance.histories import (
    UPGRADE,
    Golden,
    History,
    Payload,
    Replayed,
    load_history,
    upgrade,
)
from durable_conformance.model import ModelCall
from providers import Message, ModelRequest
from tests.conformance.made_up_runs import changed, made_call
from tests.histories import selection

BATCH = load_history(selection.Golden("parallel_invocation", "answered").path)
CHAIN = load_history(selection.Golden("prompt_chaining", "answered").path)
RACE = BATCH.model_copy(
    update={
        "changes": tuple(
            change.model_copy(update={"result": Payload(text="MIN_SUCCESSFUL_REACHED")})
            if change.path == "/1:perspectives" and change.result
            else change
            for change in BATCH.changes
        )
    }
)
"""The same, as if the batch had ended before its branches did."""


def replayed(history: History, changes: int, **differences: Any) -> Replayed:
    """A replay that went as the recorded execution did, but for `differences`."""
    golden = Golden(history)
    met = differences.pop("met", golden.met_on_replay(changes))
    return Replayed(golden, changes, changed(golden.run, met=frozenset(met), **differences))


def found(one: Replayed) -> list[tuple[str, str, str]]:
    reported = list(upgrade(one))
    assert all((finding.rule, finding.crash) == (UPGRADE.name, one.where) for finding in reported)
    assert all(finding.remedy == UPGRADE.remedy for finding in reported)
    return [(finding.path, finding.expected, finding.actual) for finding in reported]


def updates(history: History, *, without: int | None = None, interrupted: int | None = None) -> tuple[Any, ...]:
    made = Golden(history).run.updates
    return tuple(
        dataclasses.replace(update, interrupted=position == interrupted)
        for position, update in enumerate(made)
        if position != without
    )


@pytest.mark.parametrize("history", [BATCH, CHAIN, RACE])
def test_what_goes_as_it_went_is_left_alone(history: History) -> None:
    for changes in range(len(history.changes) + 1):
        assert found(replayed(history, changes)) == []


def test_a_place_is_named_by_its_prefix() -> None:
    assert replayed(CHAIN, 0).where == "prefix 0 of 4: from the start"
    assert replayed(CHAIN, 2).where == "prefix 2 of 4: after /1:generate-joke SUCCEED"


def test_another_operation_is_named_by_its_path() -> None:
    message = f"Non-deterministic operation identity at id='{CHAIN.operations[1].id}': name"
    failed = {"status": "FAILED", "error_type": "sdk.NonDeterministicExecutionError", "error_message": message}
    assert found(replayed(CHAIN, 3, **failed)) == [
        (
            "/2:review-joke",
            "the recorded operations, in order",
            "Non-deterministic operation identity at /2:review-joke: name",
        )
    ]


def test_updates_that_are_missing_or_more() -> None:
    assert found(replayed(CHAIN, 2, updates=updates(CHAIN, without=3))) == [
        ("/2:review-joke", "START, SUCCEED", "START")
    ]
    twice = (*updates(CHAIN), updates(CHAIN)[3])
    assert found(replayed(CHAIN, 4, updates=twice)) == [("/2:review-joke", "no update", "SUCCEED")]
    assert found(replayed(CHAIN, 0, updates=tuple(reversed(updates(CHAIN))))) == [], "their order is the threads'"


def test_an_operation_that_the_code_does_not_come_by() -> None:
    assert found(replayed(CHAIN, 4, met={CHAIN.operations[0].id})) == [
        ("/2:review-joke", "replayed, as it was recorded", "the code does not come by it")
    ]


def call(path: str, text: str) -> ModelCall:
    request = ModelRequest(messages=(Message.user(text),), label=path.partition(":")[2])
    return made_call(path, request, "any")


def test_a_request_is_held_against_those_of_its_place() -> None:
    assert found(replayed(CHAIN, 0, calls=(call("/1:generate-joke", "Make a joke about tea"),))) == []
    ((path, expected, actual),) = found(replayed(CHAIN, 0, calls=(call("/1:generate-joke", "Make a pun about tea"),)))
    assert path == "/1:generate-joke"
    assert "a joke" in expected
    assert "a pun" in actual
    elsewhere = call("/2:review-joke", "Make a joke about tea")
    assert [found_path for found_path, *_ in found(replayed(CHAIN, 0, calls=(elsewhere,)))] == ["/2:review-joke"]


def test_a_request_that_is_digested_otherwise_is_another() -> None:
    assert CHAIN.calls
    other = CHAIN.calls[0].model_copy(update={"request_digest": "0" * 64})
    history = CHAIN.model_copy(update={"calls": (other,)})
    ((path, expected, actual),) = found(
        replayed(history, 0, calls=(call("/1:generate-joke", "Make a joke about tea"),))
    )
    assert (path, expected) == ("/1:generate-joke", f"request {'0' * 64}")
    assert actual.startswith("the same, digested as ")


def test_where_requests_are_not_known_none_is_another() -> None:
    history = CHAIN.model_copy(update={"calls": None})
    assert found(replayed(history, 0, calls=(call("/1:generate-joke", "Make a pun about tea"),))) == []


def test_a_step_that_died_half_way_and_may_not_be_repeated_leaves_the_rest_open() -> None:
    over = {"status": "FAILED", "error_type": "E", "error_message": "interrupted"}
    interrupted = tuple(
        dataclasses.replace(update, action="FAIL" if update.interrupted else update.action)
        for update in updates(CHAIN, interrupted=3)
    )
    assert found(replayed(CHAIN, 3, **over, updates=interrupted)) == []
    assert found(replayed(CHAIN, 4, **over, updates=interrupted)) != [], "that was recorded so"


def test_a_step_that_died_half_way_and_is_tried_again_has_an_update_more() -> None:
    retry = Checkpointed(
        2, "/2:review-joke", "RETRY", 0, type="STEP", delay_seconds=1, name="review-joke", interrupted=True
    )
    more = (*updates(CHAIN)[:3], retry, *updates(CHAIN)[2:])
    assert found(replayed(CHAIN, 3, updates=more)) == []
    assert [path for path, *_ in found(replayed(CHAIN, 3, updates=more, result="another"))] == ["execution"]


def test_until_a_race_is_decided_its_end_is_open() -> None:
    decided = len(RACE.changes)
    assert found(replayed(RACE, decided - 1, result="another")) == []
    assert [path for path, *_ in found(replayed(RACE, decided, result="another"))] == ["execution"]


def test_what_a_race_leaves_behind_is_a_matter_of_timing() -> None:
    run: Run = Golden(RACE).run
    left = Checkpointed(
        1, "/1:perspectives/2:perspectives-3/1:ask", "RETRY", 0, type="STEP", delay_seconds=1, name="ask"
    )
    assert found(replayed(RACE, len(RACE.changes), updates=(*run.updates, left))) == []
