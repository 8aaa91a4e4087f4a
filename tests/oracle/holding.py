"""Whether a requirement holds on the simulated service: its handler is run there, and its history compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aws_durable_execution_sdk_python import durable_execution

from durable_conformance import CrashKind, CrashPoint, Scenario, Silence
from durable_conformance.execution import Conditions, Run
from durable_conformance.runtime import Observer, run_in_process
from durable_conformance.subject import CallbackAnswer
from tests.oracle.events import UNKNOWN, Json, Watching, exported
from tests.oracle.handlers import HANDLERS, Described
from tests.oracle.matching import mismatches
from tests.oracle.requirements import Requirement


class _InOrder:
    """Answers in a given order, whatever is asked; then there is silence."""

    def __init__(self, answers: tuple[CallbackAnswer, ...]) -> None:
        self._left = list(answers)

    def __call__(self, _name: str, _occurrence: int) -> CallbackAnswer:
        return self._left.pop(0) if self._left else Silence()


@dataclass(frozen=True)
class Verdict:
    """What came of a requirement.

    Attributes:
        requirement: Which.
        run: What its handler did on the simulated service.
        events: The history of that.
        differences: Where it differs from what the requirement says, a line each.
    """

    requirement: Requirement
    run: Run
    events: tuple[Json, ...]
    differences: tuple[str, ...]


def held(requirement: Requirement) -> Verdict:
    """Run what the requirement describes on the simulated service, and compare its history."""
    watching = Watching()
    run = played(requirement, HANDLERS[requirement.id], watching)
    events = exported(run, requirement.event, watching.invoked)
    return Verdict(requirement, run, tuple(events), tuple(differences(requirement, run, events)))


def differences(requirement: Requirement, run: Run, events: Sequence[Json]) -> Iterator[str]:
    """Where an execution differs from what a requirement says, a line each."""
    if requirement.status not in {None, run.status}:
        yield f"expected {requirement.status}, came {run.status} ({run.error_type}: {run.error_message})"
    elif "Result" in requirement.result and run.result != requirement.result["Result"]:
        yield f"expected the result {requirement.result['Result']!r}, came {run.result!r}"
    yield from mismatches(requirement.events, events, UNKNOWN)


def played(requirement: Requirement, described: Described, observer: Observer) -> Run:
    """The requirement's handler on the simulated service."""
    scenario = Scenario(
        requirement.event,
        ask=_InOrder(requirement.callbacks),
        ask_invokes=_InOrder(tuple(described.invoked(requirement.event))),
    )
    crashes = [CrashPoint(described.dies, "START", 0, CrashKind.AFTER_PERSIST)] if described.dies else []
    handler = durable_execution(described.body)
    return run_in_process(lambda _: handler, scenario, Conditions(crashes=crashes, keep_snapshots=True), observer)
