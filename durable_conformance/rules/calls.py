"""Where calls of models and of AWS may be made, and how often."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from durable_conformance.execution import EXECUTION, OperationKind, Run
from durable_conformance.model import Call, ModelCall
from durable_conformance.rules.findings import Finding, Rule, finding
from durable_conformance.rules.normal_form import Canonical
from durable_conformance.rules.stability import GUIDE

DURABLE_CALLS = Rule(
    "durable-calls",
    breaks_it="a call of a model or of AWS outside any step, or in the body of a context that has its own operations",
    matters="it is made again on every replay: paid for again, written again, and answered otherwise",
    remedy="put the call into a step of its own",
    source=GUIDE,
)
NO_REPEATED_CALL = Rule(
    "no-repeated-call",
    breaks_it="an operation that had ended before the crash called the model or AWS again",
    matters="a completed call is made and paid for twice, and its new answer contradicts the recorded one",
    remedy="put the call into a step, and return its answer from the step",
    source=GUIDE,
)


def durable_calls(run: Run, crash: str) -> Iterable[Finding]:
    """The calls that no checkpoint protects, once for each operation that makes some."""
    for path, calls in unprotected(run):
        where = "outside any operation"
        if path != EXECUTION:
            where = "in the body of a context that has operations of its own"
        actual = f"{', '.join(dict.fromkeys(map(_described, calls)))} {where}"
        yield finding(DURABLE_CALLS, path, crash, expected="calls in steps", actual=actual, line=calls[0].line)


def unprotected(run: Run) -> Iterable[tuple[str, Sequence[Call]]]:
    """The calls that no checkpoint protects, by the operation that makes them."""
    paths = {operation.path for operation in run.operations}
    found: dict[str, list[Call]] = {}
    for call in run.all_calls:
        if call.path is None:
            found.setdefault(EXECUTION, []).append(call)
        elif call.operation_type == OperationKind.CONTEXT and any(path.startswith(f"{call.path}/") for path in paths):
            found.setdefault(call.path, []).append(call)
    return found.items()


def _described(call: Call) -> str:
    if isinstance(call, ModelCall):
        return "a model call"
    line = f" ({call.line})" if call.line else ""
    return f"{call.name}{line}, which reads what may differ on replay," if call.reads else f"{call.name}{line}"


def no_repeated_call(baseline: Canonical, run: Canonical, crash: str) -> Iterable[Finding]:
    """A call of an operation that had ended, or more calls than the crashes explain."""
    for call in run.run.repeated_calls[:1]:
        path = call.path or EXECUTION
        what = "asked" if isinstance(call, ModelCall) else f"{call.name} called"
        actual = f"{what} again in invocation {call.invocation}"
        yield finding(NO_REPEATED_CALL, path, crash, expected="the recorded answer", actual=actual, line=call.line)
        return
    allowed = 1 + len(run.run.deaths)
    for name, outcomes in run.run.ledger.items():
        most = allowed * len(baseline.run.ledger.get(name, []))
        if 0 < most < len(outcomes):
            expected, actual = f"at most {most} calls", f"{len(outcomes)} calls"
            yield finding(NO_REPEATED_CALL, name, crash, expected=expected, actual=actual)
            return
