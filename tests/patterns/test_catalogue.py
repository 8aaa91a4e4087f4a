"""Every scenario of every pattern: its snapshot, the same on the public runner and in process, and what it survives."""

from __future__ import annotations

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from conformance.run import Run
from tests.patterns.catalogue import CATALOGUE
from tests.patterns.catalogue.runs import explored, in_process, on_public_runner


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


@pytest.mark.parametrize(("pattern", "name"), scenarios())
def test_scenario(pattern: str, name: str, snapshot: SnapshotAssertion) -> None:
    run = in_process(pattern)[name]
    if public := on_public_runner(pattern).get(name):
        assert described(public) == described(run)
        assert public.operations == run.operations, "checkpointed payloads and errors, too"
    report = explored(pattern)[name]
    assert (report.findings, report.could_not_run) == ((), ())
    assert described(run) | {"crash points": report.points, "executions explored": report.runs} == snapshot
