"""The exploration: run a handler, interrupt it everywhere, fail its model, and hold every run against the rules."""

from __future__ import annotations

import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path

from durable_conformance.evidence import NO_INTERRUPTION, Place, RunRecord, Section
from durable_conformance.execution import AT_HORIZON, ENDINGS, EXECUTION, Conditions, CrashPoint, Run, pinned_by
from durable_conformance.exploring.cases import (
    between_attempts,
    crash_cases,
    decided_as,
    fault_cases,
    model_group,
    of_its_model,
    one_by_one,
    order_cases,
)
from durable_conformance.exploring.configured import configured
from durable_conformance.exploring.coverage import coverage
from durable_conformance.exploring.exploration import EVERYTHING, Exploration
from durable_conformance.exploring.following import diverged
from durable_conformance.exploring.one_case import UnknownCaseError, swept, takes
from durable_conformance.exploring.other_sandboxes import WHOLE_ID, Judged, OtherSandboxes, scenario_of, start_of
from durable_conformance.exploring.shards import mine, plan, sweep_of
from durable_conformance.exploring.sweep import Sweep, crash_sweeps, fault_sweep
from durable_conformance.exploring.undisturbed import not_as_expected, nothing_durable, seen, unused
from durable_conformance.rules import (
    COMPLETION_ORDER,
    NO_INVOCATION_STATE,
    Canonical,
    FileLines,
    Finding,
    NotMade,
    Piece,
    Report,
    Told,
    besides,
    canonical,
    cause_of,
    concluded,
    differences,
    judged_alone,
    nothing_depended_on,
)
from durable_conformance.subject import HandlerFactory, Reference, Scenario
from durable_conformance.workers import AVAILABLE, Elsewhere, Experiment, Lost, Pool, Templates, not_judged

AGAIN = "a second execution"

type Recorder = Callable[[RunRecord], None]
"""Told of each run: of its plan, and then, under the same id, of what became of it."""


@dataclass(frozen=True)
class Progress:
    """How far an exploration is."""

    made: int  # experiments
    known: int  # those included; what they show may call for more
    planned: bool  # all that can be known before is
    under_way: tuple[str, ...] = ()  # the names of those that processes make now, the one begun first first


type Listener = Callable[[Experiment, Sequence[Finding], Progress], None]
"""Told of each experiment that was made, and what is wrong with it."""

type Witness = Callable[[Experiment, Run], None]
"""Given each run that is judged."""


class ExplorationInterrupted(KeyboardInterrupt):
    """Somebody has interrupted an exploration; `report` is what was done and found by then."""

    def __init__(self, report: Report) -> None:
        super().__init__("The exploration was interrupted.")
        self.report = report


def explore(
    handler: Reference | HandlerFactory,
    scenario: Scenario,
    exploration: Exploration = EVERYTHING,
    *,
    elsewhere: Reference | None = None,
    listener: Listener | None = None,
    recorder: Recorder | None = None,
    witness: Witness | None = None,
    templates: Templates | None = None,
    interruption: socket.socket | None = None,
) -> Report:
    """Explore how `scenario` can be interrupted.

    `handler` is where other processes find what is checked; or what makes it, if no other process can import it: then
    this process is forked. `elsewhere` is where other interpreters find it, to run it in other sandboxes; None leaves
    that out. The scenario must be picklable where others find the handler. Without a `recorder`, the work of finding
    out what each run did is saved. `templates` keep what the next exploration of this handler need not import again;
    None keeps nothing. Signals reach the main thread alone: in another one, something to read from `interruption`
    interrupts it.

    Raises:
        CannotRunError: The handler cannot be imported, or there are no processes here that executions can run in.
        UnknownCaseError: There is no case of the one id that is to be made alone.
        ExplorationInterrupted: Somebody has interrupted it; it holds the report so far.
    """
    how = exploration
    with Pool(
        handler,
        scenario,
        at_once=how.side_by_side,
        patience=how.patience,
        max_lost=how.max_lost,
        templates=templates,
        interruption=interruption,
    ) as pool:
        explorer = _Explorer(pool, scenario, exploration, elsewhere if AVAILABLE else None, listener, recorder, witness)
        try:
            others = Elsewhere(elsewhere, scenario) if elsewhere and isinstance(handler, Reference) else None
            pool.start(before_others=others is not None)
            if others:
                pool.open_elsewhere(others)
            explorer.explore()
        except KeyboardInterrupt as stopped:
            raise ExplorationInterrupted(explorer.report(interrupted=True)) from stopped
        return explorer.report()


