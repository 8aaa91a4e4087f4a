"""AWS's conformance requirements, which the real service is held against, hold on the simulated one.

What does not hold is known, and has a reason (`exceptions`).
"""

from __future__ import annotations

import copy
import functools
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aws_durable_execution_sdk_python import durable_execution

from durable_conformance.execution import EPOCH, Conditions
from durable_conformance.histories import import_history, provenance, recorded_scenario
from durable_conformance.runtime import run_in_process
from tests.oracle.exceptions import DIFFERENT, MENDED, NOT_APPLICABLE, left_out
from tests.oracle.handlers import HANDLERS
from tests.oracle.holding import Verdict, differences, held
from tests.oracle.matching import completed, mismatches
from tests.oracle.requirements import VARIABLE, Requirement, load, where

COUNTS = {"hold": 148, "in part": 21, "differ": 0, "do not apply": 7}
"""How many of the 155 requirements do what. A change of these numbers is to be understood, and then written here."""

INTERRUPTED = {identity for identity, described in HANDLERS.items() if described.dies}


@functools.cache
def requirements() -> dict[str, Requirement]:
    if VARIABLE not in os.environ:
        pytest.skip("the requirements have not been fetched: `tox -e engine` does that")
    folder = where()
    assert folder is not None, f"there are no requirements in the folder that {VARIABLE} names"
    return {one.id: one for one in load(folder)}


@functools.cache
def verdict(identity: str) -> Verdict:
    return held(requirements()[identity])


def test_every_requirement_has_a_handler_or_a_reason() -> None:
    assert requirements().keys() == HANDLERS.keys() | NOT_APPLICABLE.keys()
    assert not HANDLERS.keys() & NOT_APPLICABLE.keys()
    assert DIFFERENT.keys() <= HANDLERS.keys()
    assert all(reason.strip() for reason in (*NOT_APPLICABLE.values(), *DIFFERENT.values(), *MENDED.values()))


@pytest.mark.parametrize("identity", HANDLERS)
def test_requirement(identity: str) -> None:
    found = verdict(identity).differences
    if identity in DIFFERENT:
        assert found, f"it holds now: {DIFFERENT[identity]} is no reason any more"
    else:
        assert found == ()


def test_the_numbers_are_those_that_are_written_down() -> None:
    counted = Counter({"differ": 0, "do not apply": len(NOT_APPLICABLE)})
    for identity in HANDLERS:
        counted["differ" if verdict(identity).differences else "hold"] += 1
        counted["in part"] += bool(left_out(requirements()[identity]))
    assert dict(counted) == COUNTS


@pytest.mark.parametrize("identity", HANDLERS)
def test_another_history_does_not_hold(identity: str) -> None:
    """The comparison can fail: no requirement is met by the execution with one of its events taken out."""
    made = verdict(identity)
    number = made.requirement.events[0]["EventId"]
    shorter = [{**event, "EventId": event["EventId"] - (event["EventId"] > number)} for event in made.events]
    del shorter[number - 1]
    assert list(differences(made.requirement, made.run, shorter))


@pytest.mark.parametrize("identity", [identity for identity in HANDLERS if identity not in INTERRUPTED])
def test_what_the_real_service_recorded_can_be_read_and_goes_the_same_way_again(identity: str, tmp_path: Path) -> None:
    """The recorded events, completed where the requirement leaves them open, are an export that we read."""
    made = verdict(identity)
    run = run_in_process(
        lambda _: durable_execution(HANDLERS[identity].body), recorded_scenario(imported(made, tmp_path)), Conditions()
    )
    assert (run.status, run.result) == (made.run.status, made.run.result)
    assert [(one.path, one.status) for one in run.operations] == [(o.path, o.status) for o in made.run.operations]


def imported(made: Verdict, folder: Path) -> Any:
    expected = {event["EventId"]: event for event in made.requirement.events}
    events = [completed(expected.get(event["EventId"], {}), event) for event in made.events]
    file = folder / "export.json"
    file.write_text(json.dumps({"Events": events}), encoding="utf-8")
    return import_history(file, provenance(made.requirement.suite, made.requirement.id, EPOCH))


# The comparison -------------------------------------------------------------------------------------------------------

CAME = [
    {"EventId": 1, "EventType": "StepStarted", "Id": "a", "StepStartedDetails": {}},
    {"EventId": 2, "EventType": "StepFailed", "Id": "a", "StepFailedDetails": {"Error": {"Type": "T"}, "Delay": 2}},
]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({"Id": "${ID1}"}, []),
        ({"Id": "${/^[ab]$/}"}, []),
        ({"StepFailedDetails": "*"}, []),
        ({"StepFailedDetails": {"Error": {}}}, []),
        ({"StepFailedDetails": {"Unknown": 1}}, []),
        ({"Id": "${/^b$/}"}, ["2.Id: 'a' does not match ^b$"]),
        ({"Id": "b"}, ["2.Id: expected 'b', came 'a'"]),
        ({"Name": "*"}, ["2.Name: it is missing"]),
        ({"StepFailedDetails": {"Delay": 3}}, ["2.StepFailedDetails.Delay: expected 3, came 2"]),
        ({"EventType": "StepSucceeded"}, ["2: expected StepSucceeded, came StepFailed"]),
        ({"EventId": 3}, ["3: expected StepFailed, and there is no such event"]),
    ],
)
def test_comparison(change: dict[str, Any], found: list[str]) -> None:
    expected = copy.deepcopy(CAME)
    expected[1] |= change
    assert mismatches(expected, CAME, {"StepFailedDetails": frozenset({"Unknown"})}) == found


def test_a_placeholder_is_one_value() -> None:
    came = [CAME[0], {**CAME[1], "Id": "b"}]
    expected = [{**event, "Id": "${ID1}"} for event in came]
    assert mismatches(expected, came, {}) == ["2.Id: ${ID1} was 'a' before, and is 'b'"]
