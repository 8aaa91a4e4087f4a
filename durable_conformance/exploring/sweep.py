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

from durable_conformance.execution import MAX_INVOCATIONS, Conditions, CrashKind, CrashPoint, Run, pinned_by
from durable_conformance.exploring.cases import identified, named
from durable_conformance.model import FaultKind, ModelFault
from durable_conformance.rules import Canonical, Finding, differences, judged_alone, passing_error
from durable_conformance.workers import Experiment, Judge

MOST = 100
"""Interruptions of one execution. Each replays what came before: in a longer workflow several share the points."""

EVERYWHERE = "every operation"

FAULTS = ModelFault(FaultKind.THROTTLED, times=1)
"""The first call of every operation fails, in a way that passes."""


@dataclass(frozen=True)
class Sweep:
    """One execution that is interrupted everywhere.

    Attributes:
        experiment: The execution.
        points: The crash points that it stands for; empty if it is the model that fails.
    """

    experiment: Experiment
    points: frozenset[CrashPoint] = frozenset()

    def goes_like_baseline(self, run: Run) -> bool:
        """Whether `run` was interrupted at every point and shows nothing."""
        if len(run.crashes) < len(self.points) or run.interrupted_for_good:
            return False
        return not any(self.experiment.judge(run))


def crash_sweeps(
    baseline: Canonical, points: Sequence[CrashPoint], volatile: Set[str], *, never_twice: bool
) -> Iterator[Sweep]:
    """For each way to die, executions of what `baseline` did that die so at each of `points`."""
    pinned = pinned_by(baseline.run, volatile)
    for kind in CrashKind:
        of_kind = [point for point in points if point.kind is kind]
        shares = math.ceil(len(of_kind) / MOST)
        for share in range(shares):
            chosen = of_kind[share::shares]
            conditions = Conditions(
                crashes=chosen,
                never_twice=never_twice,
                pinned=pinned,
                max_invocations=baseline.run.invocations + len(chosen) + MAX_INVOCATIONS,
            )
            which = f", share {share + 1} of {shares}" if shares > 1 else ""
            name = named(f"{EVERYWHERE} {kind}{which}", never_twice=never_twice)
            id_ = identified(f"everywhere:{kind.name.lower().replace('_', '-')}-{share + 1}", never_twice=never_twice)
            yield Sweep(Experiment(id_, name, None, conditions, _like(baseline, name)), frozenset(chosen))


def _like(baseline: Canonical, name: str) -> Judge:
    return lambda run: itertools.chain(judged_alone(run, name), differences(baseline, run, name))


def fault_sweep(baseline: Canonical) -> Sweep:
    """What `baseline` did, as an execution in which the first call of every operation fails."""
    most = baseline.run.invocations + len(baseline.run.calls) + MAX_INVOCATIONS
    name = str(FAULTS)

    def judge(run: Run) -> Iterable[Finding]:
        return itertools.chain(judged_alone(run, name), passing_error(run, baseline.run, EVERYWHERE, name))

    return Sweep(
        Experiment("everywhere:throttled-once", name, None, Conditions(fault=FAULTS, max_invocations=most), judge)
    )


@dataclass(frozen=True)
class Swept:
    """What came of sweeps.

    Attributes:
        to_the_end: For each way in which the model answers (`never_twice`), the points for which an execution must be
            followed to its end: the sweep that stands for them showed something, or could not be made.
        passing_to_the_end: The same for errors of the model that pass.
    """

    to_the_end: Mapping[bool, frozenset[CrashPoint]]
    passing_to_the_end: bool = False


NOT_SWEPT = Swept({False: frozenset(), True: frozenset()})


def swept(suspects: Iterable[Sweep]) -> Swept:
    """What follows from those sweeps that showed something, or could not be made."""
    suspects = list(suspects)
    return Swept(
        {
            way: frozenset().union(*(one.points for one in suspects if one.experiment.conditions.never_twice is way))
            for way in (False, True)
        },
        any(not one.points for one in suspects),
    )
