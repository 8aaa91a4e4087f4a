"""What a handler makes of a model that fails: for good, for a moment, or every time."""

from __future__ import annotations

import json
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pydantic import JsonValue

from durable_conformance.choices import Severity
from durable_conformance.execution import AT_HORIZON, EXECUTION, Run, Status
from durable_conformance.model import ANSWERED
from durable_conformance.rules.findings import Finding, Rule, finding
from durable_conformance.rules.stability import GUIDE, short

RETRY_POLICY = Rule(
    "retry-policy",
    breaks_it="a permanent error is retried, one that may pass is not, or a crash changes the attempts",
    matters="minutes and money are spent on what cannot work, or an execution fails for a hiccup",
    remedy="give the step a retry strategy that names the retryable errors and the number of attempts",
    source=GUIDE,
)
FAILURE_VISIBLE = Rule(
    "failure-visible",
    breaks_it="every call of the model, or of AWS, failed, and the execution succeeded without saying so",
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


DEFAULT_DELAYS_SECONDS = (5, 10, 20, 40, 60)
"""The longest delays between the attempts of a step without a retry strategy (`RetryPresets.default`).
Each is anything from one second to that."""

BY_DEFAULT = (
    f"{len(DEFAULT_DELAYS_SECONDS) + 1} calls of a permanent error, since the SDK retries all errors by default"
)

RESENT = "a library sends each request"
"""Such as boto3, where its own retries are left on: its attempts and the step's multiply."""

WARNING = Severity.WARNING
_STRATEGY = "`StepConfig(retry_strategy=create_retry_strategy(RetryStrategyConfig({})))`"
NAME_THE_ERRORS = "name the errors that another attempt may mend, and no others: " + _STRATEGY.format(
    "retryable_error_types=[…]"
)
INCLUDE_THE_ERROR = "have the step's retry strategy take errors that pass, too: " + _STRATEGY.format(
    "retryable_error_types=[…]"
)
END_THE_ATTEMPTS = "bound the attempts: " + _STRATEGY.format("max_attempts=3")
SEND_ONCE = (
    "turn the library's own retries off, for the step's are checkpointed: of boto3, "
    '`boto3.client(…, config=Config(retries={"total_max_attempts": 1}))`'
)
ASK_NO_MORE = "once an error is permanent, let the execution fail, or go on without what was asked: ask nobody again"
COUNT_IN_THE_STRATEGY = "leave counting attempts to the retry strategy, which gets their number: keep none yourself"

NAMED = 3
"""Operations that a finding about several names."""


def permanent_error(run: Run, path: str, fault: str) -> Iterable[Finding]:
    """The call at `path` failed for good: it must not have been made again.

    Where it is the SDK's default that makes it again, it costs minutes, and nothing goes wrong.
    """
    failed = [call for call in run.calls if call.path == path and call.outcome != ANSWERED]
    made = max(Counter(call.request.digest for call in failed).values(), default=0)  # threads ask several things
    if made > 1:
        attempts = len({call.attempt for call in failed})
        default = _retried_by_default(run, path) and attempts == len(DEFAULT_DELAYS_SECONDS) + 1
        actual = BY_DEFAULT if default else f"{made} calls of a permanent error"
        severity = WARNING if default else Severity.ERROR
        line = failed[-1].protectable_at if made > attempts else ""  # it is called again there, within an attempt
        remedy = ASK_NO_MORE if line else NAME_THE_ERRORS
        yield finding(
            RETRY_POLICY, path, fault, expected="one call", actual=actual, severity=severity, line=line, remedy=remedy
        )


def _retried_by_default(run: Run, path: str | None) -> bool:
    """Whether the attempts at `path` came as the SDK makes them where nobody chose a retry strategy."""
    delays = run.retry_schedule.get(path or "", [])
    longest = DEFAULT_DELAYS_SECONDS
    return len(delays) == len(longest) and all(one <= most for one, most in zip(delays, longest, strict=True))


def grouped(findings: Sequence[Finding]) -> Iterable[Finding]:
    """`findings`, but one of all steps that are retried by default, by the SDK or by boto3: they have one cause."""
    causes: dict[str, list[Finding]] = {}
    for one in findings:
        if one.rule == RETRY_POLICY.name and one.severity is WARNING:
            causes.setdefault(one.actual, []).append(one)
        else:
            yield one
    for cause, alike in causes.items():
        more = f" and {len(alike) - NAMED} more" if len(alike) > NAMED else ""
        where = ", ".join(one.path for one in alike[:NAMED])
        yield replace(alike[0], path=EXECUTION, actual=f"{cause}: {where}{more}")


def passing_error(run: Run, baseline: Run, path: str, fault: str) -> Iterable[Finding]:
    """The call at `path` failed once in a way that passes: the execution must end as it would have."""
    if baseline.status == Status.SUCCEEDED and run.status not in {Status.SUCCEEDED, AT_HORIZON}:
        actual = f"{run.status}: {run.error_message}"
        expected = "another attempt, which succeeds"
        yield finding(RETRY_POLICY, path, fault, expected=expected, actual=actual, remedy=INCLUDE_THE_ERROR)


def exhaustion(run: Run, path: str, fault: str) -> Iterable[Finding]:
    """The call at `path` fails every time in a way that may pass: the attempts must come to an end."""
    failed = [call for call in run.calls if call.path == path and call.outcome != ANSWERED]
    made = len({(call.invocation, call.attempt) for call in failed})
    requests = max(Counter(call.request.digest for call in failed).values(), default=0)
    if made > MAX_ATTEMPTS:
        expected, actual = f"at most {MAX_ATTEMPTS} attempts", f"{made} attempts"
        yield finding(RETRY_POLICY, path, fault, expected=expected, actual=actual, remedy=END_THE_ATTEMPTS)
    elif requests > made:
        actual = f"{RESENT} {math.ceil(requests / made)} times by itself, beside the step's own attempts"
        yield finding(
            RETRY_POLICY,
            path,
            fault,
            expected="one request an attempt",
            actual=actual,
            severity=WARNING,
            remedy=SEND_ONCE,
        )


def same_attempts(run: Run, interrupted: Run, path: str, fault: str) -> Iterable[Finding]:
    """An invocation that dies between two attempts must neither start the count anew nor use attempts up."""
    before, after = (_attempts(one, path) for one in (run, interrupted))
    if before != after:
        expected, actual = f"{before} attempts", f"{after} attempts if an invocation dies between two of them"
        yield finding(RETRY_POLICY, path, fault, expected=expected, actual=actual, remedy=COUNT_IN_THE_STRATEGY)


def _attempts(run: Run, path: str) -> int:
    """How many attempts called; calls, where there are no attempts."""
    calls = [call for call in run.calls if call.path == path]
    return len({call.attempt for call in calls}) if all(call.attempt for call in calls) else len(calls)


def every_error(run: Run, baseline: Run, fault: str) -> Iterable[Finding]:
    """Every call failed for good: none was asked again, and the execution failed or its result says what did."""
    asked_before, asked = _askers(baseline), _askers(run)  # what one asks again, `permanent_error` tells
    for digest, times in asked.items():
        if 0 < asked_before[digest] < times:
            path = next(call.path for call in reversed(run.calls) if call.request.digest == digest) or EXECUTION
            actual = f"{times} operations with this request"
            askers = [call.path for call in run.calls if call.request.digest == digest and call.path]
            line = run.lines.get(os.path.commonpath(askers), "") if askers else ""  # of what repeats them
            expected = f"{asked_before[digest]}"
            yield finding(RETRY_POLICY, path, fault, expected=expected, actual=actual, line=line, remedy=ASK_NO_MORE)
            break
    failed = bool(run.calls) and all(call.outcome != ANSWERED for call in run.calls)
    if failed and run.status == Status.SUCCEEDED and not _admissions(run.result) - _admissions(baseline.result):
        actual = f"SUCCEEDED with {short(json.dumps(run.result))}"
        yield finding(FAILURE_VISIBLE, EXECUTION, fault, expected="FAILED, or a result that says so", actual=actual)


def _askers(run: Run) -> Counter[str]:
    """How many operations make each request; calls outside any operation count each."""
    made = {(call.request.digest, call.path or str(nth)) for nth, call in enumerate(run.calls)}
    return Counter(digest for digest, _ in made)


def every_aws_error(run: Run, baseline: Run, fault: str) -> Iterable[Finding]:
    """Every AWS call was refused: the execution failed, or its result says what did.

    A warning: what is refused may be a matter of metrics, which an execution does well to go on without.
    """
    if not run.aws_calls or run.status != Status.SUCCEEDED or any(call.outcome == ANSWERED for call in run.aws_calls):
        return
    if not _admissions(run.result) - _admissions(baseline.result):
        actual = f"SUCCEEDED with {short(json.dumps(run.result))}"
        expected = "FAILED, or a result that says so"
        yield finding(FAILURE_VISIBLE, EXECUTION, fault, expected=expected, actual=actual, severity=WARNING)


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
