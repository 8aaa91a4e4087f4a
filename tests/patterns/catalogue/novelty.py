"""Which crash points of a pattern's scenarios are worth a run each, when the whole suite has a minute.

Scenarios of one pattern go alike in long stretches: that a model's third answer is cut short makes no difference to an
invocation that dies during the first, and what the first answer said makes none where the code goes on the same way. A
point is new if no scenario before has it after operations that ended alike, and with the same operation coming next.
What the crash leads to differs, and is explored where it differs; `tox -e explore` explores every point of every
scenario all the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from durable_conformance import CrashKind, CrashPoint
from durable_conformance.execution import BRANCHES, OperationRecord, Run, path_order


def new_points(runs: Mapping[str, Run]) -> dict[str, frozenset[CrashPoint]]:
    """For each scenario, by name, the points that no scenario before it has in the same place."""
    seen: set[tuple[object, ...]] = set()
    found = {}
    for name, run in runs.items():
        places = {point: (*_place(run, point), point.id) for point in run.crash_points() if not _as_before(point)}
        found[name] = frozenset(point for point, place in places.items() if place not in seen)
        seen.update(places.values())
    return found


def _as_before(point: CrashPoint) -> bool:
    """Whether what dies here leaves what an invocation leaves that dies at another point.

    One that dies before a START persists leaves what one leaves that dies after the update before; one that dies in a
    model call, what one leaves that dies before that call's result persists.
    """
    return (point.action, point.kind) == ("START", CrashKind.BEFORE_PERSIST) or point.kind is CrashKind.DURING_CALL


def _place(run: Run, point: CrashPoint) -> tuple[object, ...]:
    """How the operations before `point` had ended, and which one comes next, in the order of the code.

    Other branches of its batches are left out: what they had done by then differs from run to run.
    """
    begins = point.action == "START"  # how it will end, and what comes after it, nobody knows yet
    beside = [path for path in _branches(run) if _siblings(path, point.path)]
    ended, following = [], []
    for operation in run.operations:
        inside = _within(operation.path, point.path)
        if any(_within(operation.path, branch) for branch in beside) or (begins and operation.path == point.path):
            continue
        if (inside and not begins) or path_order(operation.path) < path_order(point.path):
            if inside or not _within(point.path, operation.path):
                ended.append(_ending(operation))
        elif inside or not begins:
            following.append(operation.path)
    outcomes = [call.outcome for call in run.calls if call.path == point.path]
    return tuple(ended), *following[:1], tuple(outcomes[: point.occurrence + 1])


def _ending(operation: OperationRecord) -> tuple[object, ...]:
    return operation.path, operation.status, operation.attempts, operation.error_type


def _branches(run: Run) -> list[str]:
    return [operation.path for operation in run.operations if operation.sub_type in BRANCHES]


def _siblings(branch: str, path: str) -> bool:
    """Whether `path` stands in another branch of the same batch."""
    batch = branch.rpartition("/")[0]
    return path != batch and _within(path, batch) and not _within(path, branch)


def _within(path: str, context: str) -> bool:
    return f"{path}/".startswith(f"{context}/")
