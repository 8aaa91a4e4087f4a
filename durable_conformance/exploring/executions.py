"""The executions of one exploration: run side by side, counted, and told to whoever keeps a record of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from durable_conformance.evidence.run_record import Place, RunRecord, planned
from durable_conformance.execution.run import Run
from durable_conformance.exploring.exploration import Exploration
from durable_conformance.exploring.listener import Recorder
from durable_conformance.runtime.driver import Conditions, run_in_process
from durable_conformance.subject.scenario import HandlerFactory, Scenario
from durable_conformance.workers.side_by_side import Done, NotBegun, Stuck, run_all


@dataclass(frozen=True)
class Job[T]:
    """Something to do with an execution or two.

    Attributes:
        name: What it is called where it cannot be done.
        place: Where its execution stands among the others; None if it is not recorded.
        work: Does it.
    """

    name: str
    place: Place | None
    work: Callable[[], T]


class Executions:
    """Runs executions of one handler. Safe from any number of threads.

    Args:
        handler_for: Makes the handler under test.
        scenario: What the executions meet.
        exploration: How many there are at a time, and how long one may take.
        recorder: Told what each did; None saves the work of finding that out.

    Attributes:
        could_not_run: What kept executions from being run.
        runs: How many were run.
    """

    def __init__(
        self, handler_for: HandlerFactory, scenario: Scenario, exploration: Exploration, recorder: Recorder | None
    ) -> None:
        self._handler_for = handler_for
        self._scenario = scenario
        self._exploration = exploration
        self._recorder = recorder
        self._counter = threading.Lock()
        self.could_not_run: list[str] = []
        self.runs = 0

    def run(self, conditions: Conditions) -> Run:
        """Run one, here and now."""
        with self._counter:
            self.runs += 1
        return run_in_process(self._handler_for, self._scenario, conditions)

    def record(self, made: Callable[[], RunRecord]) -> None:
        """Tell the recorder, if there is one, what `made` returns about a run."""
        if self._recorder:
            self._recorder(made())

    def outcomes[T](self, jobs: Sequence[Job[T]], failed: list[str] | None = None) -> Iterator[tuple[int, T]]:
        """What `jobs` return, each with its number, as it is known.

        Args:
            jobs: What to do, side by side.
            failed: Where it is noted what hangs or fails, and why; `could_not_run` unless given.
        """
        failed = self.could_not_run if failed is None else failed
        patience = self._exploration.patience
        if self._recorder:
            for job in jobs:
                if job.place:
                    self._recorder(planned(job.name, job.place))
        for fate in run_all([job.work for job in jobs], threads=self._exploration.side_by_side, patience=patience):
            job = jobs[fate.number]
            match fate:
                case Done(outcome=BaseException() as error):
                    self._fail(failed, job, f"{type(error).__name__}: {error}")
                case Done(outcome=outcome):
                    yield fate.number, outcome  # type: ignore[misc]  # errors were matched above
                case Stuck():
                    self._fail(failed, job, f"still running after {patience:g} s")
                case NotBegun():
                    self._fail(failed, job, "left out, because too many runs before it hang")

    def _fail[T](self, failed: list[str], job: Job[T], why: str) -> None:
        failed.append(f"{job.name}: {why}")
        if self._recorder and job.place:
            self._recorder(planned(job.name, job.place, why))
