"""What is asked of a sandbox, and what it answers: the messages between `fresh_processes` and `sandbox`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from durable_conformance.execution.run import Run
from durable_conformance.runtime.driver import Conditions
from durable_conformance.subject.reference import Reference
from durable_conformance.subject.scenario import Scenario
from durable_conformance.workers.perturbation import Perturbation


@dataclass(frozen=True)
class Request:
    """One execution to run.

    Attributes:
        conditions: What it meets.
        perturbation: How its sandboxes differ.
    """

    conditions: Conditions
    perturbation: Perturbation


@dataclass(frozen=True)
class Batch:
    """Executions of one handler.

    Attributes:
        exploration: Tells one exploration from another: the handler is imported once for each.
        target: The handler.
        scenario: What every execution meets; its model must be picklable.
        requests: The executions.
        patience: Seconds that one may take.
    """

    exploration: int
    target: Reference
    scenario: Scenario
    requests: Sequence[Request]
    patience: float


@dataclass(frozen=True)
class Reply:
    """What became of a request.

    Attributes:
        number: Its position in the batch; None for all of them.
        outcome: The run, or why there is none.
    """

    number: int | None
    outcome: Run | str
