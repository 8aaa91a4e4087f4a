"""Replays golden histories from every prefix on today's code."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from aws_durable_execution_sdk_python.plugin import OperationInfo

from conformance.errors import CannotRunError
from conformance.findings import Finding
from conformance.golden import Golden
from conformance.history import History
from conformance.history_answers import HistoryModel, people
from conformance.in_process import run_in_process
from conformance.observer import Observer
from conformance.prefix import start_after
from conformance.rules.upgrade import Replayed, upgrade
from conformance.scenario import HandlerFactory, Scenario
from conformance.service import InProcessService
from providers import ModelProvider

SIDE_BY_SIDE = 32
"""Executions at the same time: each spends most of its time waiting for the SDK's checkpoint thread to close."""


@dataclass(frozen=True)
class Subject:
    """A history, and the handler that must be able to replay it.

    Attributes:
        name: What to call it: the file's path.
        history: The recorded execution.
        handler_for: Makes the handler.
    """

    name: str
    history: History
    handler_for: HandlerFactory


@dataclass(frozen=True)
class UpgradeReport:
    """What replaying histories found.

    Attributes:
        histories: How many.
        prefixes: States that executions went on from: the start, and after each change.
        runs: Executions run.
        seconds: How long it took.
        findings: By history; each place and difference once, with the first prefix that shows it. Nothing stands here
            for a history that replays.
    """

    histories: int
    prefixes: int
    runs: int
    seconds: float
    findings: Mapping[str, tuple[Finding, ...]]


def replay(
    subjects: Sequence[Subject], *, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> UpgradeReport:
    """Have every history go on from each of its prefixes, on the handler's code as it is now.

    Args:
        subjects: Which, and on what.
        progress: Told how many runs of how many are done.
    """
    began = time.monotonic()
    cases = [
        (subject, golden, changes)
        for subject in subjects
        for golden in (Golden(subject.history),)
        for changes in range(len(subject.history.changes) + 1)
    ]
    found: dict[str, list[Finding]] = {}
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for done, (case, findings) in enumerate(zip(cases, pool.map(_check, cases), strict=True), 1):
            found.setdefault(case[0].name, []).extend(findings)
            progress(done, len(cases))
    reported = {name: _once(findings) for name, findings in found.items() if findings}
    return UpgradeReport(len(subjects), len(cases), len(cases), time.monotonic() - began, reported)


def confirm(subject: Subject) -> None:
    """See that a history replays on the code that it was just recorded on.

    Raises:
        CannotRunError: It does not: the handler depends on more than what is recorded.
    """
    for found in replay([subject]).findings.get(subject.name, ())[:1]:
        raise CannotRunError(
            f"{subject.history.recorded.handler} does not replay its own history. {found.crash}: at {found.path}, "
            f"expected {found.expected}, and got {found.actual}. See what durable-ai check says about it."
        )


def _check(case: tuple[Subject, Golden, int]) -> tuple[Finding, ...]:
    subject, golden, changes = case
    return tuple(upgrade(_replayed(subject.handler_for, golden, changes)))


def _replayed(handler_for: HandlerFactory, golden: Golden, changes: int) -> Replayed:
    observer = _Meeting()
    scenario = recorded_scenario(golden.history, observer)
    fresh = InProcessService(scenario, Observer()).start()
    start = start_after(golden.history, changes, fresh)
    run = run_in_process(handler_for, scenario, start=start, baseline=golden.values, observer=observer)
    return Replayed(golden, changes, run, frozenset(observer.met))


def recorded_scenario(history: History, observer: Observer) -> Scenario:
    """What the recorded execution met, for another one that `observer` watches."""

    def model() -> ModelProvider:
        return HistoryModel(history, observer)

    return Scenario(history.event, model, ask=people(history))


class _Meeting(Observer):
    """Also knows which operations the code came by."""

    def __init__(self) -> None:
        super().__init__()
        self.met: set[str] = set()

    def seen(self, info: OperationInfo) -> str:
        self.met.add(info.operation_id)
        return super().seen(info)


def _once(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Each difference once, with the first prefix that shows it and how many more do."""
    alike: dict[tuple[str, str, str], list[Finding]] = {}
    for found in findings:
        alike.setdefault((found.path, found.expected, found.actual), []).append(found)
    return tuple(
        dataclasses.replace(first, crash=f"{first.crash}, and {len(more)} more") if more else first
        for first, *more in alike.values()
    )
