"""Whatever comes in, an event, model output or a person's answer: the execution ends, soon, and says what was wrong."""

from __future__ import annotations

import functools
import json
import logging
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from durable_conformance import Answered, Scenario, Silence
from durable_conformance.execution import Run
from durable_conformance.model import request_of
from durable_conformance.runtime import run_in_process
from durable_conformance.subject import CallbackAnswer
from providers import (
    ModelRequest,
    StopReason,
    ToolResultBlock,
)
from providers.scripted import Entry, Reply, ScriptedProvider, reply, tool_use
from tests.patterns.catalogue import CATALOGUE
from tests.patterns.catalogue.runs import SIDE_BY_SIDE, each_pattern
from tests.patterns.hostile import (
    BOUNDS,
    CALLBACKS,
    CANARY,
    TALKATIVE,
    json_values,
    people,
    scripts,
    texts,
    tool_calls,
)

EXAMPLES = settings().max_examples
"""Inputs that each test tries, side by side: an execution mostly waits."""

ASKING: dict[str, tuple[tuple[str, ...], list[Entry]]] = {
    "human_review": (
        ("human-review", "human-review-2", "human-review-3"),
        [reply({"fields": [{"name": "number", "value": "7"}]})],
    ),
    "agent_with_tools": (("human-review",), [tool_use("wait_for_human_review", {"question": "?"}), reply("Done.")]),
    "durable_strands_agent": (("ask-person",), [tool_use("ask_person", {"question": "?"}), reply("Done.")]),
}
"""The callbacks of the patterns that ask a person, and what the model says meanwhile."""


def examples_of[T](strategy: st.SearchStrategy[T]) -> list[T]:
    """Inputs that Hypothesis makes, collected so that the executions on them can run side by side."""
    made: list[T] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(strategy)
    def collect(example: T) -> None:
        made.append(example)

    collect()
    return made


def run_all(pattern: str, scenarios: Sequence[Scenario]) -> list[Run]:
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return list(pool.map(lambda scenario: run_in_process(CATALOGUE[pattern].handler_for, scenario), scenarios))


def saying(script: list[Reply]) -> Scenario:
    """A model that says one of these things to each request: always the same to the same, whichever branch is first."""

    def answer(request: ModelRequest, _: int) -> Entry:
        return script[int(request.digest(), 16) % len(script)]

    return Scenario({}, lambda: ScriptedProvider(answer), CALLBACKS)


@pytest.mark.parametrize("pattern", each_pattern())
def test_any_event_ends_in_a_result_or_a_clear_failure_before_any_call(pattern: str) -> None:
    (field,) = CATALOGUE[pattern].scenarios["bad input: a number"].event
    events = examples_of(st.fixed_dictionaries({field: texts | json_values}) | json_values)
    runs = run_all(pattern, [Scenario(event, ScriptedProvider, CALLBACKS) for event in events])
    for event, outcome in zip(events, runs, strict=True):
        if outcome.status == "FAILED":
            assert outcome.error_type == "patterns.durable.handler.InvalidEventError", event
            assert outcome.calls == (), event
        else:
            assert outcome.status == "SUCCEEDED", event
    assert {outcome.status for outcome in runs} == {"SUCCEEDED", "FAILED"}, "the events are worth trying"


