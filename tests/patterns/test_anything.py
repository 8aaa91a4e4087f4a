"""Whatever comes in, as an event or from the model: the execution ends, soon, and says what was wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from conformance.in_process import run_in_process
from conformance.run import Run
from conformance.scenario import Answered, Scenario
from patterns.durable.asking import MAX_REPAIRS
from providers import ModelRequest, StopReason, TextBlock, ToolUseBlock
from providers.script import Entry, Reply
from providers.scripted import ScriptedProvider
from tests.patterns.catalogue import CATALOGUE
from tests.patterns.catalogue.runs import SIDE_BY_SIDE, each_pattern

BATCH = 24
"""Inputs an example tries side by side: an execution mostly waits."""

IN_BATCHES = settings(
    max_examples=2,
    derandomize=True,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # shrinking would run thousands of executions
    suppress_health_check=list(HealthCheck),
    database=None,
)

CALLBACKS = {
    name: [Answered("yes")] * 20 for name in ("human-review", "human-review-2", "human-review-3", "ask-person")
}

BOUNDS = {
    "prompt_chaining": 2 * (1 + MAX_REPAIRS),
    "human_review": 1 + MAX_REPAIRS,
    "llm_as_judge": 3 * (1 + MAX_REPAIRS),
    "agent_with_tools": 10,
    "parallel_invocation": 3 * (1 + MAX_REPAIRS),
    "structured_output": 1 + MAX_REPAIRS,
    "durable_strands_agent": 10,
}
"""Most model calls that answers, however bad, can cause."""

texts = st.text(max_size=30)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
tool_names = st.sampled_from(
    ["get_location", "get_weather", "wait_for_human_review", "get_population", "ask_person", "no_such_tool", ""]
)
blocks = st.one_of(
    texts.map(lambda text: TextBlock(text=text)),
    st.builds(ToolUseBlock, tool_use_id=st.just(""), name=tool_names, input=json_values),
)
replies = st.builds(Reply, st.lists(blocks, max_size=3).map(tuple), st.sampled_from(list(StopReason)))


def fields(pattern: str) -> st.SearchStrategy[Any]:
    (name,) = CATALOGUE[pattern].scenarios["bad input: a number"].event
    return json_values | st.fixed_dictionaries({name: json_values})


def run(pattern: str, scenario: Scenario) -> Run:
    return run_in_process(CATALOGUE[pattern].handler_for, scenario)


@pytest.mark.parametrize("pattern", each_pattern())
def test_any_event_ends_in_a_result_or_a_clear_failure_before_any_call(pattern: str) -> None:
    @IN_BATCHES
    @given(st.lists(fields(pattern), min_size=BATCH, max_size=BATCH))
    def check(events: list[Any]) -> None:
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            runs = list(pool.map(lambda event: run(pattern, Scenario(event, ScriptedProvider, CALLBACKS)), events))
        for event, outcome in zip(events, runs, strict=True):
            if outcome.status == "FAILED":
                assert outcome.error_type == "patterns.durable.handler.InvalidEventError", event
                assert outcome.calls == (), event
            else:
                assert outcome.status == "SUCCEEDED", event

    check()


@pytest.mark.parametrize("pattern", each_pattern())
def test_any_model_output_ends_within_the_bounds(pattern: str) -> None:
    @IN_BATCHES
    @given(st.lists(st.lists(replies, min_size=1, max_size=6), min_size=BATCH, max_size=BATCH))
    def check(scripts: list[list[Reply]]) -> None:
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            runs = list(pool.map(lambda script: run(pattern, saying(script)), scripts))
        for script, outcome in zip(scripts, runs, strict=True):
            assert outcome.status in {"SUCCEEDED", "FAILED"}, script
            assert len(outcome.calls) <= BOUNDS[pattern], script
            if outcome.status == "FAILED":
                assert (outcome.error_type or "").rpartition(".")[2] in {"ModelOutputError", "EveryBranchFailedError"}

    check()


def saying(script: list[Reply]) -> Scenario:
    """A model that says these things over and over, whatever it is asked."""

    def answer(_: ModelRequest, call: int) -> Entry:
        return script[call % len(script)]

    return Scenario({}, lambda: ScriptedProvider(answer), CALLBACKS)
