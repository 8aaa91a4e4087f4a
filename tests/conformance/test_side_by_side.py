"""Jobs run side by side; one that hangs is reported and the others are not held up."""

from __future__ import annotations

import threading
from collections.abc import Callable

from durable_conformance.workers.side_by_side import MAX_STUCK, Done, NotBegun, Stuck, run_all


def test_every_job_is_done_once_whatever_it_does() -> None:
    def fail() -> int:
        raise ValueError("no")

    fates = list(run_all([lambda: 1, fail, lambda: 3], threads=2, patience=60))
    outcomes = {fate.number: fate.outcome for fate in fates if isinstance(fate, Done)}
    assert (outcomes[0], outcomes[2]) == (1, 3)
    assert isinstance(outcomes[1], ValueError)
    assert list(run_all([], threads=2, patience=60)) == []


def test_a_job_that_hangs_is_reported_and_the_rest_is_done() -> None:
    go_on = threading.Event()
    jobs: list[Callable[[], object]] = [go_on.wait, *[lambda: "done"] * 20]
    fates = {fate.number: fate for fate in run_all(jobs, threads=2, patience=0.2)}
    go_on.set()
    assert isinstance(fates[0], Stuck)
    assert all(isinstance(fates[number], Done) for number in range(1, 21))


def test_when_too_many_hang_those_that_have_not_begun_are_left_out() -> None:
    go_on = threading.Event()
    jobs: list[Callable[[], object]] = [go_on.wait] * (MAX_STUCK + 20)
    fates = list(run_all(jobs, threads=MAX_STUCK + 1, patience=0.2))
    go_on.set()
    assert {fate.number for fate in fates} == set(range(len(jobs)))
    assert sum(isinstance(fate, NotBegun) for fate in fates) >= 1
    assert sum(isinstance(fate, Stuck) for fate in fates) > MAX_STUCK