@pytest.mark.parametrize("pattern", each_pattern())
def test_any_model_output_ends_within_the_bounds(pattern: str) -> None:
    said = examples_of(scripts)
    runs = run_all(pattern, [saying(script) for script in said])
    for script, outcome in zip(said, runs, strict=True):
        assert outcome.status in {"SUCCEEDED", "FAILED"}, script
        assert len(outcome.calls) <= BOUNDS[pattern], script
        if outcome.status == "FAILED":
            assert (outcome.error_type or "").rpartition(".")[2] in {"ModelOutputError", "EveryBranchFailedError"}
    assert {outcome.status for outcome in runs} == {"SUCCEEDED", "FAILED"}, "the scripts are worth trying"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param(
            "agent_with_tools",
            {"tool:get_location", "tool:get_weather", "tool:wait_for_human_review"},
            marks=pytest.mark.xdist_group("agent_with_tools"),
        ),
        pytest.param(
            "durable_strands_agent",
            {"tool:get_population", "tool:ask_person"},
            marks=pytest.mark.xdist_group("durable_strands_agent"),
        ),
    ],
)
def test_any_tool_call_ends_in_front_of_the_model(pattern: str, expected: set[str]) -> None:
    calls = examples_of(tool_calls)
    scripts = [[Reply((call,), StopReason.TOOL_USE), reply("Done.")] for call in calls]
    runs = run_all(
        pattern, [Scenario({}, functools.partial(ScriptedProvider, script), CALLBACKS) for script in scripts]
    )
    tools: Counter[str] = Counter()
    for call, outcome in zip(calls, runs, strict=True):
        assert (outcome.status, len(outcome.calls)) == ("SUCCEEDED", 2), call
        (result,) = request_of(outcome.calls[-1]).messages[-1].content
        assert isinstance(result, ToolResultBlock)
        ran = {operation.name: operation.status for operation in outcome.operations if operation.name in expected}
        assert (result.status == "success") == ("SUCCEEDED" in ran.values()), call
        tools.update(list(ran))
    assert tools, "the calls are worth trying"


@pytest.mark.parametrize("pattern", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ASKING])
def test_any_answer_of_a_person_ends_in_what_they_decided_or_in_front_of_the_model(pattern: str) -> None:
    callbacks, script = ASKING[pattern]
    answers = examples_of(st.tuples(*(people for _ in callbacks)))
    scenarios = [
        Scenario({}, lambda: ScriptedProvider(script), {name: [one] for name, one in zip(callbacks, said, strict=True)})
        for said in answers
    ]
    ends: Counter[str] = Counter()
    for said, outcome in zip(answers, run_all(pattern, scenarios), strict=True):
        assert (outcome.status, len(outcome.calls)) == ("SUCCEEDED", len(script)), said
        if pattern == "human_review":
            assert outcome.result["status"] == decided(said), said
            ends[outcome.result["status"]] += 1
        else:
            (result,) = request_of(outcome.calls[-1]).messages[-1].content
            assert isinstance(result, ToolResultBlock)
            assert (result.status == "success") == isinstance(said[0], Answered), said
            ends[result.status] += 1
    assert ends.keys() & {"approved", "rejected", "success"}, "the answers are worth trying"


def decided(answers: tuple[CallbackAnswer, ...]) -> str:
    """What the reviewers' answers amount to, worked out without the pattern's schema."""
    for answer in answers:
        if not isinstance(answer, Answered):
            return "timed_out" if isinstance(answer, Silence) else "failed"
        try:
            said = json.loads(answer.payload or "")
        except ValueError:
            continue
        known = isinstance(said, dict) and said.keys() <= {"approved", "notes"}
        if known and isinstance(said.get("approved"), bool) and isinstance(said.get("notes"), str | None):
            return "approved" if said["approved"] else "rejected"
    return "failed"


@pytest.mark.parametrize("pattern", each_pattern())
def test_no_error_and_no_log_repeats_what_a_model_said(pattern: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = [Reply(content, stop) for content in TALKATIVE for stop in StopReason]
    failed = 0
    for reply_, outcome in zip(said, run_all(pattern, [saying([reply_]) for reply_ in said]), strict=True):
        errors = [outcome.error_message, *(operation.error_message for operation in outcome.operations)]
        assert not any(CANARY in error for error in errors if error), reply_
        assert "777777" not in (outcome.error_message or "")
        failed += outcome.status == "FAILED"
    assert failed > len(said) / 2, "the replies are worth trying"
    formatter = logging.Formatter()  # with the traceback, and what caused what
    logged = [formatter.format(record) for record in caplog.records]
    assert logged
    assert [message for message in logged if CANARY in message] == []
