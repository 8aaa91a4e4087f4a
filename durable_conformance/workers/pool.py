"""Makes experiments: one in a process at a time, several side by side, and goes on without one that is lost."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import select
import signal
import socket
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from durable_conformance.choices import PATIENCE_SECONDS
from durable_conformance.errors import CannotRunError
from durable_conformance.execution import Run
from durable_conformance.subject import HandlerFactory, Reference, Scenario
from durable_conformance.workers.channel import ClosedError
from durable_conformance.workers.experiment import Experiment, Lost, Where
from durable_conformance.workers.interpreters import HASH_SEEDS, Templates, of_this_process
from durable_conformance.workers.messages import Ended, Failed, Load, Made, ProcessState, Task
from durable_conformance.workers.template import GRACE_SECONDS, Template, TemplateError, Worker, exit_code

OTHER_SEEDS = range(2, len(HASH_SEEDS) + 1)
"""The numbers of the templates whose hash seed is another than the cold one's."""

PER_CORE = 2
"""Workers for each core: an execution waits for the SDK's threads about as long as it computes."""

CORES_A_POOL = 2
"""Cores that one pool keeps busy nine tenths of the time. A pool more than that fills the rest; each beyond it would
only import the handler anew, once for each hash seed."""

RUNS_A_WORKER = 12
"""Experiments that warm workers should have to make, each, before one more is forked: to fork it, and to make its first
execution, costs about as much as six."""

MAX_LOST = 5
"""Executions that may hang or end their process before the rest is left out, unless the pool is told otherwise."""

MAX_TEMPLATES = 3
"""How often a template is made anew."""

type Outcome = tuple[Experiment, Run | Lost]


def pools_at_once() -> int:
    """How many pools keep the cores busy side by side. They share the workers that one pool alone would have."""
    return (os.process_cpu_count() or 1) // CORES_A_POOL + 1


@dataclass(frozen=True)
class Elsewhere:
    """What other interpreters run."""

    handler: Reference
    scenario: Scenario


