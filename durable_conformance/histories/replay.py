"""Replays golden histories from every prefix on today's code, in processes of their own."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from durable_conformance.errors import CannotRunError
from durable_conformance.execution import Conditions, Run
from durable_conformance.histories.answers import recorded_scenario
from durable_conformance.histories.file import History, load_history
from durable_conformance.histories.golden import Golden
from durable_conformance.histories.rule import Replayed, upgrade
from durable_conformance.rules import Finding
from durable_conformance.runtime import Observer, Service
from durable_conformance.subject import HandlerFactory, Reference
from durable_conformance.workers import PATIENCE_SECONDS, Experiment, Lost, Pool


@dataclass(frozen=True)
class Subject:
    """A history, and the handler that must be able to replay it.

    Attributes:
        name: What to call it: the file's path.
        handler: Where another process finds the handler, or what makes it.
    """

    name: str
    history: History
    handler: Reference | HandlerFactory


@dataclass(frozen=True)
class UpgradeReport:
    """What replaying histories found.

    Attributes:
        prefixes: States that executions were to go on from: the start, and after each change.
        runs: Executions that ended.
        findings: By history; each place and difference once, with the first prefix that shows it. Nothing stands here
            for a history that replays.
        could_not_run: By history; which replays did not end, and why.
        tracebacks: Where what could not be run failed, as far as that is the user's code.
    """

    histories: int
    prefixes: int
    runs: int
    seconds: float
    findings: Mapping[str, tuple[Finding, ...]]
    could_not_run: Mapping[str, tuple[str, ...]]
    tracebacks: tuple[str, ...] = ()

    @property
    def replaying(self) -> int:
        """How many histories replay from every prefix."""
        return self.histories - len(self.findings.keys() | self.could_not_run.keys())


def subject_of(file: Path) -> Subject:
    """The history in `file`, and where its handler is found.

    Raises:
        CannotRunError: It is no history, or its handler cannot be found; the message names the file.
    """
    try:
        history = load_history(file)
        reference = Reference(history.recorded.handler)
        reference.check()
    except CannotRunError as error:
        raise CannotRunError(str(error) if str(file) in str(error) else f"{file}: {error}") from error
    return Subject(str(file), history, reference)


def replay(
    subjects: Sequence[Subject],
    *,
    patience: float = PATIENCE_SECONDS,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> UpgradeReport:
    """Have every history go on from each of its prefixes, on the handler's code as it is now.

    Args:
        subjects: Which, and on what.
        patience: Seconds that importing a handler, and that one execution, may take in real time.
        progress: Told how many runs of how many are done.
    """
    began = time.monotonic()
    replayer = _Replayer(subjects, patience, progress)
    by_handler: dict[Reference | HandlerFactory, list[Subject]] = {}
    for subject in subjects:
        by_handler.setdefault(subject.handler, []).append(subject)
    for handler, its in by_handler.items():
        replayer.replay(handler, its)
    return replayer.report(time.monotonic() - began)


class _Replayer:
    def __init__(self, subjects: Sequence[Subject], patience: float, progress: Callable[[int, int], None]) -> None:
        self._subjects = subjects
        self._patience = patience
        self._progress = progress
        self._prefixes = sum(len(subject.history.changes) + 1 for subject in subjects)
        self._done = 0
        self._runs = 0
        self._found: dict[str, dict[int, tuple[Finding, ...]]] = {}
        self._problems: dict[str, dict[int, str]] = {}
        self._tracebacks: dict[str, None] = {}

    def replay(self, handler: Reference | HandlerFactory, subjects: Sequence[Subject]) -> None:
        """Replay the histories of one handler."""
        of = {
            experiment.id: (experiment, subject, changes)
            for number, subject in enumerate(subjects)
            for changes, experiment in enumerate(_experiments(f"history-{number}", Golden(subject.history)))
        }
        with Pool(handler, recorded_scenario(subjects[0].history), patience=self._patience) as pool:
            try:
                pool.start()
            except CannotRunError as error:
                for subject in subjects:
                    self._done += len(subject.history.changes) + 1
                    self._lost(subject, 0, "all of it", Lost(str(error), error.detail))
                return
            for experiment, outcome in pool.run([experiment for experiment, *_ in of.values()]):
                _, subject, changes = of[experiment.id]
                if isinstance(outcome, Run):
                    self._runs += 1
                    self._found.setdefault(subject.name, {})[changes] = tuple(experiment.judge(outcome))
                else:
                    self._lost(subject, changes, experiment.name, outcome)
                self._done += 1
                self._progress(self._done, self._prefixes)

    def report(self, seconds: float) -> UpgradeReport:
        """What was found."""
        findings = {
            subject.name: _once([one for _, found in sorted(self._found[subject.name].items()) for one in found])
            for subject in self._subjects
            if subject.name in self._found
        }
        return UpgradeReport(
            len(self._subjects),
            self._prefixes,
            self._runs,
            seconds,
            {name: found for name, found in findings.items() if found},
            {name: tuple(why for _, why in sorted(whys.items())) for name, whys in self._problems.items()},
            tuple(self._tracebacks),
        )

    def _lost(self, subject: Subject, changes: int, what: str, lost: Lost) -> None:
        self._problems.setdefault(subject.name, {})[changes] = f"{what}: {lost.why}"
        if lost.detail:
            self._tracebacks[lost.detail] = None


def _experiments(id_: str, golden: Golden) -> Iterator[Experiment]:
    """A history from each of its prefixes."""
    scenario = recorded_scenario(golden.history)
    fresh = Service(scenario, Observer()).start(1)
    for changes in range(len(golden.history.changes) + 1):
        conditions = Conditions(prefix=golden.prefix(changes, fresh), pinned=golden.values)
        judge = partial(_judged, golden, changes)
        yield Experiment(f"{id_}~prefix-{changes}", golden.where(changes), None, conditions, judge, scenario=scenario)


def _judged(golden: Golden, changes: int, run: Run) -> Iterable[Finding]:
    return upgrade(Replayed(golden, changes, run))


def confirm(subject: Subject, patience: float = PATIENCE_SECONDS) -> None:
    """See that a history replays on the code that it was just recorded on.

    Raises:
        CannotRunError: It does not: the handler depends on more than what is recorded.
    """
    report = replay([subject], patience=patience)
    for why in report.could_not_run.get(subject.name, ())[:1]:
        raise CannotRunError(f"{subject.history.recorded.handler} cannot replay its own history: {why}.")
    for found in report.findings.get(subject.name, ())[:1]:
        raise CannotRunError(
            f"{subject.history.recorded.handler} does not replay its own history. {found.crash}: at {found.path}, "
            f"expected {found.expected}, and got {found.actual}. See what durable-ai check says about it."
        )


def _once(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Each difference once, with the first prefix that shows it and how many more do."""
    alike: dict[tuple[str, str, str], list[Finding]] = {}
    for found in findings:
        alike.setdefault((found.path, found.expected, found.actual), []).append(found)
    return tuple(
        dataclasses.replace(
            first,
            crash=f"{first.crash}, and {len(more)} more" if more else first.crash,
            line=next((one.line for one in (first, *more) if one.line), ""),  # not each goes by the operation
        )
        for first, *more in alike.values()
    )
