"""The execution that nothing disturbs: whether a check of it says anything, what was seen, and what was not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from durable_conformance.execution import BATCHES, BRANCHES, OperationKind, Run, Status
from durable_conformance.exploring.exploration import Exploration
from durable_conformance.model import AnsweredBy, scripted
from durable_conformance.rules import (
    COMPLETION_ORDER,
    ENVIRONMENT,
    NONDETERMINISM,
    Unused,
    calls,
    model_faults,
    side_effects,
    stability,
)
from durable_conformance.subject import OK, Answered, Scenario

EXPECT_FAILURE = 'if that is what the scenario is to show, say --expect-failure, or expect="FAILED" in a test'


def not_as_expected(run: Run, scenario: Scenario) -> str:
    """Why `run` is not the execution of `scenario` that was to be checked; empty if it is.

    What replay-identity tells is a finding, and the execution that was to be checked.
    """
    expect = scenario.expect
    if run.status == expect or NONDETERMINISM in (run.error_type or ""):
        return ""
    if run.status == Status.SUCCEEDED:
        return f"the undisturbed execution SUCCEEDED, and was expected to end {expect}"
    raised = run.raised
    error = raised or f"{run.error_type}: {run.error_message}"
    advice = "; ".join([*([raised.advice] if raised and raised.advice else _made_up(run, scenario)), EXPECT_FAILURE])
    return f"the undisturbed execution {run.status}, and nothing of it was checked: {error}: {advice}"


def why_not_checked(run: Run, scenario: Scenario) -> str:
    """Why nothing of an execution whose event was made up can be checked, after the event; empty if it can."""
    if nothing_durable(run):
        return "does nothing durable: there is no operation"
    if not not_as_expected(run, scenario):
        return ""
    if run.status == Status.SUCCEEDED:
        return "succeeds"
    if run.status != Status.FAILED:
        return f"ends {run.status}"
    error = run.raised.error if run.raised else f"{run.error_type}: {run.error_message}"
    place = f" at {run.raised.line}" if run.raised and run.raised.line else ""
    advice = [*([run.raised.advice] if run.raised and run.raised.advice else _made_up(run, scenario))]
    return f"fails: {error}{place}; {'; '.join(advice or ['give --expect-failure to check that it fails alike'])}"


def _made_up(run: Run, scenario: Scenario) -> Iterator[str]:
    """What `run` was answered that nobody had said, and how to say it: its code may have wanted something else."""
    services = dict.fromkeys(call.name for call in run.aws_calls if call.by is AnsweredBy.MADE_UP)
    if services:
        yield f"the answer to {', '.join(services)} was made up: say what it is with --answers FILE, or a --setup"
    if run.calls and scenario.model is scripted:
        yield "what the model said was made up: say what it says with --script FILE"
    chained = [one.name for one in run.operations if one.type == OperationKind.CHAINED_INVOKE]
    if unsaid := [name for name in dict.fromkeys(chained) if scenario.result(name, 0) == Answered(OK)]:
        yield f'the result of {", ".join(unsaid)} was made up, "ok": say what it is with --invoke NAME=JSON'


def nothing_durable(run: Run) -> str:
    """Why there is nothing in `run` to check, though it succeeded; empty if there is."""
    if run.status != Status.SUCCEEDED or run.operations:
        return ""
    return "the undisturbed execution has no operation, so nothing can interrupt it: has the event led it anywhere?"


def seen(run: Run) -> tuple[str, ...]:
    """What `run` did, counted."""
    models = _counted(len(run.calls), "model call")
    services = Counter(call.name for call in run.aws_calls)
    effects = Counter(effect.name for effect in run.effects)
    return (
        *([models] if run.calls else []),
        *(f"{times} {name}" for name, times in sorted(services.items())),
        *(f"{times} {name}" for name, times in sorted(effects.items()) if name not in services),
        _counted(len(run.operations), "operation"),
    )


def unused(
    runs: Sequence[Run], exploration: Exploration, broken: frozenset[str], *, elsewhere: bool
) -> Iterator[Unused]:
    """The rules that were left out, and those that had nothing to look at in `runs`. No `broken` one is among them."""
    batches = Counter(
        operation.path.rpartition("/")[0]
        for run in runs
        for operation in run.operations
        if operation.sub_type in BRANCHES
    )
    asked, called = any(run.calls for run in runs), any(run.all_calls for run in runs)
    batched = any(operation.sub_type in BATCHES for run in runs for operation in run.operations)
    why_no_order = "no batch of several branches" if batched else "no batch"
    order, faults = COMPLETION_ORDER.name, (model_faults.RETRY_POLICY.name, model_faults.FAILURE_VISIBLE.name)
    of_calls = (
        stability.REQUEST_STABILITY.name,
        calls.NO_REPEATED_CALL.name,
        calls.DURABLE_CALLS.name,
    )
    found = [
        *([] if exploration.orders else [Unused(order, "--order-matters", left_out=True)]),
        *([] if exploration.faults else [Unused(name, "no model fault", left_out=True) for name in faults]),
        *([] if elsewhere else [Unused(ENVIRONMENT.name, "no other sandboxes", left_out=True)]),
        *([] if max(batches.values(), default=0) > 1 else [Unused(order, why_no_order)]),
        *([] if asked else [Unused(model_faults.RETRY_POLICY.name, "no model call")]),
        *([] if called else [Unused(name, "no call") for name in (*of_calls, model_faults.FAILURE_VISIBLE.name)]),
        *([] if any(run.effects for run in runs) else [Unused(side_effects.SIDE_EFFECTS.name, "no effect")]),
    ]
    by_rule: dict[str, Unused] = {}
    for one in found:
        if one.rule not in broken:
            by_rule.setdefault(one.rule, one)
    yield from by_rule.values()


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
