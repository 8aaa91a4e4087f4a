"""Where model calls may be made, and how often."""

from __future__ import annotations

from collections.abc import Iterable

from durable_conformance.execution import OperationKind, Run
from durable_conformance.rules.findings import EXECUTION, Finding, Rule, finding
from durable_conformance.rules.normal_form import Canonical
from durable_conformance.rules.stability import GUIDE

DURABLE_CALLS = Rule(
    "durable-calls",
    breaks_it="a model call outside any step, or in the body of a context that has operations of its own",
    matters="it is made again on every replay: paid for again, and answered otherwise",
    remedy="put the call into a step of its own",
    source=GUIDE,
)
NO_REPEATED_CALL = Rule(
    "no-repeated-call",
    breaks_it="an operation that had ended before the crash called the model again",
    matters="a completed call is paid for twice, and its new answer contradicts the recorded one",
    remedy="put the call into a step, and return its answer from the step",
    source=GUIDE,
)


def durable_calls(run: Run, crash: str) -> Iterable[Finding]:
    """A call that no checkpoint protects."""
    paths = {operation.path for operation in run.operations}
    for call in run.calls:
        if call.path is None:
            where = "outside any operation"
        elif call.operation_type == OperationKind.CONTEXT and any(path.startswith(f"{call.path}/") for path in paths):
            where = "in the body of a context that has operations of its own"
        else:
            continue
        path = call.path or EXECUTION
        yield finding(DURABLE_CALLS, path, crash, expected="model calls in steps", actual=f"a model call {where}")
        return


def no_repeated_call(baseline: Canonical, run: Canonical, crash: str) -> Iterable[Finding]:
    """A call of an operation that had ended, or more calls than the crashes explain."""
    for call in run.run.repeated_calls[:1]:
        path = call.path or EXECUTION
        actual = f"asked again in invocation {call.invocation}"
        yield finding(NO_REPEATED_CALL, path, crash, expected="the recorded answer", actual=actual)
        return
    allowed = 1 + len(run.run.deaths)
    for name, outcomes in run.run.ledger.items():
        most = allowed * len(baseline.run.ledger.get(name, []))
        if 0 < most < len(outcomes):
            expected, actual = f"at most {most} calls", f"{len(outcomes)} calls"
            yield finding(NO_REPEATED_CALL, name, crash, expected=expected, actual=actual)
            return
