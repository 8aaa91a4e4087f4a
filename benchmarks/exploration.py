"""What an exploration costs: executions per second, and how the cost grows with the number of steps."""

from __future__ import annotations

import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from rich.progress import track

from benchmarks.comparison import Row, compared
from conformance.exploration import Exploration
from conformance.explore import explore
from conformance.public_runner import run_on_public_runner
from conformance.scenario import Scenario
from conformance.sdk_logs import quiet_sdk_logs
from patterns.durable import durable_handler
from patterns.prompt_chaining import prompt_chaining
from providers.scripted import ScriptedProvider

ROUNDS = 5
SEQUENTIAL = 10
"""Executions of one measurement on the public runner."""

EXPLORATIONS = 8
"""Explorations of one measurement of ours, spread over the cores."""

FEW, MANY = 10, 60
SCENARIO = Scenario({}, ScriptedProvider)


def rows() -> list[Row]:
    """The table's lines about explorations."""
    return [throughput(), growth()]


def handler_for(model: Any) -> Any:
    """The pattern under test, asking `model`."""
    return durable_handler(prompt_chaining, model=model)


def explored(_: int) -> int:
    """Explore `prompt_chaining` once; returns how many executions that was."""
    return explore(handler_for, SCENARIO).runs


def throughput() -> Row:
    """Interrupted executions of ours on all cores, against uninterrupted ones on the public runner."""
    quiet_sdk_logs()
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores, get_context("spawn"), initializer=quiet_sdk_logs) as pool:

        def ours() -> float:
            began = time.perf_counter()
            runs = sum(pool.map(explored, range(EXPLORATIONS)))
            return (time.perf_counter() - began) / runs

        def theirs() -> float:
            began = time.perf_counter()
            for _ in range(SEQUENTIAL):
                run_on_public_runner(handler_for, SCENARIO)
            return (time.perf_counter() - began) / SEQUENTIAL

        return compared(
            f"an execution that is interrupted, on {cores} cores",
            ours,
            theirs,
            against="the public runner, one execution after another, none interrupted",
            target=20.0,
            faster=True,
            rounds=ROUNDS,
            unit="ms",
            scale=1e3,
            note="the public runner waits 5 s after an invocation that dies; its figure here is without any",
        )


def chain(steps: int) -> Any:
    """A handler of that many steps, one after the other."""

    @durable_execution
    def handler(_event: Any, context: DurableContext) -> int:
        return sum(context.step(lambda _, number=number: number, f"step-{number}") for number in range(steps))  # type: ignore[misc]

    return handler


def growth() -> Row:
    """Time per crash point of a long chain of steps, in that of a short one."""
    exploration = Exploration(never_twice=False, faults=False)

    def per_point(steps: int) -> tuple[float, int]:
        handler = chain(steps)
        began = time.perf_counter()
        report = explore(lambda _: handler, SCENARIO, exploration)
        assert report.conforms
        return (time.perf_counter() - began) / report.points, report.points

    per_point(FEW)
    pairs = [(per_point(MANY), per_point(FEW)) for _ in track(range(ROUNDS), "growth", transient=True)]
    ratios = [many / few for (many, _), (few, _) in pairs]
    low, _, high = statistics.quantiles(ratios, n=4)
    return Row(
        f"a crash point among {MANY} steps",
        f"{statistics.median(many for (many, _), _ in pairs) * 1e3:.3g} ms",
        f"{statistics.median(few for _, (few, _) in pairs) * 1e3:.3g} ms",
        f"a crash point among {FEW} steps",
        statistics.median(ratios),
        low,
        high,
        MANY / FEW / 2,
        higher_is_better=False,
        note=f"points x steps would be {MANY / FEW:g}; a replay still reads what is before it",
    )
