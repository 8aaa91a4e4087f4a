"""What an exploration costs: executions per second, and how the cost grows with the number of steps."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from rich.progress import track

from benchmarks.comparison import Row, Spread, compared, row_of
from benchmarks.targets import FEW, GROWTH, MANY, THROUGHPUT, WATCHED
from durable_conformance import Exploration, Scenario, explore
from durable_conformance.exploring import HORIZON
from durable_conformance.runtime import WITHOUT_CAUSES, quiet_sdk_logs
from patterns.durable import durable_handler
from patterns.prompt_chaining import prompt_chaining
from providers.scripted import ScriptedProvider
from tests.oracle.public_runner import run_on_public_runner

ROUNDS = 3
SEQUENTIAL = 8
"""Executions of one measurement on the public runner."""

EXPLORATIONS = 8
"""Explorations of one measurement of ours, one for each core at a time: an exploration begins with executions that must
come one after the other."""

WORKERS = 2
"""Of one such exploration."""

SCENARIO = Scenario({}, ScriptedProvider)


def handler_for(model: Any) -> Any:
    """The pattern under test, asking `model`."""
    return durable_handler(prompt_chaining, model=model)


def explored(_: int) -> int:
    """Explore `prompt_chaining` once; returns how many executions that was."""
    return explore(handler_for, SCENARIO, Exploration(side_by_side=WORKERS)).runs


def throughput() -> Row:
    """Interrupted executions of ours on all cores, against uninterrupted ones on the public runner."""
    quiet_sdk_logs()
    cores = os.process_cpu_count() or 1
    with ProcessPoolExecutor(cores, get_context("spawn"), initializer=quiet_sdk_logs) as pool:
        list(pool.map(explored, range(cores)))  # imports, and what is made once

        def ours() -> float:
            began = time.perf_counter()
            runs = sum(pool.map(explored, range(EXPLORATIONS)))
            return (time.perf_counter() - began) / runs

        return _throughput(ours, cores)


def _throughput(ours: Callable[[], float], cores: int) -> Row:
    def theirs() -> float:
        began = time.perf_counter()
        for _ in range(SEQUENTIAL):
            run_on_public_runner(handler_for, SCENARIO)
        return (time.perf_counter() - began) / SEQUENTIAL

    note = (
        f"on {cores} cores; at the end of an invocation the SDK waits up to 0.1 s for a thread,"
        " which explorations shorten; the public runner's wait of 5 s after an invocation that dies is not in its"
        " figure"
    )
    return compared(THROUGHPUT, ours, theirs, rounds=ROUNDS, note=note)


def watched() -> Row:
    """Throughput with what finds causes, against throughput without."""
    quiet_sdk_logs()
    explored(0)

    def seconds() -> float:
        began = time.perf_counter()
        runs = sum(explored(number) for number in range(EXPLORATIONS))
        return (time.perf_counter() - began) / runs

    def without() -> float:
        os.environ[WITHOUT_CAUSES] = "1"
        try:
            return seconds()
        finally:
            del os.environ[WITHOUT_CAUSES]

    note = (
        "each process that runs the handler is told by a variable; causes themselves are worked out for findings alone"
    )
    return compared(WATCHED, seconds, without, rounds=ROUNDS, note=note)


def chain(steps: int) -> Any:
    """A handler of that many steps, one after the other."""

    @durable_execution
    def handler(_event: Any, context: DurableContext) -> int:
        return sum(context.step(lambda _, number=number: number, f"step-{number}") for number in range(steps))  # type: ignore[misc]

    return handler


def seconds_per_point(steps: int, horizon: int | None = HORIZON) -> float:
    """What each crash point costs in an exploration of a chain of so many steps.

    Args:
        steps: How many.
        horizon: How far executions are followed that are interrupted once; None follows them to their ends.
    """
    handler = chain(steps)
    began = time.perf_counter()
    report = explore(lambda _model: handler, SCENARIO, Exploration(never_twice=False, faults=False, horizon=horizon))
    if not report.conforms:
        raise RuntimeError(f"The chain of steps does not conform, so its figures mean nothing: {report}")
    return (time.perf_counter() - began) / report.points


def growth() -> Row:
    """Time per crash point of a long chain of steps, in that of a short one."""
    seconds_per_point(FEW)
    pairs: list[tuple[float, float]] = []
    to_the_end: list[tuple[float, float]] = []
    for _ in track(range(ROUNDS), GROWTH.what, transient=True):
        pairs.append((seconds_per_point(MANY), seconds_per_point(FEW)))
        to_the_end.append((seconds_per_point(MANY, None), seconds_per_point(FEW, None)))
    longer = Spread.of([followed / so_far for (followed, _), (so_far, _) in zip(to_the_end, pairs, strict=True)])
    note = (
        f"as by default: of {MANY} steps, an execution that is interrupted once is followed {HORIZON} operations far,"
        " and some that are interrupted everywhere to their ends; with all followed to their ends the ratio is"
        f" {Spread.of([long / short for long, short in to_the_end])}, and {MANY} steps take {longer} times as long"
    )
    return row_of(GROWTH, pairs, note)
