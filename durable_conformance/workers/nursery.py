"""A process that has imported one handler and forks for each of its executions, so that each finds a cold start.

Importing may take a while: one exploration's batches share a process. An execution leaves nothing behind in it, as it
runs in a fork of its own.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from time import monotonic

from durable_conformance.execution.run import Run
from durable_conformance.runtime.driver import run_in_process
from durable_conformance.subject.reference import Reference
from durable_conformance.subject.scenario import HandlerFactory
from durable_conformance.workers.batch import Batch, Reply, Request
from durable_conformance.workers.surroundings import Surroundings

AT_ONCE = 4
"""Executions at the same time, a process each."""

_FORK = get_context("fork")
_IMPORTED = "imported"
_DONE = "done"


class Nursery:
    """The process, from the one that starts it.

    Args:
        target: The handler.
        replies: Where the replies to a batch go.
    """

    def __init__(self, target: Reference, replies: Connection) -> None:
        self._replies = replies
        self._imported = False
        self._batches, theirs = _FORK.Pipe()
        self._process = _FORK.Process(target=_serve, args=(target, theirs, self._batches, replies))
        self._process.start()
        theirs.close()

    def run(self, batch: Batch) -> bool:
        """Have it run `batch`; returns False if it ended instead, for good."""
        try:
            if not self._imported:
                self._import()
            self._batches.send(batch)
            return bool(self._batches.recv() == _DONE)
        except (EOFError, ConnectionError):
            return False

    def end(self) -> int:
        """End it; returns its exit code."""
        with contextlib.suppress(ConnectionError):
            self._batches.send(None)  # others that were forked later keep this connection open
        self._batches.close()
        self._process.join()
        return self._process.exitcode or 0

    def _import(self) -> None:
        """Wait until it has imported the handler; raises `EOFError` if it ended, or nobody waits for it any more."""
        if self._batches not in wait([self._batches, self._replies]):
            self._process.kill()  # the other end has closed: it sends nothing meanwhile
        self._imported = bool(self._batches.recv() == _IMPORTED)


def _serve(target: Reference, batches: Connection, theirs: Connection, replies: Connection) -> None:
    """In the process: import the handler, and run batches until there are no more, or the other end closes."""
    theirs.close()  # or this process would keep the other end open
    with _to_the_end():
        handler_for = target.handler_factory()
        with contextlib.suppress(EOFError, ConnectionError):
            batches.send(_IMPORTED)
            while (batch := batches.recv()) is not None:
                _run_batch(handler_for, batch, replies)
                batches.send(_DONE)


@contextlib.contextmanager
def _to_the_end() -> Iterator[None]:
    """What this process has to do: it ends afterwards, whatever threads the handler or its module left behind."""
    code = 1
    try:
        yield
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    finally:
        os._exit(code)


def _run_batch(handler_for: HandlerFactory, batch: Batch, connection: Connection) -> None:
    waiting = list(enumerate(batch.requests))
    running: dict[Connection, _Running] = {}
    with tempfile.TemporaryDirectory(prefix="durable-ai-") as folder:

        def run(request: Request, number: int, answer: Connection) -> None:
            with _to_the_end():
                scratch = Path(folder) / str(number)
                scratch.mkdir()
                surroundings = Surroundings(request.perturbation, scratch)
                conditions = replace(request.conditions, before_invocation=surroundings.before)
                answer.send(run_in_process(handler_for, batch.scenario, conditions))
                answer.close()

        try:
            while waiting or running:
                while waiting and len(running) < AT_ONCE:
                    number, request = waiting.pop(0)
                    mine, theirs = _FORK.Pipe(duplex=False)
                    process = _FORK.Process(target=run, args=(request, number, theirs))
                    process.start()
                    theirs.close()
                    running[mine] = _Running(number, process, monotonic() + batch.patience)
                soonest = min(one.until for one in running.values())
                for ready in wait([*running, connection], max(0.0, soonest - monotonic())):
                    if ready is connection:
                        return  # the other end has closed: it sends nothing during a batch
                    assert isinstance(ready, Connection)
                    done = running.pop(ready)
                    connection.send(Reply(done.number, _received(ready, done.process)))
                for late in [one for one, run_ in running.items() if run_.until <= monotonic()]:
                    stuck = running.pop(late)
                    stuck.process.kill()
                    connection.send(Reply(stuck.number, f"still running after {batch.patience:g} s"))
        finally:
            for one in running.values():  # nobody waits for them any more, and they might run for ever
                one.process.kill()


@dataclass(frozen=True)
class _Running:
    """An execution under way: its position in the batch, its process, and when it counts as stuck."""

    number: int
    process: ForkProcess
    until: float


def _received(answer: Connection, process: ForkProcess) -> Run | str:
    try:
        run: Run = answer.recv()
    except EOFError:
        process.join()
        return f"the process ended with exit code {process.exitcode}"
    process.join()
    return run
