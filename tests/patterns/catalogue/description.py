"""A run as the snapshots show it, and the snapshots as they are committed."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from syrupy.extensions.amber import AmberSnapshotExtension

from durable_conformance.execution import Run

SNAPSHOTS = Path(__file__).parents[1] / "__snapshots__" / "test_catalogue.ambr"


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


def committed(pattern: str, scenario: str) -> dict[str, Any]:
    """The committed snapshot of a scenario; it may say more than `described`.

    Raises:
        KeyError: There is none.
    """
    data: dict[str, Any] = _snapshots()[f"test_scenario[{pattern}: {scenario}]"]
    return data


@functools.cache
def _snapshots() -> dict[str, Any]:
    """Every snapshot by name. Syrupy's format is Python: calls of `dict` and `list`, and literals."""
    collection = AmberSnapshotExtension.serializer_class.read_file(str(SNAPSHOTS))
    only = {"__builtins__": {}, "dict": dict, "list": list}
    return {snapshot.name: eval(str(snapshot.data), only) for snapshot in collection}  # the file is ours
