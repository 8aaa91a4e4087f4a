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
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from durable_conformance.execution import MAX_INVOCATIONS, Conditions, CrashKind, CrashPoint, Run, pinned_by
from durable_conformance.exploring.cases import decided_as, judged_beside, of_its_model
from durable_conformance.model import FaultKind, ModelFault
from durable_conformance.rules import Canonical, Finding, Severity, judged_alone, passing_error
from durable_conformance.workers import Experiment

MOST = 100
"""Interruptions of one execution. Each replays what came before: in a longer workflow several share the points."""

EVERYWHERE = "every operation"

FAULTS = ModelFault(FaultKind.THROTTLED, times=1)
"""The first call of every operation fails, in a way that passes."""


@dataclass(frozen=True)
class Sweep:
    """One execution that is interrupted everywhere."""

    experiment: Experiment
    points: frozenset[CrashPoint] = frozenset()  # that it stands for; empty if it is the model that fails

    def goes_like_baseline(self, run: Run) -> bool:
        """Whether `run` was interrupted at every point and shows nothing that goes wrong."""
        if len(run.crashes) < len(self.points) or run.interrupted_for_good:
            return False
        return all(found.severity is Severity.WARNING for found in self.experiment.judge(run))


def crash_sweeps(
    baseline: Canonical, points: Sequence[CrashPoint], volatile: Set[str], *, never_twice: bool
) -> Iterator[Sweep]:
    """For each way to die, executions of what `baseline` did that die so at each of `points`."""
    pinned = pinned_by(baseline.run, volatile)
    for kind in CrashKind:
        of_kind = [point for point in points if point.kind is kind]
        shares = math.ceil(len(of_kind) / MOST)
        ranks = {id_: rank for rank, id_ in enumerate(sorted(point.id for point in of_kind))}  # branches race
        for share in range(shares):
            chosen = [point for point in of_kind if ranks[point.id] % shares == share]
            conditions = Conditions(
                crashes=chosen,
                never_twice=never_twice,
                pinned=pinned,
                order=decided_as(baseline),
                max_invocations=baseline.run.invocations + len(chosen) + MAX_INVOCATIONS,
            )
            which = f", share {share + 1} of {shares}" if shares > 1 else ""
            name = f"{EVERYWHERE} {kind}{which}"
            id_ = f"everywhere:{kind.name.lower().replace('_', '-')}-{share + 1}"
            experiment = Experiment(id_, name, None, conditions, judged_beside(baseline, name))
            yield Sweep(of_its_model(experiment), frozenset(chosen))


def fault_sweep(baseline: Canonical) -> Sweep:
    """What `baseline` did, as an execution in which the first call of every operation fails."""
    most = baseline.run.invocations + len(baseline.run.calls) + MAX_INVOCATIONS
    name = str(FAULTS)

    def judge(run: Run) -> Iterable[Finding]:
        return itertools.chain(judged_alone(run, name), passing_error(run, baseline.run, EVERYWHERE, name))

    conditions = Conditions(fault=FAULTS, max_invocations=most)
    return Sweep(Experiment("everywhere:throttled-once", name, None, conditions, judge))
