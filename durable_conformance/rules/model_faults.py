"""What a handler makes of a model that fails: for good, for a moment, or every time."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable

from pydantic import JsonValue

from durable_conformance.execution import AT_HORIZON, Run, Status
from durable_conformance.model import ANSWERED
from durable_conformance.rules.findings import EXECUTION, Finding, Rule, finding
from durable_conformance.rules.stability import GUIDE

RETRY_POLICY = Rule(
    "retry-policy",
    breaks_it="a permanent error is retried, one that may pass is not, or a crash changes the attempts",
    matters="minutes and money are spent on what cannot work, or an execution fails for a hiccup",
    remedy="give the step a retry strategy that names the retryable errors and the number of attempts",
    source=GUIDE,
)
FAILURE_VISIBLE = Rule(
    "failure-visible",
    breaks_it="every model call failed, and the execution succeeded without saying so",
    matters="nobody is told: the caller takes nothing for an answer",
    remedy="raise, or put what failed into the result",
    source=GUIDE,
)

MAX_ATTEMPTS = 25
"""Attempts of one call past which it counts as retried without bound. The SDK's own policies make 3 and 6."""

_ADMITS = re.compile(
    r"fail|error|unavail|denied|throttl|timed?.?out|cancel|reject|compensat|roll|refus|degrad|fallback|retry|gave",
    re.IGNORECASE,
)
_DENIES = re.compile(r"\b(ok|success|succeeded|complete|completed|done|valid)$", re.IGNORECASE)


def permanent_error(run: Run, path: str, fault: str) -> Iterable[Finding]:
    """The call at `path` failed for good: it must not have been made again."""
    made = [call for call in run.calls if call.path == path and call.outcome != ANSWERED]
    if len(made) > 1:
        yield finding(RETRY_POLICY, path, fault, expected="one call", actual=f"{len(made)} calls of a permanent error")


def passing_error(run: Run, baseline: Run, path: str, fault: str) -> Iterable[Finding]:
    """The call at `path` failed once in a way that passes: the execution must end as it would have."""
    if baseline.status == Status.SUCCEEDED and run.status not in {Status.SUCCEEDED, AT_HORIZON}:
        actual = f"{run.status}: {run.error_message}"
        yield finding(RETRY_POLICY, path, fault, expected="another attempt, which succeeds", actual=actual)


def exhaustion(run: Run, path: str, fault: str) -> Iterable[Finding]:
    """The call at `path` fails every time in a way that may pass: the attempts must come to an end."""
    made = sum(call.path == path and call.outcome != ANSWERED for call in run.calls)
    if made > MAX_ATTEMPTS:
        yield finding(RETRY_POLICY, path, fault, expected=f"at most {MAX_ATTEMPTS} attempts", actual=f"{made} attempts")


def same_attempts(run: Run, interrupted: Run, path: str, fault: str) -> Iterable[Finding]:
    """An invocation that dies between two attempts must neither start the count anew nor use attempts up."""
    before, after = (len(one.ledger.get(path, [])) for one in (run, interrupted))
    if before != after:
        expected, actual = f"{before} attempts", f"{after} attempts if an invocation dies between two of them"
        yield finding(RETRY_POLICY, path, fault, expected=expected, actual=actual)


def every_error(run: Run, baseline: Run, fault: str) -> Iterable[Finding]:
    """Every call failed for good: none was asked again, and the execution failed or its result says what did."""
    asked_before = Counter(call.request.digest for call in baseline.calls)
    for digest, times in Counter(call.request.digest for call in run.calls).items():
        if 0 < asked_before[digest] < times:
            path = next(call.path for call in reversed(run.calls) if call.request.digest == digest) or EXECUTION
            actual = f"{times} calls with this request, by several operations"
            yield finding(RETRY_POLICY, path, fault, expected=f"{asked_before[digest]} calls", actual=actual)
            break
    failed = bool(run.calls) and all(call.outcome != ANSWERED for call in run.calls)
    if failed and run.status == Status.SUCCEEDED and not _admissions(run.result) - _admissions(baseline.result):
        actual = f"SUCCEEDED with {json.dumps(run.result)[:200]}"
        yield finding(FAILURE_VISIBLE, EXECUTION, fault, expected="FAILED, or a result that says so", actual=actual)


def _admissions(value: JsonValue, key: str = "") -> set[tuple[str, str]]:
    """What in a result can be read as saying that something failed: its key and its value.

    An empty list of failures says that there were none; `ok: false` says that there was one.
    """
    if isinstance(value, dict):
        return set().union(*(_admissions(part, f"{key}.{name}") for name, part in value.items()))
    if isinstance(value, list):
        return set().union(*(_admissions(part, key) for part in value))
    says = _DENIES.search(key) if value is False else value and _ADMITS.search(f"{key} {value}")
    return {(key, str(value))} if says else set()
