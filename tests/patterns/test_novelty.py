"""Which crash points the suite explores: none is left out whose place no other scenario has."""

from __future__ import annotations

from durable_conformance import CrashKind, CrashPoint
from durable_conformance.execution import Checkpointed, OperationRecord, Run
from tests.patterns.catalogue.novelty import new_points


def step(path: str, result: str = '"ok"', error: str | None = None) -> OperationRecord:
    status = "FAILED" if error else "SUCCEEDED"
    return OperationRecord(path, "STEP", "Step", status, 1, None if error else result, error)


def run_of(*operations: OperationRecord) -> Run:
    updates = tuple(
        Checkpointed(1, operation.path, action, 0, type=operation.type, name=operation.name)
        for operation in operations
        for action in ("START", "FAIL" if operation.error_type else "SUCCEED")
    )
    return Run("SUCCEEDED", None, None, None, operations, updates)


def new(**runs: Run) -> dict[str, list[str]]:
    """For each scenario, the new places after whose update an invocation dies."""
    return {
        name: [
            f"{point.path} {point.action}" for point in sorted(points, key=str) if point.kind is CrashKind.AFTER_PERSIST
        ]
        for name, points in new_points(runs).items()
    }


def test_what_was_answered_makes_no_difference_where_the_code_goes_on_alike() -> None:
    found = new(one=run_of(step("/1:a", '"x"'), step("/2:b")), other=run_of(step("/1:a", '"y"'), step("/2:b")))
    assert found == {"one": ["/1:a START", "/1:a SUCCEED", "/2:b START", "/2:b SUCCEED"], "other": []}


def test_another_operation_that_comes_next_does() -> None:
    found = new(one=run_of(step("/1:a"), step("/2:b")), other=run_of(step("/1:a"), step("/2:c")))
    assert found["other"] == ["/1:a SUCCEED", "/2:c START", "/2:c SUCCEED"]


def test_so_does_another_ending_before_it() -> None:
    found = new(one=run_of(step("/1:a"), step("/2:b")), other=run_of(step("/1:a", error="E"), step("/2:b")))
    assert found["other"] == ["/1:a FAIL", "/2:b START", "/2:b SUCCEED"]


def test_a_context_is_left_with_what_it_holds() -> None:
    context = OperationRecord("/1:c", "CONTEXT", "RunInChildContext", "SUCCEEDED")

    def with_inside(inside: OperationRecord) -> Run:
        return run_of(context, inside, step("/2:b"))

    found = new(one=with_inside(step("/1:c/1:a")), other=with_inside(step("/1:c/1:a", error="E")))
    assert found["other"] == ["/1:c SUCCEED", "/1:c/1:a FAIL", "/2:b START", "/2:b SUCCEED"]


def test_what_other_branches_had_done_by_then_makes_none() -> None:
    def batch(other_branch: OperationRecord) -> Run:
        branches = [OperationRecord(f"/1:m/{n}:b", "CONTEXT", "MapIteration", "SUCCEEDED") for n in (1, 2)]
        whole = OperationRecord("/1:m", "CONTEXT", "Map", "SUCCEEDED")
        return run_of(whole, branches[0], step("/1:m/1:b/1:s"), branches[1], other_branch)

    found = new(one=batch(step("/1:m/2:b/1:s")), other=batch(step("/1:m/2:b/1:s", error="E")))
    assert "/1:m/1:b/1:s SUCCEED" not in found["other"]
    assert {"/1:m/2:b/1:s FAIL", "/1:m SUCCEED"} <= set(found["other"])


def test_a_death_that_leaves_what_another_leaves_is_not_new() -> None:
    (points,) = new_points({"one": run_of(step("/1:a"))}).values()
    assert {point for point in points if point.kind is CrashKind.BEFORE_PERSIST} == {
        CrashPoint("/1:a", "SUCCEED", 0, CrashKind.BEFORE_PERSIST)
    }
    assert not any(point.kind is CrashKind.DURING_CALL for point in points)
