"""Reports made by hand: of any size, and of handlers that write markup wherever they can."""

from __future__ import annotations

from collections.abc import Sequence

from durable_conformance import CrashKind, CrashPoint, Finding, Report
from durable_conformance.evidence import (
    NO_INTERRUPTION,
    Arrival,
    Comparison,
    Explored,
    InvocationTrace,
    Moment,
    Place,
    RetrySchedule,
    RunRecord,
    Section,
    Trace,
)
from durable_conformance.exploring import model_group
from durable_conformance.rules import NAMES

HOSTILE = (
    """</script></style><script>alert(1)</script><!--<script> "onfocus='alert(1)' & <img src=x onerror=f()>\u2028"""
)
"""Ends every context that a page has, if it is let."""


def trace(path: str, *, ending: str = '"done"', deaths: Sequence[str] = (), status: str = "SUCCEEDED") -> Trace:
    """An execution of one step, which dies of each of `deaths` and then ends."""
    call, saved = Moment("CALL", path, outcome="answered"), Moment("SUCCEED", path)
    died = [
        InvocationTrace(n, 0.0, (), (), (Moment("CALL", path, n - 1, outcome="died"),), "died", why)
        for n, why in enumerate(deaths, 1)
    ]
    last = InvocationTrace(
        len(deaths) + 1, 90.0, (Arrival(f"{path}-wait", "WAIT SUCCEEDED"),), (path,), (call, saved), status
    )
    return Trace(status, ending, (*died, last), 1, (RetrySchedule(path, (1, 2, 4)),))


def record(name: str, place: Place, findings: Sequence[Finding] = (), **changes: str) -> RunRecord:
    """A run that died once, and has `findings`."""
    comparisons = (Comparison(f"What {name} asks", "one\ntwo", "one\n2"),) if findings else ()
    return RunRecord(
        name, name, place, "", trace(place.operation, deaths=[name], **changes), tuple(findings), comparisons
    )


def wordy(text: str) -> Explored:
    """One run of each kind in which whatever a handler chooses is `text`."""
    missing = Finding("request-stability", text, text, f"these words {text}", "these words only", "remedy")
    added = Finding("environment", text, text, "these words only", f"these words {text}", "remedy")
    records = [
        record(
            f"{section}: {text}",
            Place(section, f"/1:{text}", "SUCCEED", text, text),
            [missing, added],
            ending=text,
        )
        for section in Section
    ]
    never = f"never: {text}"
    records.append(RunRecord(never, never, Place(Section.PAIRS, text, column=text), could_not_run=text))
    report = Report(1, len(records), NAMES, 0.1, (missing, added), (text,), (text,), text)
    return Explored(text, text, report, records)


def everywhere(operations: int) -> Explored:
    """A report whose one finding is shown by every run that dies, of so many operations."""
    found = Finding("history-stability", "/1:ask", "dies", "STEP SUCCEEDED", "no such operation", "remedy")
    places = [
        Place(Section.CRASHES, f"/{number}:ask", "SUCCEED", kind, "same question, same answer")
        for number in range(1, operations + 1)
        for kind in ("before it persists", "response lost", "token revoked")
    ]
    records = [record("undisturbed", Place(Section.WHOLE, NO_INTERRUPTION, column="undisturbed"))]
    records += [record(f"{one.operation} {one.column}", one, [found]) for one in places]
    return Explored("app.py:handler", "event {}", Report(operations, len(records), NAMES, 1.0, (found,)), records)


def sized(runs: int) -> Explored:
    """A report of so many runs: every point, and then pairs; each run ends with a result of its own."""
    paths = [f"/{n}:look-at-the-document/{n % 3}:ask-about-section-{n}" for n in range(1, 61)]
    points = [CrashPoint(path, "SUCCEED", 0, kind) for path in paths for kind in CrashKind]
    plans = [*((point,) for point in points), *((one, two) for one in points for two in points)]
    records = [_made(number, plans[number % len(plans)], paths) for number in range(runs)]
    broken = tuple(finding for one in records for finding in one.findings)
    return Explored(
        "workflows/contract.py:review", "event {}", Report(len(points), runs, NAMES, 60.0, broken[:20]), records
    )


def _made(number: int, plan: tuple[CrashPoint, ...], paths: Sequence[str]) -> RunRecord:
    name = f"{', then '.join(map(str, plan))} ({number})"
    group = model_group(never_twice=number % 2 == 1)
    place = (
        Place(Section.PAIRS, str(plan[0]), group, str(plan[1]), group)
        if len(plan) > 1
        else Place(Section.CRASHES, plan[0].path, plan[0].action, str(plan[0].kind), group)
    )
    invocations = tuple(_invocation(n, number, paths) for n in range(1, 9))
    finding = Finding("history-stability", paths[number % 60], name, f"STEP {number}", f"none {number}", "do this")
    comparison = Comparison(
        "Operations in the history", "\n".join(paths), "\n".join([*paths[:30], str(number), *paths[31:]])
    )
    return RunRecord(
        name,
        name,
        place,
        trace=Trace("SUCCEEDED", f'{{"summary": "a text ~{number}"}}' * 6, invocations, 1, ()),
        findings=(finding,) if number % 10 == 0 else (),
        comparisons=(comparison,) if number % 10 == 0 else (),
    )


def _invocation(number: int, run: int, paths: Sequence[str]) -> InvocationTrace:
    """Eight operations; what differs from run to run is where the execution stood."""
    begin = (number * 7 + run) % 50
    moments = [
        moment
        for path in paths[begin : begin + 8]
        for moment in (Moment("CALL", path, outcome="answered", again=run % 3 == 0), Moment("SUCCEED", path))
    ]
    died = number < 8
    return InvocationTrace(
        number,
        60.0 * number,
        (),
        tuple(paths[: number * 5]),
        tuple(moments),
        "died" if died else "SUCCEEDED",
        "a crash" if died else "",
    )
