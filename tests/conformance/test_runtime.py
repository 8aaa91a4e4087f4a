"""The simulated service: branches end in the chosen order, and the private settings of the SDK are there."""

from __future__ import annotations

import inspect
import threading
from typing import Any

import pytest
from aws_durable_execution_sdk_python import DurableContext, durable_execution, state
from aws_durable_execution_sdk_python.config import Duration, MapConfig
from aws_durable_execution_sdk_python.plugin import (
    DurableInstrumentationPlugin,
    InvocationStartInfo,
    OperationChangeInfo,
)
from aws_durable_execution_sdk_python_testing.runner import DurableFunctionTestRunner

from durable_conformance import Scenario
from durable_conformance.execution import Conditions, Order, Run
from durable_conformance.exploring import orders
from durable_conformance.runtime import QUICK, quick_stops, run_in_process
from providers.scripted import ScriptedProvider

SCENARIO = Scenario({}, ScriptedProvider)


def run(branch: Any, order: Order | None = None, config: MapConfig[Any] | None = None) -> Run:
    """A handler that maps `branch` over three items and returns them in the order in which the branches ended."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[str]:
        ended: list[str] = []
        context.map(["a", "b", "c"], lambda child, item, *_: branch(child, item, ended), "all", config)
        return ended

    return run_in_process(lambda _: handler, SCENARIO, Conditions(order=order))


def look(child: DurableContext, item: str, ended: list[str]) -> None:
    child.step(lambda _: item, "look")
    ended.append(item)


def pause(child: DurableContext, item: str, ended: list[str]) -> None:
    child.wait(Duration.from_minutes(1), "pause")
    ended.append(item)


def test_each_branch_is_once_first_and_once_last() -> None:
    tried = [list(order.batches["/1:all"]) for order in orders(run(look))]
    assert {order[0] for order in tried} == {order[-1] for order in tried}
    assert len({order[0] for order in tried}) == 3
    assert len(tried) == len({tuple(order) for order in tried})


def test_an_execution_without_branches_has_no_orders() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        return context.step(lambda _: "fine", "look")

    assert orders(run_in_process(lambda _: handler, SCENARIO)) == ()


def test_branches_end_in_the_order_that_is_asked_for() -> None:
    for order in orders(run(look)):
        positions = [int(path.rpartition("/")[2].partition(":")[0]) for path in order.batches["/1:all"]]
        assert run(look, order).result == ["abc"[position] for position in positions]


@pytest.mark.parametrize("branch", [look, pause])
def test_a_batch_that_runs_one_branch_at_a_time_still_ends(branch: Any) -> None:
    """The branch that should be first cannot begin while another holds the only place."""
    backwards = orders(run(branch))[0]
    assert run(branch, backwards, MapConfig(max_concurrency=1)).status == "SUCCEEDED"


def threads_of_a_map() -> list[str]:
    """The threads that there are in an execution after a map, by name."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[str]:
        context.map(["a", "b"], lambda child, item, *_: look(child, item, []), "all")
        return [thread.name for thread in threading.enumerate()]

    names: list[str] = run_in_process(lambda _: handler, SCENARIO).result
    return names


CHANGING = "plugin-change"
"""The thread on which the SDK tells plugins what a checkpoint changed, and what every operation looks like now."""


def test_what_no_plugin_hears_is_not_worked_out() -> None:
    """It would copy every operation at every checkpoint: what an execution costs would grow with their square."""
    assert CHANGING not in threads_of_a_map()


def test_a_plugin_that_hears_of_changes_is_told_them() -> None:
    heard: list[OperationChangeInfo] = []

    class Listening(DurableInstrumentationPlugin):
        def create_plugin(self, info: InvocationStartInfo, /) -> DurableInstrumentationPlugin:  # noqa: ARG002
            return self

        def on_operation_change(self, info: OperationChangeInfo) -> None:
            heard.append(info)

    def handler(event: Any, context: DurableContext) -> str:
        return context.step(lambda _: "fine", "look")

    durable = durable_execution(handler, plugins=[Listening()])
    with quick_stops(), DurableFunctionTestRunner(durable) as runner:
        assert runner.run(input="{}").status.value == "SUCCEEDED"
    assert "look" in {one.name for info in heard for one in info.operations.values()}


@pytest.mark.parametrize("name", QUICK)
def test_the_sdk_has_the_setting_and_reads_it_when_it_looks(name: str) -> None:
    usual = getattr(state, name)
    assert isinstance(usual, float)
    assert usual > QUICK[name]
    assert name in inspect.getsource(state.ExecutionState), "read from the module, not copied at import"


def test_they_are_set_while_anybody_needs_them_and_restored_by_the_last() -> None:
    def settings() -> dict[str, float]:
        return {name: getattr(state, name) for name in QUICK}

    usual = settings()
    with quick_stops():
        with quick_stops():
            assert settings() == QUICK
        assert settings() == QUICK
    assert settings() == usual