@dataclass(frozen=True)
class _Baseline:
    """The run that others are held against."""

    canonical: Canonical
    volatile: frozenset[str]  # the operations whose recorded values differ from execution to execution
    points: tuple[CrashPoint, ...]  # where it can be interrupted
    execution_id: str | None = None  # others have its ARN, because results or prompts are derived from that; or None

    def same_arn(self, experiments: list[Experiment]) -> list[Experiment]:
        """`experiments`, with its ARN if what they do is to be comparable with it."""
        return [_under(one, self.execution_id) for one in experiments] if self.execution_id else experiments


def _under(one: Experiment, execution_id: str) -> Experiment:
    return replace(one, conditions=replace(one.conditions, execution_id=execution_id))


class _Enough(Exception):  # noqa: N818  # no error
    """What was found is enough."""


@dataclass(frozen=True)
class _Kept:
    """A finding that is told, with the run that showed it."""

    told: Told
    run: Run
    against: Canonical | None


@dataclass(eq=False)
class _Explorer:
    pool: Pool
    scenario: Scenario
    exploration: Exploration
    elsewhere: Reference | None
    listener: Listener | None
    recorder: Recorder | None
    witness: Witness | None
    _began: float = field(default_factory=time.monotonic)
    _kept: dict[tuple[str, str, str], _Kept] = field(default_factory=dict)
    _besides: dict[str, Told] = field(default_factory=dict)  # by the line of what is in what differs, too
    _order: dict[str, float] = field(default_factory=dict)
    _numbered: int = 0  # of these, but for those that stand between others
    _dealt: int = 0  # cases that were shared out
    _plan_of: dict[str, str] = field(default_factory=dict)  # by kind, what says which cases are shared out
    _common: Counter[str] = field(default_factory=Counter)  # by id, the runs that belong to no shard alone
    _left: Counter[str] = field(default_factory=Counter)  # what was left behind when a run was last heard of
    _left_in_common: Counter[str] = field(default_factory=Counter)
    _known: int = 0
    _planned: bool = False  # all cases are known, but for those that others call for
    _made: int = 0
    _runs: int = 0
    _points: int = 0
    _horizon: int | None = None
    _undisturbed: list[Run] = field(default_factory=list)
    _asked: Scenario | None = None
    _waited: int = 0
    _stopped_early: bool = False
    _enough: bool = False
    _not_made: list[NotMade] = field(default_factory=list)
    _left_out: list[str] = field(default_factory=list)
    _not_begun: int = 0
    _ids: dict[str, None] = field(default_factory=dict)  # of the cases

    def explore(self) -> None:
        try:
            baselines = self._baselines()
            statuses = [one.canonical.run.status for one in baselines.values()]
            if unended := [status for status in statuses if status not in ENDINGS]:
                self._note(f"{unended[0]}; an execution that does not end has no interruptions to try")
            elif baselines and not self._undisturbed_is_wrong():
                self._explore(baselines)
        except _Enough:
            self._enough = True
        only = self.exploration.only
        if only is not None and only not in self._ids and not self._not_made:
            raise UnknownCaseError(only, self._ids)

    def report(self, *, interrupted: bool = False) -> Report:
        piece = self._piece(interrupted=interrupted)
        report = concluded([piece], piece.shard)
        return replace(report, pieces=(piece,)) if piece.shard else report

    def _piece(self, *, interrupted: bool) -> Piece:
        runs, of = self._undisturbed, self.exploration
        explored = bool(runs) and not not_as_expected(runs[0], self.scenario)
        elsewhere = self.elsewhere is not None
        return Piece(
            shard=of.shard,
            way="",
            points=self._points,
            plan=self._plan_of,
            runs=self._runs,
            common=dict(self._common),
            seconds=time.monotonic() - self._began,
            explored=explored,
            told=tuple(Told(self._caused(one), one.told.order) for one in self._kept.values()),
            besides=tuple(self._besides.values()),
            read=tuple(nothing_depended_on(runs, ())),
            not_made=tuple(self._not_made),
            not_begun=self._not_begun,
            unmade=self._known - self._made,
            interrupted=interrupted,
            enough=self._enough,
            stopped_after=(self._horizon or 0) if self._stopped_early else 0,
            left_out=tuple(self._all_left_out()),
            left_behind=dict(self.pool.left_behind - self._left_in_common),
            left_in_common=dict(self._left_in_common),
            reached=self._reached(),
            undisturbed=_ending(runs[0]) if runs else "",
            callbacks=tuple(self._asked.callbacks) if self._asked else (),
            timeouts=_timeouts(runs[0]) if runs else (),
            waited=self._waited,
            seen=seen(runs[0]) if runs else (),
            case=of.only or "",
            unused=tuple(unused(runs, of, frozenset(), elsewhere=elsewhere)) if explored else (),
        )

    def _reached(self) -> tuple[FileLines, ...]:
        """Of the user's files, that of the handler first."""
        its = self._undisturbed[0].line_of(EXECUTION).rpartition(":")[0] if self._undisturbed else ""
        return tuple(sorted(coverage(self.pool.reached), key=lambda one: one.file != its))

    def _undisturbed_is_wrong(self) -> bool:
        """Whether the execution that nothing disturbs is another one than was to be checked: then nothing is."""
        first = self._undisturbed[0]
        if empty := nothing_durable(first):
            self._note(empty)  # and yet it may depend on what it should not
        asked = self._asked
        misspelt = list(self.scenario.misspelt(asked.callbacks, asked.invokes)) if asked else []
        wrong = [*filter(None, [not_as_expected(first, self.scenario)]), *misspelt]
        for why in wrong:
            self._note(why)
        return bool(wrong)

    def _all_left_out(self) -> Iterator[str]:
        yield from self._left_out
        if self._asked:
            yield from self.scenario.unasked(self._asked.callbacks, self._asked.invokes)
        if not self.elsewhere:
            yield "other sandboxes: the handler is not run in other processes"
        elif self.scenario.keeps_state:
            yield "going on in another sandbox: what the set-up holds would not be there; executions run there whole"

    def _baselines(self) -> dict[bool, _Baseline]:
        """A baseline for each way in which the model answers: the same, or never twice the same."""
        chosen = self.exploration
        pure = chosen.pure or chosen.faults or chosen.orders or not chosen.never_twice
        baselines: dict[bool, _Baseline] = {}
        for way in [*([False] if pure else []), *([True] if chosen.never_twice else [])]:
            baseline = self._baseline(never_twice=way)
            if baseline is None:
                break
            baselines[way] = baseline
            self._waited = self._waited or baseline.canonical.run.waited
            self._asked = self._asked or scenario_of(baseline.canonical.run, self.scenario)
            if chosen.pure and not baseline.canonical.run.calls:
                break  # nobody asks the model, and how it answers makes no difference
        return baselines

    def _baseline(self, *, never_twice: bool) -> _Baseline | None:
        """The run that others are held against, and one more of the same in the same process; None if it is lost."""

        def whole(id_: str, what: str, conditions: Conditions) -> Experiment:
            place = Place(Section.WHOLE, what, column=model_group(never_twice=never_twice))
            return of_its_model(Experiment(id_, what, place, conditions, not_judged))

        experiment = whole("baseline", NO_INTERRUPTION, Conditions(never_twice=never_twice, keep_snapshots=True))
        first = self._one(experiment)
        if first is None:
            return None
        baseline = canonical(first)
        if order := one_by_one(baseline):  # made once more, so that the same branches can win in every other run
            experiment = replace(experiment, conditions=replace(experiment.conditions, order=order))
            self._progress(experiment, ())
            first = self._one(experiment)
            if first is None:
                return None
            baseline = canonical(first)
        self._undisturbed.append(first)
        self._tell(experiment, first, tuple(judged_alone(first, NO_INTERRUPTION)))
        if first.status not in ENDINGS:
            return _Baseline(baseline, frozenset(), ())
        conditions = Conditions(never_twice=never_twice, pinned=pinned_by(first), order=decided_as(baseline))
        experiment = whole("again", AGAIN, conditions)
        experiment = replace(experiment, against=baseline)
        volatile: frozenset[str] = frozenset()
        execution_id = None
        if second := self._one(experiment):
            again = list(differences(baseline, second, AGAIN, NO_INVOCATION_STATE))
            volatile = second.pinned
            if again and self._derived_from_its_arn(experiment, baseline):
                again, execution_id = [], first.starts[0].execution_id
            self._tell(experiment, second, again)
        chosen, points = self.exploration.points, first.crash_points(self.exploration.kinds)
        points = tuple(one for one in points if chosen is None or one in chosen)
        return _Baseline(baseline, volatile, points, execution_id)

    def _derived_from_its_arn(self, again: Experiment, baseline: Canonical) -> bool:
        """Whether a second execution that differs does not if it has the first one's ARN."""
        same = _under(replace(again, id=f"{again.id}~same-arn", place=None), baseline.run.starts[0].execution_id)
        run = self._one(same)
        self._progress(same, ())
        return run is not None and not any(differences(baseline, run, AGAIN))

    def _one(self, experiment: Experiment) -> Run | None:
        """The run of `experiment`, before any other is made; None if it is lost."""
        self._plan([experiment])
        for _, outcome in self.pool.run([experiment]):
            self._ended(experiment, outcome, common=True)
            if isinstance(outcome, Run):
                return outcome
            self._is_lost(experiment, outcome)
        return None

    def _ended(self, experiment: Experiment, outcome: Run | Lost, *, common: bool) -> None:
        """Count an experiment that was made; each shard makes those in `common` for itself."""
        left = self.pool.left_behind - self._left
        self._left += left
        if common:
            self._left_in_common += left
        if isinstance(outcome, Run) and common:
            self._common[experiment.id] += 1
        elif isinstance(outcome, Run):
            self._runs += 1

    def _explore(self, baselines: Mapping[bool, _Baseline]) -> None:
        chosen = self.exploration
        self._points = max(len(baseline.points) for baseline in baselines.values())
        if chosen.horizon and any(len(one.canonical.history) > 2 * chosen.horizon for one in baselines.values()):
            self._horizon = chosen.horizon
        pure = baselines.get(False)
        elsewhere = None
        if pure and self.elsewhere:
            run = pure.canonical.run
            elsewhere = OtherSandboxes(
                pure.canonical,
                self._horizon,
                self.pool.cold,
                pure.execution_id,
                whole=self.scenario.keeps_state,
            )
            if self.pool.cold:
                self.pool.open_elsewhere(Elsewhere(self.elsewhere, scenario_of(run, self.scenario)))
        to_crash = {way: baseline for way, baseline in baselines.items() if way or chosen.pure}
        sweeps = self._sweeps(baselines, to_crash) if self._horizon else []
        sweeps_of = sweep_of(sweeps, pairs=chosen.pairs) if chosen.shard else {}
        own = mine(chosen.shard, set(sweeps_of.values()))
        others = set(sweeps_of.values()) - own
        suspects = self._suspects([one for one in sweeps if one.experiment.id not in others])
        cases: list[Experiment] = []
        for way, baseline in to_crash.items():
            crashes = crash_cases(
                baseline.canonical,
                baseline.points,
                baseline.volatile,
                pairs=chosen.pairs,
                never_twice=way,
                horizon=self._horizon,
                to_the_end={
                    point for one in suspects if one.experiment.conditions.never_twice is way for point in one.points
                },
                from_the_start=self.scenario.keeps_state,
            )
            cases += baseline.same_arn(crashes)
        if pure and chosen.orders:
            cases += pure.same_arn(order_cases(pure.canonical, pure.volatile))
        if pure and chosen.faults:
            to_the_end = any(not one.points for one in suspects)
            cases += pure.same_arn(
                fault_cases(
                    pure.canonical.run,
                    self._horizon,
                    passing_to_the_end=to_the_end,
                    from_the_start=self.scenario.keeps_state,
                )
            )
        self._plan_of["here"] = plan(ids := {one.id for one in cases})
        own |= mine(chosen.shard, ids - sweeps_of.keys())
        self._dealt = len(ids - sweeps_of.keys())
        self._try(cases, {one.id for one in cases if sweeps_of.get(one.id, one.id) in own}, elsewhere)

    def _sweeps(self, baselines: Mapping[bool, _Baseline], to_crash: Mapping[bool, _Baseline]) -> list[Sweep]:
        """The executions that are to be interrupted everywhere."""
        sweeps: list[Sweep] = []
        for way, one in to_crash.items():
            sweeps += crash_sweeps(one.canonical, one.points, one.volatile, never_twice=way)
        if False in baselines and self.exploration.faults and baselines[False].canonical.run.calls:
            sweeps.append(fault_sweep(baselines[False].canonical))
        if only := self.exploration.only:
            sweeps = [one for one in sweeps if swept(only, one)]
        return sweeps

    def _suspects(self, sweeps: Sequence[Sweep]) -> list[Sweep]:
        """Those of `sweeps` that showed something, or could not be made."""
        self._known += len(sweeps)
        suspects = {sweep.experiment.id: sweep for sweep in sweeps}
        for experiment, outcome in self.pool.run([sweep.experiment for sweep in sweeps]):
            self._ended(experiment, outcome, common=True)
            if isinstance(outcome, Run):
                if suspects[experiment.id].goes_like_baseline(outcome):
                    del suspects[experiment.id]
                self._progress(experiment, ())
            else:
                self._left_out.append(f"{experiment.name}: {outcome.why}")
        return list(suspects.values())

    def _try(self, cases: Sequence[Experiment], own: Set[str], elsewhere: OtherSandboxes | None) -> None:
        """Make every case of which the id is among `own`, and what comes of it, and take note of what is found."""
        begin = [elsewhere.begin()] if elsewhere else []
        waiting = deque(self._plan([*begin, *cases], {one.id for one in begin} | own))
        self._planned = True
        for experiment, outcome in self.pool.run(waiting):
            there = elsewhere if elsewhere and experiment in elsewhere else None
            self._ended(experiment, outcome, common=there is not None and not start_of(experiment.id))
            if isinstance(outcome, Lost):
                self._is_lost(experiment, outcome)
                more = there.lost(experiment) if there else []
            else:
                more = self._took_elsewhere(there, experiment, outcome) if there else self._took(experiment, outcome)
            own = self._own_elsewhere(more) if there else {one.id for one in more}
            waiting.extendleft(reversed(self._plan(more, own)))
        if elsewhere:
            self._tell_all(elsewhere.rest())
            self._stopped_early |= elsewhere.stopped_early
            for why in elsewhere.could_not_run:
                self._note(why, self._order[WHOLE_ID])

    def _own_elsewhere(self, experiments: Sequence[Experiment]) -> Set[str]:
        """The ids of those of `experiments` in other sandboxes that belong here.

        Where an execution goes on there, all that go on there do so in the same shard: one says what others say anew.
        """
        starts = {start_of(one.id) for one in experiments if one.id not in self._order} - {""}
        if not starts:  # they run there whole, or once more
            return {one.id for one in experiments}
        self._plan_of["elsewhere"] = plan(starts)
        own = mine(self.exploration.shard, starts, dealt=self._dealt)
        return {one.id for one in experiments if start_of(one.id) in own}

    def _took(self, case: Experiment, run: Run) -> list[Experiment]:
        """Take note of what is wrong with the run of `case`; returns what is to be made because of it."""
        if case.conditions.horizon and case.like and diverged(case.like, run):
            return [replace(case, conditions=replace(case.conditions, horizon=None))]
        if run.status == AT_HORIZON:
            self._stopped_early = True
        self._tell(case, run, list(case.judge(run)))
        if again := between_attempts(run, case, from_the_start=self.scenario.keeps_state):
            self._order[again.id] = self._order[case.id] + 0.5
        return [again] if again else []

    def _took_elsewhere(self, elsewhere: OtherSandboxes, experiment: Experiment, run: Run) -> list[Experiment]:
        more, judged = elsewhere.took(experiment, run)
        self._tell_all(judged)
        return more

    def _tell_all(self, judged: Iterable[Judged]) -> None:
        for one in judged:
            self._tell(one.experiment, one.run, one.findings, told=one.told)

    def _plan(self, experiments: Iterable[Experiment], own: Set[str] | None = None) -> Sequence[Experiment]:
        """Take note of what is to be made; returns that: all of it, what one case takes, or what has an `own` id."""
        only, planned = self.exploration.only, list(experiments)
        self._ids |= dict.fromkeys(self._case(one) for one in planned if one.place)
        if only is not None:
            alone = only.removeprefix(self.exploration.way)
            stops = self.exploration.stops
            planned = [replace(one, stops=stops) if one.id == alone else one for one in planned if takes(alone, one)]
        for experiment in planned:  # those of other shards, too: what comes first is the same in all
            if experiment.id not in self._order:
                self._order[experiment.id] = float(self._numbered)
                self._numbered += 1
        planned = [one for one in planned if own is None or one.id in own]
        for experiment in planned:
            self._known += 1
            if self.recorder and experiment.place:
                self.recorder(self._record(experiment))
        return planned

    def _record(self, experiment: Experiment, **known: str) -> RunRecord:
        return replace(experiment.planned(**known), order=self._order[experiment.id])

    def _case(self, experiment: Experiment) -> str:
        return f"{self.exploration.way}{experiment.id}"

    def _of_case(self, experiment: Experiment, findings: Iterable[Finding]) -> list[Finding]:
        """`findings`, each with the case that shows it."""
        return [replace(one, case=self._case(experiment)) for one in findings]

    def _tell(self, experiment: Experiment, run: Run, findings: Sequence[Finding], *, told: bool = True) -> None:
        """Take note of a run that was made, and stop if what it shows is enough."""
        if not self.exploration.orders:
            findings = [one for one in findings if one.rule != COMPLETION_ORDER.name]
        findings = [self._located(one, run) for one in self._of_case(experiment, findings)]
        if self.witness:
            self.witness(experiment, run)
        if self.recorder and experiment.place:
            self.recorder(self._record(experiment).made(run, findings, experiment.against))
        only = self.exploration.only
        if (not told and only is None) or only not in {None, self._case(experiment)}:
            findings = ()  # of a case that was made for another one, or that says nothing new
        for one in findings:
            kept = _Kept(Told(one, self._order[experiment.id]), run, experiment.against)
            for cause in besides(one, run, self._baseline_of(kept)):
                more = replace(kept.told, finding=one.caused_by(cause))
                if (first := self._besides.get(cause.line)) is None or more.comes_before(first):
                    self._besides[cause.line] = more
            if (known := self._kept.get(one.told_as)) is None or kept.told.comes_before(known.told):
                self._kept[one.told_as] = kept
        self._progress(experiment, findings)
        chosen = self.exploration
        if any(one.rule in chosen.until and one.severity in chosen.until_severities for one in findings):
            raise _Enough

    def _located(self, found: Finding, run: Run) -> Finding:
        """`found`, with the line that calls its operation.

        What goes on from a prefix does not come by all operations: the baseline has.
        """
        lines = (one.line_of(found.path) for one in (run, *self._undisturbed))
        return replace(found, line=found.line or next(filter(None, lines), ""))

    def _caused(self, kept: _Kept) -> Finding:
        found = kept.told.finding
        cause = cause_of(found, kept.run, self._baseline_of(kept))
        return found.caused_by(configured(found, cause, Path.cwd()))

    def _baseline_of(self, kept: _Kept) -> Run:
        return kept.against.run if kept.against else self._undisturbed[0]

    def _progress(self, experiment: Experiment, findings: Sequence[Finding]) -> None:
        self._made += 1
        if self.listener:
            self.listener(experiment, findings, self.progress)

    @property
    def progress(self) -> Progress:
        return Progress(self._made, self._known, self._planned, self.pool.under_way)

    def _is_lost(self, experiment: Experiment, lost: Lost) -> None:
        if not lost.begun:
            self._not_begun += 1
            return
        what, order = f"{experiment.name}: {lost.why}", self._order[experiment.id]
        self._not_made.append(NotMade(what, order, lost.why, lost.telling, lost.detail))
        if self.recorder and experiment.place:
            self.recorder(self._record(experiment, why=lost.why))

    def _note(self, why: str, order: float = 0.0) -> None:
        self._not_made.append(NotMade(why, order))


def _timeouts(run: Run) -> tuple[tuple[str, int, str], ...]:
    timeouts = {one.path: one.timeout_seconds for one in run.updates if one.timeout_seconds}
    return tuple((path, seconds, run.line_of(path)) for path, seconds in timeouts.items())


def _ending(run: Run) -> str:
    return f"{run.status} with {run.error_type}: {run.error_message}" if run.error_type else run.status
