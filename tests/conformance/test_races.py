"""What depends on the winner of a race is one rule's matter, and nobody's where the order is to matter."""

from __future__ import annotations

import time
from typing import Any

import pytest
from aws_durable_execution_sdk_python import BatchResult, DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import (
    CompletionConfig,
    Duration,
    MapConfig,
    NestingType,
    ParallelConfig,
    StepConfig,
)
from aws_durable_execution_sdk_python.retries import RetryDecision

from durable_conformance import Exploration, Report, Scenario, explore, handler_factory
from durable_conformance.exploring import decided_as
from durable_conformance.rules import canonical
from durable_conformance.runtime import run_in_process
from durable_conformance.subject import OK, Always, reference_to
from providers import ModelProvider
from tests.conformance.corpus.asking import say_in_step

FIRST: ParallelConfig = ParallelConfig(completion_config=CompletionConfig(min_successful=1))


def raced(context: DurableContext, config: ParallelConfig = FIRST) -> Any:
    """The answer of whoever is first of three."""
    branches = [lambda branch, n=n: branch.step(lambda _: n, f"branch-{n}") for n in range(3)]
    batch: BatchResult[Any] = context.parallel(branches, "race", config)
    return batch.get_results()[0]


@durable_execution
def first_three_of_eight(event: Any, context: DurableContext) -> list[int]:
    config: MapConfig[int] = MapConfig(max_concurrency=3, completion_config=CompletionConfig(min_successful=3))
    batch: BatchResult[Any] = context.map(
        list(range(8)), lambda branch, item, *_: branch.step(lambda _: item, "item"), "race", config
    )
    return sorted(batch.get_results())


@durable_execution
def first_of_three(event: Any, context: DurableContext) -> Any:
    return raced(context)


@durable_execution
def tells_the_winner(event: Any, context: DurableContext) -> Any:
    winner = raced(context)
    return context.step(lambda _: winner, f"tell-{winner}")


def asks_about_the_winner(event: Any, context: DurableContext, model: ModelProvider) -> str:
    branches = [lambda branch, n=n: say_in_step(branch, model, f"ask-{n}", f"What about {n}?") for n in range(3)]
    winner: BatchResult[Any] = context.parallel(branches, "race", FIRST)
    return say_in_step(context, model, "sum-up", f"Sum up {winner.get_results()[0]}.")


@durable_execution
def after_a_wait(event: Any, context: DurableContext) -> Any:
    """Every branch suspends before it can win."""

    def late(n: int) -> Any:
        def branch(child: DurableContext) -> int:
            child.wait(Duration.from_seconds(10 + n), "settle")
            return child.step(lambda _: n, "answer")

        return branch

    batch: BatchResult[Any] = context.parallel([late(n) for n in range(3)], "race", FIRST)
    return batch.get_results()


RACES = [first_three_of_eight, first_of_three, tells_the_winner, asks_about_the_winner]


def report(handler: Any, *, orders: bool, elsewhere: bool = False) -> Report:
    exploration = Exploration(orders=orders, faults=False)
    there = reference_to(handler) if elsewhere else None
    return explore(handler_factory(handler), Scenario({}, ask=Always(OK)), exploration, elsewhere=there)


@pytest.mark.parametrize("handler", RACES)
def test_what_depends_on_the_winner_is_completion_order_alone(handler: Any) -> None:
    made = report(handler, orders=True)
    assert ({found.rule for found in made.findings}, made.could_not_run) == ({"completion-order"}, ())


@pytest.mark.parametrize("handler", [*RACES, after_a_wait])
def test_where_the_order_matters_it_conforms(handler: Any) -> None:
    made = report(handler, orders=False)
    assert (made.findings, made.could_not_run) == ((), ())


@pytest.mark.xdist_group("fresh-interpreters")
def test_where_the_order_matters_it_conforms_in_other_sandboxes_too() -> None:
    made = report(first_of_three, orders=False, elsewhere=True)
    assert (made.findings, made.could_not_run) == ((), ())


@durable_execution
def and_reads_the_clock(event: Any, context: DurableContext) -> Any:
    winner = raced(context)
    context.step(lambda _: None, "next")
    return [winner, time.time()]


def test_another_defect_beside_a_race_is_found_where_the_order_matters() -> None:
    assert "result-stability" in {found.rule for found in report(and_reads_the_clock, orders=False).findings}


@durable_execution
def and_takes_whoever_it_is(event: Any, context: DurableContext) -> Any:
    raced(context)
    flat = raced(context, ParallelConfig(completion_config=CompletionConfig(min_successful=3)))
    return context.step(lambda _: "done", "next") if flat is not None else None


@durable_execution
def of_flat_branches(event: Any, context: DurableContext) -> str:
    raced(context, ParallelConfig(completion_config=FIRST.completion_config, nesting_type=NestingType.FLAT))
    return "done"


@durable_execution
def fails_one_way_or_the_other(event: Any, context: DurableContext) -> Any:
    """Which of two failures comes first is no race that anybody has chosen."""

    def failing(name: str) -> Any:
        def step(_: object) -> None:
            raise ValueError(name)

        once: StepConfig = StepConfig(retry_strategy=lambda *_: RetryDecision.no_retry())
        return lambda branch: branch.step(step, name, once)

    batch: BatchResult[Any] = context.parallel([failing("left"), failing("right")], "both")
    return batch.failure_count > 0


@pytest.mark.parametrize("handler", [and_takes_whoever_it_is, of_flat_branches, fails_one_way_or_the_other])
def test_a_result_that_does_not_depend_on_the_winner_conforms(handler: Any) -> None:
    made = report(handler, orders=True)
    assert (made.findings, made.could_not_run) == ((), ())


def test_the_same_branches_win_in_every_run() -> None:
    """The SDK's serializer writes who had ended: if it writes that otherwise, winners are no longer known."""
    baseline = canonical(run_in_process(handler_factory(first_three_of_eight), Scenario({})))
    order = decided_as(baseline)
    assert order is not None
    assert len(order.batches["/1:race"]) == len(baseline.winners["/1:race"]) >= 3
