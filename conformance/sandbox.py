"""A fresh interpreter in which executions run one to a process.

It imports the handler once and forks for each execution, so that each finds the module as a cold start leaves it. It
is told what to run, and answers, over a socket (`conformance.fresh_processes` is the other end).
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from time import monotonic

from conformance.batch import Batch, Reply, Request
from conformance.in_process import run_in_process
from conformance.interpreter import connection_to_parent
from conformance.run import Run
from conformance.sdk_logs import quiet_sdk_logs
from conformance.surroundings import Surroundings

AT_ONCE = 4
"""Executions at the same time, a process each."""


def serve(connection: Connection) -> None:
    """Run batches until the other end closes. After the last reply to a batch comes None."""
    quiet_sdk_logs()
    with contextlib.suppress(EOFError, ConnectionError):  # the other end has closed
        while True:
            batch = connection.recv()
            nursery = _FORK.Process(target=_run_batch, args=(batch, connection))
            nursery.start()
            nursery.join()
            if nursery.exitcode:
                why = f"the process that imports the handler ended with exit code {nursery.exitcode}"
                connection.send(Reply(None, why))
            connection.send(None)


_FORK = get_context("fork")


def _run_batch(batch: Batch, connection: Connection) -> None:
    """In a process of the batch's own: import the handler, then fork for each execution."""
    handler_for = batch.target.handler_factory()
    waiting = list(enumerate(batch.requests))
    running: dict[Connection, _Running] = {}
    with tempfile.TemporaryDirectory(prefix="durable-ai-") as folder:

        def run(request: Request, number: int, answer: Connection) -> None:
            scratch = Path(folder) / str(number)
            scratch.mkdir()
            surroundings = Surroundings(request.perturbation, scratch)
            conditions = replace(request.conditions, before_invocation=surroundings.before)
            answer.send(run_in_process(handler_for, batch.scenario, conditions))
            answer.close()
            os._exit(0)  # whatever threads the handler left behind

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


def main() -> None:
    """In the child: serve the parent."""
    serve(connection_to_parent())
