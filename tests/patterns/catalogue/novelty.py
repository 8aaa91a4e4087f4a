"""Which crash points of a pattern's scenarios are worth a run each, when the whole suite has a minute.

Scenarios of one pattern begin alike: that a model's third answer is cut short makes no difference to an invocation that
dies during the first. A point is new if no scenario before has it with the same past. What the crash leads to differs,
and is explored where it differs; `tox -e explore` explores every point of every scenario all the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from conformance.completion_order import BRANCHES
from conformance.crash import CrashKind, CrashPoint, crash_points
from conformance.operations import path_order
from conformance.run import Run


def new_points(runs: Mapping[str, Run]) -> dict[str, frozenset[CrashPoint]]:
    """For each scenario, by name, the points that no scenario before it has with the same past."""
    seen: set[tuple[object, ...]] = set()
    found = {}
    for name, run in runs.items():
        pasts = {point: (*_past(run, point), str(point)) for point in crash_points(run) if not _as_before(point)}
        found[name] = frozenset(point for point, past in pasts.items() if past not in seen)
        seen.update(pasts.values())
    return found


def _as_before(point: CrashPoint) -> bool:
    """Whether what dies here leaves what an invocation leaves that dies after the update before this one."""
    return (point.action, point.kind) == ("START", CrashKind.BEFORE_PERSIST)


def _past(run: Run, point: CrashPoint) -> tuple[object, ...]:
    """What had happened before `point` in the order of the code: other branches of its batches are left out.

    In the order of time, what they had done by then would differ from run to run.
    """
    beside = [path for path in _branches(run) if _siblings(path, point.path)]
    ended = tuple(
        (operation.path, operation.status, operation.result, operation.error_message)
        for operation in run.operations
        if path_order(operation.path) < path_order(point.path)
        and not _within(point.path, operation.path)
        and not any(_within(operation.path, branch) for branch in beside)
    )
    calls = [(call.outcome, call.response) for call in run.calls if call.path == point.path]
    return ended, repr(calls[: point.occurrence + 1])


def _branches(run: Run) -> list[str]:
    return [operation.path for operation in run.operations if operation.sub_type in BRANCHES]


def _siblings(branch: str, path: str) -> bool:
    """Whether `path` stands in another branch of the same batch."""
    return _within(path, branch.rpartition("/")[0]) and not _within(path, branch)


def _within(path: str, context: str) -> bool:
    return f"{path}/".startswith(f"{context}/")
