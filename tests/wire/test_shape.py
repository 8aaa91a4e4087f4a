"""What another model's words may change of an execution, and what they may not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from durable_conformance.execution import OperationRecord
from tests.wire.deployable import RECORDED, Deployable
from tests.wire.shape import differences, wrong_result

BY_PATTERN = {what.pattern: what for what in RECORDED}  # of two recordings, the second: the agent with tools


def operations(pattern: str) -> tuple[OperationRecord, ...]:
    return BY_PATTERN[pattern].local.operations


def found(pattern: str, made: Sequence[OperationRecord]) -> str:
    return "\n".join(differences(pattern, made, operations(pattern)))


@pytest.mark.parametrize("what", RECORDED, ids=str)
def test_a_recording_has_its_own_shape(what: Deployable) -> None:
    assert differences(what.pattern, what.local.operations, what.local.operations) == []
    assert wrong_result(what.pattern, what.local.result) == ""


def test_other_words_attempts_and_repairs_are_no_difference() -> None:
    one, *rest = [replace(record, result="other words", attempts=3) for record in operations("structured_output")]
    repair = replace(one, path="/2:extract-contact-repair-1")
    assert found("structured_output", [one, repair, *rest]) == ""


@pytest.mark.parametrize("pattern", sorted({what.pattern for what in RECORDED}))
def test_another_status_and_another_operation_are(pattern: str) -> None:
    first, *rest = operations(pattern)
    assert "FAILED" in found(pattern, [replace(first, status="FAILED"), *rest])
    assert "other STEP/Step" in found(pattern, [first, *rest, OperationRecord("/9:other", "STEP", "Step", "SUCCEEDED")])


def test_an_operation_that_is_missing_is_a_difference() -> None:
    assert "/judge" in found("llm_as_judge", operations("llm_as_judge")[:-1])


def test_an_agent_may_use_its_tools_in_any_order_and_as_often_as_it_likes() -> None:
    first, location, second, weather, *_ = operations("agent_with_tools")
    third = replace(first, path="/9:turn-9")
    assert found("agent_with_tools", [first, weather, second, location, third, weather]) == ""


def test_an_agent_that_asks_no_model_is_none() -> None:
    assert found("agent_with_tools", []) == "it never asked the model"


@pytest.mark.parametrize(
    ("pattern", "change", "expected"),
    [
        ("prompt_chaining", lambda result: {"joke": result["joke"]}, "review"),
        ("prompt_chaining", lambda result: result | {"rating": 7}, "rating"),
        ("prompt_chaining", lambda result: result | {"joke": 7}, "joke"),
        ("human_review", lambda result: result | {"status": "maybe"}, "status"),
        ("human_review", lambda result: result | {"extractedFields": ["amount"]}, "extractedFields"),
        ("agent_with_tools", lambda _: {"text": "It is sunny."}, "valid string"),
    ],
)
def test_a_result_of_another_type_is_a_difference(pattern: str, change: Any, expected: str) -> None:
    assert expected in wrong_result(pattern, change(BY_PATTERN[pattern].local.result))


def test_a_result_in_other_words_is_not() -> None:
    other = {"status": "rejected", "notes": "No.", "extractedFields": {"total": "1"}}
    assert wrong_result("human_review", other) == ""
