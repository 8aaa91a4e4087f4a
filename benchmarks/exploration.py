"""What an exploration costs: executions per second, and how the cost grows with the number of steps."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from rich.progress import track

from benchmarks.comparison import Row, Spread, compared, row_of, shown
from benchmarks.targets import FEW, GROWTH, GROWTH_NEAR, HORIZON, MANY, THROUGHPUT
from conformance.crash import crash_points
from conformance.exploration import PATIENCE_SECONDS, SIDE_BY_SIDE, Exploration
from conformance.explore import explore
from conformance.in_process import UNDISTURBED, Conditions, run_in_process
from conformance.public_runner import run_on_public_runner
from conformance.run import Run
from conformance.scenario import HandlerFactory, Scenario
from conformance.sdk_logs import quiet_sdk_logs
from conformance.side_by_side import Done, run_all
from patterns.durable import durable_handler
from patterns.prompt_chaining import prompt_chaining
from providers.scripted import ScriptedProvider

ROUNDS = 3
SEQUENTIAL = 8
"""Executions of one measurement on the public runner."""

EXPLORATIONS = 4
"""Explorations of one measurement of ours, spread over the cores."""

SAMPLED_STEPS = 5
"""Steps of a chain whose crash points are explored."""

SCENARIO = Scenario({}, ScriptedProvider)


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

        note = (
            f"on {cores} cores; at the end of an invocation the SDK waits up to 0.1 s for a thread, which explorations"
            " shorten; the public runner's wait of 5 s after an invocation that dies is not in its figure"
        )
        return compared(THROUGHPUT, ours, theirs, rounds=ROUNDS, note=note)


def chain(steps: int) -> Any:
    """A handler of that many steps, one after the other."""

    @durable_execution
    def handler(_event: Any, context: DurableContext) -> int:
        return sum(context.step(lambda _, number=number: number, f"step-{number}") for number in range(steps))  # type: ignore[misc]

    return handler


@dataclass(frozen=True)
class PerRun:
    """Seconds that a run of one chain of steps takes, each beside others.

    Attributes:
        explored: As `explore` does it, which begins at a stored prefix where it can; the two runs that crash nowhere
            count as two.
        near: The same with a horizon.
        from_start: The same from the beginning of the execution.
        undisturbed: An execution that nothing interrupts, to its end.
    """

    explored: float
    near: float
    from_start: float
    undisturbed: float


class Chain:
    """A chain of steps, and the crash points of some of them: of every kind, evenly spread."""

    def __init__(self, steps: int) -> None:
        handler = chain(steps)
        self._handler_for: HandlerFactory = lambda _model: handler
        points = crash_points(run_in_process(self._handler_for, SCENARIO))
        of_each = len(points) // steps
        every = steps // SAMPLED_STEPS
        self.points = [point for n, point in enumerate(points) if n // of_each % every == every // 2]

    def measured(self) -> PerRun:
        """Measure everything once."""
        crashing = [Conditions(crashes=(point,)) for point in self.points]
        return PerRun(
            _per_run(self.explore),
            _per_run(lambda: self.explore(HORIZON)),
            _per_run(lambda: self._run_all(crashing)),
            _per_run(lambda: self._run_all([UNDISTURBED] * len(self.points))),
        )

    def explore(self, horizon: int | None = None) -> int:
        """Explore the points; returns how many executions that was."""
        exploration = Exploration(never_twice=False, faults=False, points=self.points, horizon=horizon)
        report = explore(self._handler_for, SCENARIO, exploration)
        if not report.conforms or report.points != len(self.points):
            raise RuntimeError(f"The chain of steps does not conform, so its figures mean nothing: {report}")
        return report.runs

    def _run_all(self, all_conditions: Sequence[Conditions]) -> int:
        jobs = [partial(run_in_process, self._handler_for, SCENARIO, conditions) for conditions in all_conditions]
        for fate in run_all(jobs, threads=SIDE_BY_SIDE, patience=PATIENCE_SECONDS):
            match fate:
                case Done(outcome=Run()):
                    pass
                case _:
                    raise RuntimeError(f"A run of the chain of steps did not end: {fate}")
        return len(all_conditions)


def _per_run(work: Callable[[], int]) -> float:
    began = time.perf_counter()
    runs = work()
    return (time.perf_counter() - began) / runs


def growth() -> list[Row]:
    """Time per crash point of a long chain of steps, in that of a short one: followed to the end, and so far only."""
    few, many = Chain(FEW), Chain(MANY)
    few.measured()
    rounds = [(many.measured(), few.measured()) for _ in track(range(ROUNDS), GROWTH.what, transient=True)]

    def ratio(part: Callable[[PerRun], float]) -> Spread:
        return Spread.of([part(long) / part(short) for long, short in rounds])

    undisturbed = ratio(lambda per_run: per_run.undisturbed)
    from_start = ratio(lambda per_run: per_run.from_start)
    dearer = Spread.of([long.from_start / long.explored for long, _ in rounds])
    cost = statistics.median(long.undisturbed for long, _ in rounds)
    note = (
        f"every run is followed to its end, and the limit is what that costs: uninterrupted, {MANY} steps take"
        f" {undisturbed} times as long as {FEW} ({shown(cost)}); without stored prefixes the ratio would be"
        f" {from_start}, and a crash run among {MANY} steps would take {dearer} times as long as with them"
    )
    saved = Spread.of([long.explored / long.near for long, _ in rounds])
    near_note = (
        f"what a crash leaves behind and shows only more than {HORIZON} operations later is missed; a crash run"
        f" among {MANY} steps is {saved} times as fast as followed to its end"
    )
    return [
        row_of(GROWTH, [(long.explored, short.explored) for long, short in rounds], note),
        row_of(GROWTH_NEAR, [(long.near, short.near) for long, short in rounds], near_note),
    ]
