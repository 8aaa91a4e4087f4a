"""How an execution may end."""

from __future__ import annotations

from collections.abc import Iterable

from durable_conformance.choices import Severity
from durable_conformance.execution import (
    AT_HORIZON,
    BATCHES,
    ENDINGS,
    EXECUTION,
    OPEN,
    OperationKind,
    OperationRecord,
    Run,
    Status,
)
from durable_conformance.model import ANSWERED
from durable_conformance.rules.findings import Finding, Rule, finding
from durable_conformance.rules.stability import GUIDE

SUSPENSION = Rule(
    "suspension",
    breaks_it="the handler finished while one of its operations was still waiting: a suspension was swallowed",
    matters="a wait is skipped, or a person's approval",
    remedy="let BaseException through; call durable operations on the handler's own thread only",
    source=GUIDE,
)


ENDED_ALL = "every operation has ended when the execution succeeds"
WAIT_FOR_IT = "wait for the callback, `callback.result()`, before the handler returns; or make none"


def suspension(run: Run, crash: str) -> Iterable[Finding]:
    """An operation that is still open in an execution that has ended, or an execution that cannot end."""
    if run.status not in ENDINGS | {AT_HORIZON}:
        yield finding(SUSPENSION, EXECUTION, crash, expected="an execution that ends", actual=run.status)
    if run.status != Status.SUCCEEDED:
        return
    at = {operation.path: operation for operation in run.operations}
    for operation in run.operations:
        parent = at.get(operation.path.rpartition("/")[0])
        # A batch may end before its branches do, and what stands in a context that is open is that context's matter. A
        # callback stays open whose submitter has failed: nobody waits for it then.
        left = parent is not None and (parent.sub_type in BATCHES or parent.status in OPEN or _not_submitted(parent))
        if operation.status not in OPEN or left:
            continue
        actual = f"{operation.type} is still {operation.status}"
        if not (run.never_suspends and operation.type == OperationKind.CALLBACK):
            yield finding(SUSPENSION, operation.path, crash, expected=ENDED_ALL, actual=actual)
            return
        if not _fails(run):  # else it has not been told whom to answer
            actual = f"{actual}, and the handler never waits for it"
            severity, remedy = Severity.WARNING, WAIT_FOR_IT
            yield finding(
                SUSPENSION, operation.path, crash, expected=ENDED_ALL, actual=actual, severity=severity, remedy=remedy
            )


def _fails(run: Run) -> bool:
    """Whether something in it has failed."""
    return any(one.status == Status.FAILED for one in run.operations) or any(
        one.outcome != ANSWERED for one in run.all_calls
    )


def _not_submitted(context: OperationRecord) -> bool:
    """Whether it is the SDK's own around a callback, and has failed before it waited."""
    return context.sub_type == "WaitForCallback" and context.status == Status.FAILED
