"""What the service takes: sizes, names, counts and timeouts. The testing SDK enforces none of these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from durable_conformance.choices import Severity
from durable_conformance.execution import EXECUTION, Run
from durable_conformance.rules.findings import Finding, Report, Rule, finding
from durable_conformance.rules.stability import short

BUDGET = Rule(
    "budget",
    breaks_it="a checkpoint payload, a name, the number of operations or a callback's timeout is beyond the service's",
    matters="it works on every test runner and is refused by the service",
    remedy="store large values elsewhere and checkpoint a reference; keep names short and static; set timeouts",
    source="https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
)

MAX_PAYLOAD_BYTES = 256 * 1024
MAX_NAME_CHARS = 256
MAX_OPERATIONS = 3_000
MAX_TIMEOUT_SECONDS = 31_622_400
"""The longest execution: a callback that waits longer can never time out."""

_PRINTABLE = range(0x20, 0x7F)


def budget(run: Run, crash: str) -> Iterable[Finding]:
    """Each operation that is beyond one of the limits."""
    if len(run.operations) > MAX_OPERATIONS:
        yield _over(EXECUTION, crash, f"at most {MAX_OPERATIONS} operations", f"{len(run.operations)}")
    for update in run.updates:
        if update.payload_bytes > MAX_PAYLOAD_BYTES:
            yield _over(update.path, crash, f"at most {MAX_PAYLOAD_BYTES} bytes", f"{update.payload_bytes} bytes")
        name = update.name
        if name is not None and not (0 < len(name) <= MAX_NAME_CHARS and all(ord(char) in _PRINTABLE for char in name)):
            yield _over(update.path, crash, f"1 to {MAX_NAME_CHARS} printable ASCII characters", short(repr(name), 80))
        if update.timeout_seconds is not None and not 0 < update.timeout_seconds <= MAX_TIMEOUT_SECONDS:
            expected = f"a timeout of 1 to {MAX_TIMEOUT_SECONDS} seconds"
            if update.timeout_seconds:
                yield _over(update.path, crash, expected, f"{update.timeout_seconds} seconds")
            else:  # the service takes it, and an answer that never comes is waited for until the execution times out
                yield finding(
                    BUDGET, update.path, crash, expected=expected, actual="no timeout", severity=Severity.WARNING
                )


def timed_out(report: Report, most_seconds: int | None) -> Report:
    """`report`, which says so if the service ends the undisturbed execution by then, or a wait for a person.

    None is if nobody says when it does.
    """
    if most_seconds is None:
        return report
    report = replace(report, findings=(*report.findings, *_longer_than_the_execution(report.timeouts, most_seconds)))
    if report.waited <= most_seconds:
        return report
    late = f"undisturbed, it takes {report.waited} s, and its ExecutionTimeout of {most_seconds} s ends it"
    return replace(report, could_not_run=(*report.could_not_run, late))


def _longer_than_the_execution(timeouts: Iterable[tuple[str, int, str]], most_seconds: int) -> Iterable[Finding]:
    """A warning for each callback, by its path, that times out only after the execution has."""
    for path, seconds, line in timeouts:
        if seconds >= most_seconds:
            yield finding(
                BUDGET,
                path,
                "nobody answers",
                expected=f"a timeout below the ExecutionTimeout, {most_seconds} seconds",
                actual=f"{seconds} seconds: the execution is over before the handler hears of it",
                severity=Severity.WARNING,
                line=line,
                remedy="have the callback time out before the execution does, or give the execution longer",
            )


def _over(path: str, crash: str, expected: str, actual: str) -> Finding:
    return finding(BUDGET, path, crash, expected=expected, actual=actual)
