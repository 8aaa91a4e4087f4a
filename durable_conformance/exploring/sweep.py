"""Executions that are interrupted everywhere, and followed to their end: does what interruptions leave show further on?

An execution that is interrupted once, and followed some operations far, does not show what the interruption left in the
process, or as a wrong value in a checkpoint, for an operation that comes much later. One that is interrupted at every
point meets all of that. If it goes as the baseline did, single ones need not be followed to their ends; if it does not,
they are. What it does itself is no finding: what a correct workflow can bear once, such as a step that is tried again,
it need not bear everywhere.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial

from durable_conformance.execution.crash_points import CrashKind, CrashPoint
from durable_conformance.execution.pinned import recorded_by
from durable_conformance.execution.run import Run
from durable_conformance.exploring.cases import differences, judged_alone, named
from durable_conformance.exploring.executions import Executions, Job
from durable_conformance.exploring.listener import Listener
from durable_conformance.rules.findings import Finding
from durable_conformance.rules.model_faults import passing_error
from durable_conformance.rules.normal_form import Canonical
from durable_conformance.runtime.answering import ModelFault
from durable_conformance.runtime.driver import MAX_INVOCATIONS, Conditions
from providers import ModelThrottledError

MOST = 100
"""Interruptions of one execution. Each replays what came before: in a longer workflow several share the points."""

EVERYWHERE = "every operation"

FAULTS = ModelFault(ModelThrottledError, times=1)
"""The first call of every operation fails, in a way that passes."""


@dataclass(frozen=True)
class Sweep:
    """One execution that is interrupted everywhere.

    Attributes:
        name: What tells it from the others.
        conditions: What it meets.
        baseline: The run that it must go like.
        points: The crash points that it stands for; empty if it is the model that fails.
    """

    name: str
    conditions: Conditions
    baseline: Canonical
    points: frozenset[CrashPoint] = frozenset()

    def goes_like_baseline(self, run: Run) -> bool:
        """Whether `run`, which met the conditions, was interrupted at every point and shows nothing."""
        if len(run.crashes) < len(self.points) or run.interrupted_for_good:
            return False
        compared: Iterable[Finding] = (
            differences(self.baseline, run, self.name)
            if self.points
            else passing_error(run, self.baseline.run, EVERYWHERE, self.name)
        )
        return not any(itertools.chain(judged_alone(run, self.name), compared))


def crash_sweeps(
    baseline: Canonical, points: Sequence[CrashPoint], volatile: Set[str], *, never_twice: bool
) -> Iterator[Sweep]:
    """For each way to die, executions of what `baseline` did that die so at each of `points`."""
    recorded = recorded_by(baseline.run, volatile)
    for kind in CrashKind:
        of_kind = [point for point in points if point.kind is kind]
        shares = math.ceil(len(of_kind) / MOST)
        for share in range(shares):
            which = f", share {share + 1} of {shares}" if shares > 1 else ""
            chosen = of_kind[share::shares]
            conditions = Conditions(
                crashes=chosen,
                never_twice=never_twice,
                baseline=recorded,
                max_invocations=baseline.run.invocations + len(chosen) + MAX_INVOCATIONS,
            )
            name = named(f"{EVERYWHERE} {kind}{which}", never_twice=never_twice)
            yield Sweep(name, conditions, baseline, frozenset(chosen))


def fault_sweep(baseline: Canonical) -> Sweep:
    """What `baseline` did, as an execution in which the first call of every operation fails."""
    most = baseline.run.invocations + len(baseline.run.calls) + MAX_INVOCATIONS
    return Sweep(str(FAULTS), Conditions(fault=FAULTS, max_invocations=most), baseline)


def is_sweep(name: str) -> bool:
    """Whether the run of that name is interrupted everywhere."""
    return name.startswith((EVERYWHERE, str(FAULTS)))


@dataclass(frozen=True)
class Swept:
    """What came of sweeps.

    Attributes:
        to_the_end: For each way in which the model answers (`never_twice`), the points for which an execution must be
            followed to its end: the sweep that stands for them showed something, or could not be made.
        passing_to_the_end: The same for errors of the model that pass.
        left_out: What kept some from being made, such as many slow invocations.
    """

    to_the_end: Mapping[bool, frozenset[CrashPoint]]
    passing_to_the_end: bool = False
    left_out: tuple[str, ...] = ()


NOT_SWEPT = Swept({False: frozenset(), True: frozenset()})


def swept(sweeps: Sequence[Sweep], executions: Executions, listener: Listener) -> Swept:
    """Run `sweeps`, side by side."""

    def made(sweep: Sweep) -> bool:
        listener.began(sweep.name)
        return sweep.goes_like_baseline(executions.run(sweep.conditions))

    jobs = [Job(sweep.name, None, partial(made, sweep)) for sweep in sweeps]
    left_out: list[str] = []
    suspects = dict(enumerate(sweeps))
    for done, (number, clean) in enumerate(executions.outcomes(jobs, left_out), 1):
        listener.ended(sweeps[number].name, (), done, len(sweeps))
        if clean:
            del suspects[number]
    return Swept(
        {
            way: frozenset().union(*(one.points for one in suspects.values() if one.conditions.never_twice is way))
            for way in (False, True)
        },
        any(not one.points for one in suspects.values()),
        tuple(left_out),
    )