class Pool:
    """Processes in which experiments are made. A context manager: its processes and files end with it.

    `handler` is where what is checked is found, or, for what no other process can import, what makes it. `at_once` is
    None for as many executions as the cores bear, beside those of other pools; `patience` are the seconds that
    importing may take, and an execution. `templates` is where it has interpreters and templates from, and gives them
    back to; None is this process's own. Signals reach the main thread alone: in another one, something to read from
    `interruption` interrupts it.
    """

    def __init__(
        self,
        handler: Reference | HandlerFactory,
        scenario: Scenario,
        *,
        at_once: int | None = None,
        patience: float = PATIENCE_SECONDS,
        max_lost: int = MAX_LOST,
        templates: Templates | None = None,
        interruption: socket.socket | None = None,
    ) -> None:
        self._handler = handler
        self._scenario = scenario
        self._elsewhere: Elsewhere | None = None
        self._at_once = at_once
        self._patience = patience
        self._max_lost = max_lost
        self._lost = 0
        self._source = templates or of_this_process()
        self._interruption = interruption
        self._templates: dict[int, Template] = {}
        self._made: Counter[int] = Counter()
        self._idle: dict[Template, list[Worker]] = {}
        self._busy: dict[Worker, Experiment] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="durable-ai-", ignore_cleanup_errors=True)
        self.reached: set[tuple[str, int]] = set()  # files, each with the number of a line that an execution has run
        self.left_behind: Counter[str] = Counter()  # by what executions left in their processes, how many left it

    def __enter__(self) -> Pool:
        self._source.pools.add(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close(keep=kind is None)  # who is interrupted may not have heard an answer

    def close(self, *, keep: bool = False) -> None:
        """End its processes and files; `keep` gives templates back that the next pool may use."""
        self._source.pools.discard(self)
        for template in self._templates.values():
            self._source.read.update(template.read)
        if not isinstance(self._handler, Reference):
            self._source.run |= {file for file, _ in self.reached}
        rest = [one for one in self._templates.values() if not (keep and self._given_back(one))]
        for worker in (*self._busy, *itertools.chain.from_iterable(self._idle.values())):
            worker.forget()
        for template in rest:
            template.part()  # all of them, and then they end side by side
        for template in rest:
            template.close()
        self._templates.clear()
        self._idle.clear()
        self._busy.clear()
        self._folder.cleanup()

    def _given_back(self, template: Template) -> bool:
        """Have its workers end, and let the next pool have it, if it is of any use."""
        if not template.usable:
            return False
        workers = [*self._idle.pop(template, ()), *(worker for worker in self._busy if worker.template is template)]
        try:
            for worker in workers:
                self._busy.pop(worker, None)
                template.end(worker)
        except TemplateError:
            return False
        return all(worker.pid is not None for worker in workers) and self._source.keep(template)

    @property
    def cold(self) -> int:
        """The template for processes that are only new: the main one, where that is an interpreter of its own."""
        return 0 if isinstance(self._handler, Reference) else 1

    @property
    def under_way(self) -> tuple[str, ...]:
        """The names of the experiments that workers make now, the one begun first first."""
        return tuple(one.name for one in self._busy.values())

    @property
    def event_schema(self) -> dict[str, Any] | None:
        """What the handler's events may be, as a JSON schema; None before it is imported, or if no type says so."""
        return self._templates[0].event_schema if 0 in self._templates else None

    def start(self, *, before_others: bool = False) -> None:
        """Import the handler; `before_others` will, cores that would wait for that start their interpreters meanwhile.

        Raises:
            CannotRunError: It cannot be imported, or is no handler.
        """
        template = self._template(0)
        if before_others:
            others = itertools.islice(OTHER_SEEDS, (os.process_cpu_count() or 1) - 1)
            self._source.start(HASH_SEEDS[seed - 1] for seed in others)
        while not template.ready:
            self._wait([template.channel], template.deadline)
            template.hear()
            template.look_at_the_time()
            if template.failed:
                raise CannotRunError(template.failed.why, template.failed.traceback)

    def open_elsewhere(self, elsewhere: Elsewhere) -> None:
        """Have other interpreters import the handler, too, while something else goes on."""
        self._elsewhere = elsewhere
        for seed in (self.cold, *OTHER_SEEDS):
            self._template(seed)

    def run(self, experiments: Iterable[Experiment]) -> Iterator[Outcome]:
        """Make `experiments`; yields each with its run, or why there is none, as it is known.

        More may be added to a deque of them meanwhile. Whoever asks for no more of them ends those that are under way.
        """
        waiting = experiments if isinstance(experiments, deque) else deque(experiments)
        try:
            while waiting or self._busy:
                if self._lost > self._max_lost:
                    yield from self._left_out(waiting)
                yield from self._hired(waiting)
                if self._busy or any(not one.ready for one in self._templates.values()):
                    yield from self._heard()
        finally:
            for worker in list(self._busy):
                self._end(worker)

    def _left_out(self, waiting: deque[Experiment]) -> Iterator[Outcome]:
        while waiting:
            yield waiting.popleft(), Lost("left out, because too many runs before it were lost", begun=False)

    def _hired(self, waiting: deque[Experiment]) -> Iterator[Outcome]:
        """Give experiments to workers, as far as there are any; yields those that no worker can make."""
        held: list[Experiment] = []
        at_once = self._at_once or math.ceil(PER_CORE * (os.process_cpu_count() or 1) / len(self._source.pools))
        while waiting and len(self._busy) < at_once:
            experiment = waiting.popleft()
            template = self._template(experiment.where.seed)
            if template.failed:
                yield experiment, Lost(template.failed.why, template.failed.traceback)
            elif worker := self._worker(template, experiment.where, itertools.chain(held, waiting)):
                task = Task(
                    experiment.id, experiment.conditions, experiment.where.way, experiment.scenario, experiment.stops
                )
                worker.give(task, self._patience)
                self._busy[worker] = experiment
            else:
                held.append(experiment)
        waiting.extendleft(reversed(held))

    def _worker(self, template: Template, where: Where, others: Iterable[Experiment]) -> Worker | None:
        """A worker that may make an experiment now; None if it has to wait for one."""
        if not template.ready:
            return None
        idle = self._idle.setdefault(template, [])
        if where.way is None:
            if idle:
                return idle.pop()
            hired = sum(worker.template is template and one.where.way is None for worker, one in self._busy.items())
            alike = itertools.islice((one for one in others if one.where == where), hired * RUNS_A_WORKER)
            if hired and sum(1 for _ in alike) < hired * RUNS_A_WORKER:
                return None
        try:
            return template.hire()
        except TemplateError as error:
            template.failed = Failed(str(error))
            return None

    def _template(self, seed: int) -> Template:
        template = self._templates.get(seed)
        if template and template.failed and template.ready and self._made[seed] < MAX_TEMPLATES:
            for worker in self._idle.pop(template, ()):
                worker.forget()
            template.close()  # whatever is left of it
            template = None
        if template is None:
            template = self._templates[seed] = self._new_template(seed)
            self._made[seed] += 1
        return template

    def _new_template(self, seed: int) -> Template:
        handler, scenario = self._handler, self._scenario
        if seed:
            assert self._elsewhere
            handler, scenario = self._elsewhere.handler, self._elsewhere.scenario
        load = Load(handler, scenario, ProcessState.here(live=scenario.live))
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        if not isinstance(handler, Reference):
            return Template.here(load, folder, self._patience, self._source.run)
        hash_seed = HASH_SEEDS[max(seed - 1, 0)]
        if kept := self._source.taken(hash_seed, load):
            kept.serve(load, folder)
            return kept
        return Template.elsewhere(load, folder, self._patience, self._source.base(hash_seed))

    def _heard(self) -> Iterator[Outcome]:
        """Wait for something to happen; yields what has come of experiments."""
        starting = [one for one in self._templates.values() if not one.ready and not one.failed]
        watched: dict[int, Worker] = {}
        for worker in self._busy:
            watched[worker.channel.fileno()] = worker
            if worker.watch is not None:
                watched[worker.watch] = worker
        deadlines = [*(one.deadline for one in self._busy), *(one.deadline for one in starting)]
        ready = self._wait([*watched, *(one.channel for one in starting)], min(deadlines, default=time.monotonic()))
        for template in starting:
            template.hear()
            template.look_at_the_time()
        for worker in dict.fromkeys(watched[descriptor] for descriptor in ready if descriptor in watched):
            yield from self._heard_from(worker, ended=worker.watch in ready)
        for worker in [one for one in self._busy if one.deadline <= time.monotonic()]:
            experiment = self._busy[worker]
            self._note(self._end(worker).left)
            yield self._is_lost(experiment, f"still running after {self._patience:g} s")

    def _heard_from(self, worker: Worker, *, ended: bool) -> Iterator[Outcome]:
        experiment = self._busy[worker]
        try:
            message = worker.heard(self._patience)
        except ClosedError:
            message, ended = None, True
        match message:
            case Made(run, left, spoilt, reached):
                del self._busy[worker]
                self.reached |= reached
                self._note(left)
                if spoilt or experiment.where.way is not None:
                    worker.template.dismiss(worker)  # what it left is told already
                else:
                    self._idle.setdefault(worker.template, []).append(worker)
                yield experiment, run
            case Failed(why, traceback):
                self._busy.pop(worker)
                worker.template.dismiss(worker)
                yield experiment, Lost(why, traceback, telling=True)
            case None if ended:
                how = self._end(worker, GRACE_SECONDS)
                self._note(how.left)
                detail = worker.last_words() if how.code < 0 and not how.unheard else ""
                what = f"the handler ended the process with {exit_code(how)}"
                if how.unheard:
                    what = "the handler closed the descriptor over which its process is heard"
                yield self._is_lost(experiment, what, detail)

    def _is_lost(self, experiment: Experiment, why: str, detail: str = "") -> Outcome:
        self._lost += 1
        return experiment, Lost(why, detail)

    def _end(self, worker: Worker, grace: float = 0.0) -> Ended:
        self._busy.pop(worker, None)
        try:
            ended = worker.template.end(worker, grace)
        except TemplateError as error:
            worker.template.failed = Failed(str(error))
            return Ended(-signal.SIGKILL)
        return ended

    def _note(self, left: Sequence[str]) -> None:
        self.left_behind.update(left)

    def _wait(self, things: Sequence[object], until: float) -> set[int]:
        """Wait until one of `things` can be read, or it is too late; returns the descriptors that can be."""
        waiting = select.poll()
        for one in things:
            waiting.register(one, select.POLLIN)  # type: ignore[arg-type]  # descriptors, and what has one
        if self._interruption:
            waiting.register(self._interruption, select.POLLIN)
        left = max(0.0, until - time.monotonic())
        ready: set[int] = set()
        with contextlib.suppress(InterruptedError):
            ready = {descriptor for descriptor, _ in waiting.poll(left * 1_000 + 1)}
        if self._interruption and self._interruption.fileno() in ready:
            raise KeyboardInterrupt
        return ready
