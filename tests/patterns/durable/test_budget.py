"""What an execution may spend: it stops there, once, wherever it is interrupted, and each answer counts once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from durable_conformance import Exploration, Scenario, explore
from durable_conformance.execution import Run
from durable_conformance.runtime import run_in_process
from durable_conformance.subject import HandlerFactory
from patterns import agent_with_tools, durable_strands_agent, human_review, prompt_chaining
from patterns import llm_as_judge as judge
from patterns import parallel_invocation as parallel
from patterns import structured_output as structured
from patterns.durable import durable_handler
from patterns.durable.budget import InvalidBudgetError, budget_from_environment
from providers import ModelRequest, ModelResponse, Usage
from providers.scripted import ScriptedProvider, always, reply, tool_use

EACH = 10
"""Tokens of every answer here."""

STOPPED = "patterns.durable.budget.ModelBudgetError"


WITHOUT_FAULTS = Exploration(faults=False, never_twice=False)  # every interruption; faults have tests of their own


class Costing:
    """A provider whose every answer costs the same."""

    def __init__(self, script: Any = None) -> None:
        self._scripted = ScriptedProvider(script)

    def converse(self, request: ModelRequest) -> ModelResponse:
        usage = Usage(input_tokens=6, output_tokens=4)
        return self._scripted.converse(request).model_copy(update={"usage": usage})


def limited(workflow: Callable[..., Any], budget: int | None) -> HandlerFactory:
    return lambda model: durable_handler(workflow, model=model, token_budget=budget)


def run(workflow: Callable[..., Any], budget: int | None, script: Any = None, event: Any = None) -> Run:
    return run_in_process(limited(workflow, budget), Scenario(event or {}, lambda: Costing(script)))


LOOPING: Mapping[str, tuple[Callable[..., Any], Any]] = {
    "agent_with_tools": (agent_with_tools.agent_with_tools, {"*": [always(tool_use("get_location", {}))]}),
    "durable_strands_agent": (
        durable_strands_agent.durable_strands_agent,
        {"*": [always(tool_use("get_population", {"city": "Paris"}))]},
    ),
}


@pytest.mark.parametrize("name", LOOPING)
def test_an_agent_that_loops_stops_at_its_budget_wherever_it_is_interrupted(name: str) -> None:
    workflow, script = LOOPING[name]
    scenario = Scenario({}, lambda: Costing(script), expect="FAILED")
    undisturbed = run_in_process(limited(workflow, 3 * EACH), scenario)
    assert (undisturbed.status, undisturbed.error_type) == ("FAILED", STOPPED)
    assert len(undisturbed.calls) == 3
    report = explore(limited(workflow, 3 * EACH), scenario, WITHOUT_FAULTS)
    assert not report.findings, report.findings
    assert report.runs > 20


@pytest.mark.parametrize(
    ("workflow", "event", "calls"),
    [
        (prompt_chaining.prompt_chaining, {"topic": "tea"}, 1),
        (structured.structured_output, {"text": "Ada"}, 1),
        (human_review.human_review, {"document": "12 EUR"}, 1),
    ],
    ids=["prompt_chaining", "structured_output", "human_review"],
)
def test_no_call_begins_once_the_budget_is_spent(workflow: Callable[..., Any], event: Any, calls: int) -> None:
    outcome = run(workflow, 1, {"*": [always(reply("no JSON"))]}, event)
    assert (outcome.status, outcome.error_type, len(outcome.calls)) == ("FAILED", STOPPED, calls)
    assert "1 tokens" in (outcome.error_message or "")
    assert f"{EACH} are spent" in (outcome.error_message or "")


def test_parallel_branches_overshoot_by_the_calls_in_flight_and_by_no_more() -> None:
    outcome = run(parallel.parallel_invocation, 1, {"*": [always(reply("ok"))]})
    assert 1 <= len(outcome.calls) <= len(parallel.PROMPTS)
    assert outcome.status == "SUCCEEDED"
    assert len(outcome.result["perspectives"]) == len(outcome.calls)


def test_what_finished_branches_spent_counts_for_what_comes_after_them() -> None:
    scenario = Scenario({}, lambda: Costing({"*": [always(reply("ok"))]}), expect="FAILED")
    outcome = run_in_process(limited(judge.llm_as_judge, 2 * EACH), scenario)
    assert (outcome.status, outcome.error_type) == ("FAILED", STOPPED)
    assert len(outcome.calls) == 2
    report = explore(limited(judge.llm_as_judge, 2 * EACH), scenario, WITHOUT_FAULTS)
    assert not report.findings, report.findings


def test_a_budget_leaves_results_alone() -> None:
    scripts: tuple[tuple[Callable[..., Any], Any], ...] = (
        (judge.llm_as_judge, {"judge": [reply({"best": 1, "reasoning": "r"})], "*": [always(reply("ok"))]}),
        (durable_strands_agent.durable_strands_agent, {"*": [reply("Paris")]}),
        (parallel.parallel_invocation, {"*": [always(reply("ok"))]}),
    )
    for workflow, script in scripts:
        free = run(workflow, None, script)
        assert free.status == "SUCCEEDED"
        assert run(workflow, 1_000, script).result == free.result


@pytest.mark.parametrize(("value", "budget"), [(None, None), ("", None), ("1", 1), ("200000", 200_000)])
def test_the_environment_says_how_much(value: str | None, budget: int | None) -> None:
    assert budget_from_environment({} if value is None else {"TOKEN_BUDGET": value}) == budget


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "1_000"])
def test_a_budget_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(InvalidBudgetError, match="TOKEN_BUDGET"):
        budget_from_environment({"TOKEN_BUDGET": value})
