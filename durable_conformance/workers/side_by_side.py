"""Runs many jobs at the same time, and goes on without one that does not end."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

MAX_STUCK = 4
"""Jobs that may hang before the rest is left out: each keeps a thread, and perhaps a core, for ever."""


THREAD_NAME = "durable-ai exploration"


@dataclass(frozen=True)
class Done[T]:
    """A job that ended.

    Attributes:
        number: Its position in the list of jobs.
        outcome: What it returned, or the exception that it raised.
    """

    number: int
    outcome: T | BaseException


@dataclass(frozen=True)
class Stuck:
    """A job that did not end in time. Its thread is left behind.

    Attributes:
        number: Its position in the list of jobs.
    """

    number: int


@dataclass(frozen=True)
class NotBegun:
    """A job that was left out because too many others are stuck.

    Attributes:
        number: Its position in the list of jobs.
    """

    number: int


type Fate[T] = Done[T] | Stuck | NotBegun


def threads_left_behind() -> bool:
    """Whether a job of this process is still running though nobody waits for it."""
    return any(thread.name == THREAD_NAME for thread in threading.enumerate())


def run_all[T](jobs: Sequence[Callable[[], T]], *, threads: int, patience: float) -> Iterator[Fate[T]]:
    """Run `jobs`, and yield what became of each as it is known.

    Args:
        jobs: What to run.
        threads: How many at a time.
        patience: Seconds that one may take.
    """
    return _Jobs(jobs, threads, patience).run()


class _Jobs[T]:
    def __init__(self, jobs: Sequence[Callable[[], T]], threads: int, patience: float) -> None:
        self._jobs = jobs
        self._threads = threads
        self._patience = patience
        self._waiting: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Done[T]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._began: dict[int, float] = {}

    def run(self) -> Iterator[Fate[T]]:
        for number in range(len(self._jobs)):
            self._waiting.put(number)
        for _ in range(min(self._threads, len(self._jobs))):
            self._add_thread()
        open_jobs = set(range(len(self._jobs)))
        stuck: set[int] = set()
        while open_jobs:
            try:
                done = self._done.get(timeout=self._until_someone_is_late(stuck))
            except queue.Empty:
                late = self._late() - stuck
                for number in late & open_jobs:
                    yield Stuck(number)
                    self._add_thread()
                stuck |= late
                open_jobs -= late
                if len(stuck) > MAX_STUCK:
                    yield from map(NotBegun, self._left_out(open_jobs))
                continue
            if done.number in open_jobs:
                open_jobs.discard(done.number)
                yield done
        for _ in range(self._threads + len(stuck)):
            self._waiting.put(None)

    def _left_out(self, open_jobs: set[int]) -> list[int]:
        """Takes back the jobs that have not begun."""
        taken: list[int] = []
        while True:
            try:
                number = self._waiting.get_nowait()
            except queue.Empty:
                open_jobs.difference_update(taken)
                return taken
            if number is not None:
                taken.append(number)

    def _add_thread(self) -> None:
        threading.Thread(target=self._work, daemon=True, name=THREAD_NAME).start()

    def _work(self) -> None:
        while (number := self._waiting.get()) is not None:
            with self._lock:
                self._began[number] = time.monotonic()
            try:
                outcome: T | BaseException = self._jobs[number]()
            except BaseException as error:  # noqa: BLE001  # handed to whoever waits for the job
                outcome = error
            with self._lock:
                self._began.pop(number, None)
            self._done.put(Done(number, outcome))

    def _late(self) -> set[int]:
        now = time.monotonic()
        with self._lock:
            return {number for number, began in self._began.items() if now - began >= self._patience}

    def _until_someone_is_late(self, stuck: set[int]) -> float:
        with self._lock:
            began = [began for number, began in self._began.items() if number not in stuck]
        return max(0.05, min(began, default=time.monotonic()) + self._patience - time.monotonic())
