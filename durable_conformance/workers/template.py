"""Templates and their workers, from the engine's side. Every wait for them is bounded."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from durable_conformance.subject import Reference
from durable_conformance.workers.channel import OURS, Channel, ClosedError, SilentError
from durable_conformance.workers.interpreters import PARTING_SECONDS, Base
from durable_conformance.workers.messages import (
    FATAL,
    Another,
    End,
    Ended,
    Failed,
    Hello,
    Hire,
    Imported,
    Load,
    Made,
    Task,
    changing_variables,
)
from durable_conformance.workers.processes import fork, reaped_within
from durable_conformance.workers.sources import Stamps, changed

GRACE_SECONDS = 1.0
"""How long one that says nothing any more may take to end by itself, so that its exit code is known."""

STARTING_SECONDS = 120.0
"""How long an interpreter may take to import the SDK, on however busy a machine."""


@dataclass(eq=False)
class Worker:
    """A process that makes one execution at a time."""

    template: Template
    channel: Channel
    folder: Path  # its files
    pid: int | None = None  # None until it has said so
    watch: int | None = None  # a descriptor, readable once it has ended, where there is such
    deadline: float = 0.0  # when that counts as hanging

    def give(self, task: Task, patience: float) -> None:
        self.deadline = time.monotonic() + patience
        with contextlib.suppress(ClosedError):  # noticed when it is read from
            self.channel.send(task)

    def heard(self, patience: float) -> Made | Failed | None:
        """What has come of its execution, if anything has.

        Raises:
            ClosedError: It says nothing any more.
        """
        there = self.channel.read()
        while (message := self.channel.next()) is not None:
            match message:
                case Hello(pid):
                    self.pid = pid
                    self.deadline = time.monotonic() + patience
                    with contextlib.suppress(AttributeError, OSError):  # Linux alone has it
                        self.watch = os.pidfd_open(pid)
                case Made() | Failed():
                    return message
        if not there:
            raise ClosedError
        return None

    def last_words(self) -> str:
        """Where it was when a signal ended it, as far as that is known."""
        try:
            return (self.folder / FATAL).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def forget(self) -> None:
        OURS.discard(self.channel)
        self.channel.close()
        if self.watch is not None:
            os.close(self.watch)


class TemplateError(RuntimeError):
    """A template cannot be used any more; the message says why."""


@dataclass(eq=False)
class Template:
    """A process that has imported the handler, and forks workers."""

    channel: Channel
    base: Base | None  # what it was forked from; None for this process
    load: Load  # what it was to import, and what its workers meet
    folder: Path  # where they leave files
    patience: float  # seconds that importing may take
    pid: int | None = None  # None until it has said so
    ready: bool = False  # it has imported the handler
    failed: Failed | None = None  # why it could not
    deadline: float = field(default_factory=lambda: time.monotonic() + STARTING_SECONDS)
    hired: int = 0
    event_schema: dict[str, Any] | None = None  # what the handler's events may be, if their type says so
    read: Stamps = field(default_factory=dict)  # the files that importing it has read

    @classmethod
    def here(cls, load: Load, folder: Path, patience: float, run: Iterable[str] = ()) -> Template:
        """A fork of this process: for a handler that no other can import. Files that `run` are read before."""
        channel, theirs = Channel.pair()
        OURS.add(channel)

        import time_machine  # noqa: F401, PLC0415  # so that no fork has to

        from durable_conformance.runtime import read_ahead, takers  # noqa: PLC0415  # what only a worker needs
        from durable_conformance.workers.worker import template  # noqa: PLC0415  # as above

        made = cls(channel, None, load, folder, patience)
        taking = takers()
        read_ahead(run)
        made.pid = fork(theirs, lambda channel: template(channel, load, taking))
        return made

    @classmethod
    def elsewhere(cls, load: Load, folder: Path, patience: float, base: Base) -> Template:
        """A fork of `base`, which imports the handler."""
        base.used = True
        channel, theirs = Channel.pair()
        OURS.add(channel)
        with base.lock, contextlib.suppress(ClosedError):  # noticed when it is heard from
            base.channel.send(load, theirs.fileno())
        theirs.close()
        return cls(channel, base, load, folder, patience)

    @property
    def usable(self) -> bool:
        """Whether it runs, and others than the pool that had it made can have it."""
        lasts = self.ready and not self.failed and self.base is not None and self.base.usable
        return lasts and self.channel.read()

    @property
    def fresh(self) -> bool:
        """Whether it can be used, and nothing that it has read is another one now."""
        return self.usable and not changed(self.read)

    def serve(self, load: Load, folder: Path) -> None:
        """Fork workers for executions of another exploration from now on, which leave their files in `folder`."""
        if isinstance(load.handler, Reference) and load.handler != self.load.handler:
            self.ready, self.deadline = False, time.monotonic() + self.patience
            with contextlib.suppress(ClosedError):  # noticed when it is heard from
                self.channel.send(Another(load.handler))
        self.load, self.folder = load, folder

    def hear(self) -> None:
        """Take in what it has said. Whoever waits for it looks at `ready` and `failed` afterwards."""
        there = self.channel.read()
        while (message := self.channel.next()) is not None:
            match message:
                case Hello(pid):
                    self.pid = pid
                    self.deadline = time.monotonic() + self.patience
                case Imported(event_schema, read):
                    self.ready = True
                    self.event_schema, self.read = event_schema, {**self.read, **read}
                case Failed():
                    self.failed, self.read = message, {**self.read, **message.read}
        if not there and not self.failed:
            self.failed = Failed(self._how_it_ended())

    def _how_it_ended(self) -> str:
        if self.pid is None:
            return "the interpreter that was to import the handler has ended"
        ended = self._end(GRACE_SECONDS)
        if self.ready:
            return f"the handler ended the process that starts its sandboxes with {exit_code(ended)}"
        return f"importing the handler ended the process with {exit_code(ended)}"

    def look_at_the_time(self) -> None:
        """See whether importing has taken too long."""
        if not self.ready and not self.failed and time.monotonic() >= self.deadline:
            self.failed = Failed(f"importing the handler takes longer than {self.patience:g} s")

    def hire(self) -> Worker:
        """Fork a worker.

        Raises:
            TemplateError: The template does not run any more.
        """
        channel, theirs = Channel.pair()
        OURS.add(channel)
        self.hired += 1
        try:
            scenario = self.load.scenario if self.base else None  # a fork has it, and not all can be pickled
            order = Hire(self.hired, str(self.folder), scenario, changing_variables())
            self.channel.send(order, theirs.fileno())
        except ClosedError:
            OURS.discard(channel)
            channel.close()
            raise TemplateError("the process that holds the handler has ended") from None
        finally:
            theirs.close()
        return Worker(self, channel, self.folder / str(self.hired))

    def end(self, worker: Worker, grace: float = 0.0) -> Ended:
        """End a worker, with all that it has started, after `grace` seconds in which it may end by itself.

        Raises:
            TemplateError: The template does not answer.
        """
        worker.forget()
        if worker.pid is None:
            return Ended(0)
        try:
            self.channel.send(End(worker.pid, grace))
            ended = self.channel.receive(PARTING_SECONDS + grace)
        except (ClosedError, SilentError):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(worker.pid, signal.SIGKILL)
            raise TemplateError("the process that holds the handler does not answer any more") from None
        assert isinstance(ended, Ended)
        return ended

    def dismiss(self, worker: Worker) -> None:
        """End a worker that has nothing more to say. Nobody waits for that."""
        worker.forget()
        if worker.pid is not None:
            with contextlib.suppress(ClosedError):  # noticed when the next one is hired
                self.channel.send(End(worker.pid, told=False))

    def part(self) -> None:
        """Say no more to it: it ends itself and its workers."""
        OURS.discard(self.channel)
        self.channel.close()

    def close(self) -> None:
        """End it, with all its workers."""
        self.part()
        self._end(PARTING_SECONDS if self.ready else 0.0)  # one that hangs in its import hears nothing

    def _end(self, grace: float) -> Ended:
        pid, self.pid = self.pid, None
        if pid is None:
            return Ended(0)
        if self.base:
            with self.base.lock:
                try:
                    self.base.channel.send(End(pid, grace))
                    ended = self.base.channel.receive(PARTING_SECONDS + grace)
                    assert isinstance(ended, Ended)
                except (ClosedError, SilentError):
                    self.base.close()
                    return Ended(-signal.SIGKILL)
                return ended
        return Ended(_end_of(pid, grace))


def exit_code(ended: Ended) -> str:
    """How a process ended, in words."""
    return f"exit code {ended.code}" if ended.code >= 0 else signal.Signals(-ended.code).name


def _end_of(pid: int, grace: float) -> int:
    """Wait for a child of this process; kill it if it takes too long. Returns its exit code."""
    code = reaped_within(pid, grace)
    if code is None:
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code
