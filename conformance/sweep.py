"""Executions that are interrupted everywhere, and followed to their end: does what interruptions leave show further on?

An execution that is interrupted once, and followed some operations far, does not show what the interruption left in the
process, or as a wrong value in a checkpoint, for an operation that comes much later. One that is interrupted at every
point meets all of that. If it ends as the baseline does, single ones need not be followed to their ends; if it does
not, they are, so that it becomes clear which interruption it was.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial

from conformance.answering import ModelFault
from conformance.canonical import Canonical
from conformance.cases import COLUMNS, EVERY_CALL, Case, differences, judged_alone, model_group
from conformance.crash import CrashKind, CrashPoint
from conformance.executions import Executions, Job
from conformance.findings import EXECUTION, Finding
from conformance.in_process import MAX_INVOCATIONS, Conditions
from conformance.listener import Listener
from conformance.recorded import recorded_by
from conformance.rules.model_faults import passing_error
from conformance.run import Run
from conformance.run_record import Place, Section
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
        case: The execution.
        points: The crash points that it stands for; empty if it is the model that fails.
    """

    case: Case
    points: frozenset[CrashPoint] = frozenset()

    def shows_nothing(self, run: Run, findings: Sequence[Finding]) -> bool:
        """Whether it was interrupted at every point, and `findings`, which are its own, are none."""
        return not findings and len(run.crashes) == len(self.points) and not run.interrupted_for_good


def crash_sweeps(
    baseline: Canonical, points: Sequence[CrashPoint], volatile: Set[str], *, never_twice: bool
) -> Iterator[Sweep]:
    """For each way to die, executions of what `baseline` did that die so at each of `points`."""
    recorded = recorded_by(baseline.run, volatile)
    group = model_group(never_twice=never_twice)
    for kind in CrashKind:
        of_kind = [point for point in points if point.kind is kind]
        shares = math.ceil(len(of_kind) / MOST)
        for share in range(shares):
            which = f", share {share + 1} of {shares}" if shares > 1 else ""
            where = f"{EVERYWHERE} {kind}{which}"
            chosen = of_kind[share::shares]
            column = COLUMNS[kind]
            case = Case(
                where,
                Conditions(
                    crashes=chosen,
                    never_twice=never_twice,
                    baseline=recorded,
                    max_invocations=baseline.run.invocations + len(chosen) + MAX_INVOCATIONS,
                ),
                partial(_judged, baseline, where),
                Place(Section.CRASHES, EVERYWHERE, (f"a checkpoint{which}" if column else str(kind)), column, group),
                against=baseline,
            )
            yield Sweep(case, frozenset(chosen))


def _judged(baseline: Canonical, where: str, run: Run) -> Iterator[Finding]:
    yield from itertools.chain(judged_alone(run, where), differences(baseline, run, where))


def fault_sweep(baseline: Run) -> Sweep:
    """What `baseline` did, as an execution in which the first call of every operation fails."""
    where = str(FAULTS)

    def judge(run: Run) -> Iterator[Finding]:
        yield from itertools.chain(judged_alone(run, where), passing_error(run, baseline, EXECUTION, where))

    most = baseline.invocations + len(baseline.calls) + MAX_INVOCATIONS
    place = Place(Section.FAULTS, EVERY_CALL, column="throttled once")
    return Sweep(Case(where, Conditions(fault=FAULTS, max_invocations=most), judge, place))


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
        findings: What they showed.
        left_out: What kept some from being made, such as many slow invocations.
    """

    to_the_end: Mapping[bool, frozenset[CrashPoint]]
    passing_to_the_end: bool
    findings: tuple[Finding, ...]
    left_out: tuple[str, ...] = ()


NOT_SWEPT = Swept({False: frozenset(), True: frozenset()}, passing_to_the_end=False, findings=())


def swept(sweeps: Sequence[Sweep], executions: Executions, listener: Listener, skip: Set[str]) -> Swept:
    """Run `sweeps`, but for those whose names are in `skip`: they could not be run before."""
    chosen = [sweep for sweep in sweeps if sweep.case.name not in skip]

    def made(case: Case) -> tuple[Run, tuple[Finding, ...]]:
        listener.began(case.name)
        run = executions.run(case.conditions)
        findings = tuple(case.judge(run))
        executions.record(case.name, case.place, run, findings, against=case.against)
        return run, findings

    jobs = [Job(sweep.case.name, sweep.case.place, partial(made, sweep.case)) for sweep in chosen]
    found: dict[int, tuple[Finding, ...]] = {}
    clean: list[Sweep] = []
    left_out: list[str] = []
    for number, (run, findings) in executions.outcomes(jobs, left_out):
        found[number] = findings
        listener.ended(chosen[number].case.name, (), len(found), len(chosen))
        if chosen[number].shows_nothing(run, findings):
            clean.append(chosen[number])
    unclean = [sweep for sweep in sweeps if sweep not in clean]
    return Swept(
        {
            way: frozenset().union(*(one.points for one in unclean if one.case.conditions.never_twice is way))
            for way in (False, True)
        },
        any(not sweep.points for sweep in unclean),
        tuple(itertools.chain.from_iterable(found[number] for number in sorted(found))),
        tuple(left_out),
    )
