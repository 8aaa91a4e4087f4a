"""What a workflow may return, what becomes of it, and what is said of anything else."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, StrEnum
from typing import Any, NamedTuple

import pytest
from aws_durable_execution_sdk_python import DurableContext

from durable_conformance import Scenario
from durable_conformance.execution import Run
from durable_conformance.runtime import run_in_process
from patterns.durable import Event, Result, durable_handler
from providers import ModelProvider
from providers.scripted import ScriptedProvider


class Greeted(Result):
    said_hello: Any


@dataclass
class Booked:
    on: date
    guests: list[Any] = field(default_factory=list)


class Point(NamedTuple):
    x: int
    y: int


class Colour(StrEnum):
    RED = "red"


class Mood(Enum):
    GLAD = "glad"


class Unknown:
    """Nothing that can become JSON."""


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)


def run(workflow: Callable[..., Any]) -> Run:
    return run_in_process(lambda model: durable_handler(workflow, model=model), Scenario({}, ScriptedProvider))


def unannotated(result: Any) -> Run:
    def workflow(event, context, model):  # type: ignore[no-untyped-def]
        return result

    return run(workflow)


@pytest.mark.parametrize(
    "result", [None, True, 3, 2.5, "text", [], {}, [1, [None, "x"]], {"a": {"b": [True]}}, {"snake_case": 1}]
)
def test_json_is_returned_as_it_is(result: Any) -> None:
    outcome = unannotated(result)
    assert (outcome.status, outcome.result) == ("SUCCEEDED", result)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (Greeted(said_hello="hi"), {"saidHello": "hi"}),
        (Booked(date(2026, 1, 2), [1]), {"on": "2026-01-02", "guests": [1]}),
        ([Greeted(said_hello=date(2026, 1, 2))], [{"saidHello": "2026-01-02"}]),
        (
            {"who": Greeted(said_hello=Booked(date(2026, 1, 2)))},
            {"who": {"saidHello": {"on": "2026-01-02", "guests": []}}},
        ),
        ((1, 2), [1, 2]),
        (Point(1, 2), [1, 2]),
        (Colour.RED, "red"),
    ],
    ids=repr,
)
def test_models_and_dataclasses_are_returned_as_theirs_wherever_they_stand(result: Any, expected: Any) -> None:
    outcome = unannotated(result)
    assert (outcome.status, outcome.result) == ("SUCCEEDED", expected)


@pytest.mark.parametrize(
    ("result", "place"),
    [
        ({1, 2}, "the result is of type set"),
        (Unknown(), "the result is of type Unknown"),
        (date(2026, 1, 2), "the result is of type date"),
        ([1, [2, {3}]], "result[1][1] is of type set"),
        ({"items": [{"who": Unknown()}]}, "result['items'][0]['who'] is of type Unknown"),
        ({"how": Mood.GLAD}, "result['how'] is of type Mood"),
        ({"raw": b"x"}, "result['raw'] is of type bytes"),
        ({"share": float("nan")}, "result['share'] is nan"),
        ([float("-inf")], "result[0] is -inf"),
        ({"by id": {7: "x"}}, "result['by id'] has a key of type int"),
        ({("a", "b"): 1}, "the result has a key of type tuple"),
        (Greeted(said_hello=Unknown()), "result.said_hello is of type Unknown"),
        ({"who": [Booked(date(2026, 1, 2), [Unknown()])]}, "result['who'][0].guests[0] is of type Unknown"),
        (CIRCLE, "the result contains itself"),
        (lambda: 1, "the result is of type function"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_json_fails_the_execution_and_is_named_by_its_place(result: Any, place: str) -> None:
    outcome = unannotated(result)
    assert (outcome.status, outcome.error_type) == ("FAILED", "patterns.durable.results.InvalidResultError")
    told = outcome.error_message or ""
    assert place in told
    assert f"'workflow' of module {__name__}" in told
    assert "pydantic model" in told


def test_a_value_is_not_repeated_and_a_long_key_is_cut() -> None:
    told = unannotated({"k" * 500: [{"s3cret"}]}).error_message or ""
    assert "s3cret" not in told
    assert len(told) < 500


def test_what_stands_deeper_than_anything_can_be_written_is_refused_too() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    outcome = unannotated(deep)
    assert outcome.error_type == "patterns.durable.results.InvalidResultError"
    assert "too deeply" in (outcome.error_message or "")


def test_an_annotation_says_how_a_result_is_written() -> None:
    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> dict[str, set[int]]:
        return {"numbers": {1}}

    outcome = run(workflow)
    assert (outcome.status, outcome.result) == ("SUCCEEDED", {"numbers": [1]})


@pytest.mark.parametrize(
    ("annotation", "result", "place"),
    [
        (dict, {"items": [1, Unknown()]}, "result['items'][1] is of type Unknown"),
        (list[Any], [Booked(date(2026, 1, 2), [Unknown()])], "result[0].guests[0] is of type Unknown"),
        (Greeted, Greeted(said_hello={"x": Unknown()}), "result.said_hello['x'] is of type Unknown"),
        (list[Any], CIRCLE, "the result contains itself"),
    ],
    ids=["dict", "dataclass", "model", "circle"],
)
def test_what_an_annotation_does_not_make_json_is_named_by_its_place_as_well(
    annotation: Any, result: Any, place: str
) -> None:
    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> annotation:
        return result

    outcome = run(workflow)
    assert (outcome.status, outcome.error_type) == ("FAILED", "patterns.durable.results.InvalidResultError")
    assert place in (outcome.error_message or "")
