"""Every scenario of every pattern: its snapshot, the same on the public runner and in process; every interruption."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from conformance.crash import CrashKind, CrashPoint, crash_points
from conformance.in_process import run_in_process
from conformance.run import Run
from tests.patterns.catalogue import CATALOGUE
from tests.patterns.catalogue.pattern import Pattern
from tests.patterns.catalogue.runs import SIDE_BY_SIDE, each_pattern, in_process, on_public_runner

DEATHS_A_RUN = 25
"""An execution dies this often: at 25 places that follow each other, so that all are covered by few executions."""

KINDS = (CrashKind.AFTER_PERSIST, CrashKind.DURING_CALL)
"""Between every two checkpoints, and in every model call."""


def scenarios() -> list[Any]:
    return [
        pytest.param(pattern.name, name, id=f"{pattern.name}: {name}", marks=pytest.mark.xdist_group(pattern.name))
        for pattern in CATALOGUE.values()
        for name in pattern.scenarios
    ]


def described(run: Run) -> dict[str, Any]:
    """The parts of a run that a change of a pattern should be seen to change."""
    return {
        "status": run.status,
        "result": run.result,
        "error": run.error_type and f"{run.error_type}: {run.error_message}",
        "operations": [
            f"{operation.path} {operation.type}/{operation.sub_type} {operation.status}"
            + (f" attempts={operation.attempts}" if operation.attempts is not None else "")
            for operation in run.operations
        ],
        "retry delays in seconds": run.retry_schedule,
        "model calls": run.ledger,
    }


@pytest.mark.parametrize("pattern", each_pattern())
def test_no_interruption_is_noticed(pattern: str) -> None:
    """Die after every checkpoint and in every model call: the same end, and no completed call repeated."""
    under_test = CATALOGUE[pattern]
    baselines = in_process(pattern)
    cases = [
        (name, deaths)
        for name, baseline in baselines.items()
        for deaths in itertools.batched(crash_points(baseline, KINDS), DEATHS_A_RUN, strict=False)
    ]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        runs = pool.map(lambda case: interrupted(under_test, *case), cases)
        for (name, deaths), run in zip(cases, runs, strict=True):
            assert_unnoticed(baselines[name], run, deaths, name)
    assert len(cases) > 10


def interrupted(pattern: Pattern, name: str, deaths: Sequence[CrashPoint]) -> Run:
    start = in_process(pattern.name)[name].starts[min(point.invocation for point in deaths) - 1]
    return run_in_process(pattern.handler_for, pattern.scenarios[name], deaths, start)


def assert_unnoticed(baseline: Run, run: Run, deaths: Sequence[CrashPoint], name: str) -> None:
    assert set(run.crashes) == {str(point) for point in deaths}, name
    assert (run.status, run.result) == (baseline.status, baseline.result), name
    assert run.error_message == baseline.error_message, name
    assert run.operations == baseline.operations, name
    assert not run.repeated_calls, name


@pytest.mark.parametrize(("pattern", "name"), scenarios())
def test_scenario(pattern: str, name: str, snapshot: SnapshotAssertion) -> None:
    run = in_process(pattern)[name]
    if public := on_public_runner(pattern).get(name):
        assert described(public) == described(run)
        assert public.operations == run.operations, "checkpointed payloads and errors, too"
    assert described(run) == snapshot
