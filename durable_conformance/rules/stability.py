"""What an interruption must not change: the operations, the result, the history and the requests."""

from __future__ import annotations

import re
from collections.abc import Iterable

from durable_conformance.choices import Severity
from durable_conformance.execution import EXECUTION, Run, VariableChanged
from durable_conformance.rules.findings import Finding, Rule, finding
from durable_conformance.rules.normal_form import DEAD, Canonical

GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg/durable-best-practices.html"

REPLAY_IDENTITY = Rule(
    "replay-identity",
    breaks_it="on replay the code reaches another operation than the one that was recorded at this place",
    matters="the SDK fails the execution: whatever it had done and paid for is stuck half-way",
    remedy="make which operations run, and in which order, depend on the event and on step results alone",
    source=GUIDE,
)
RESULT_STABILITY = Rule(
    "result-stability",
    breaks_it="after an interruption the status or the result is not what the checkpoints imply",
    matters="the same execution gives another answer because a machine was replaced",
    remedy="compute whatever may differ (time, ids, randomness, files) inside a step, so that replay reads it back",
    source=GUIDE,
)
HISTORY_STABILITY = Rule(
    "history-stability",
    breaks_it="after an interruption other operations exist, or they ended otherwise",
    matters="work is done twice or left out, and the history no longer says what happened",
    remedy="take decisions from step results; do not count, cache or branch on anything that an invocation keeps",
    source=GUIDE,
)
REQUEST_STABILITY = Rule(
    "request-stability",
    breaks_it="after an interruption the model is asked something else: the prompt drifted",
    matters="an old answer is mixed with a new question, and nobody notices",
    remedy="build prompts from the event and from step results only, and do not change what you pass after it was used",
    source=GUIDE,
)
NO_INVOCATION_STATE = Rule(
    "no-invocation-state",
    breaks_it="the result depends on what an earlier invocation left in the process: globals, caches, files, threads",
    matters="a warm and a cold start give different answers, and a replay mixes both",
    remedy="keep nothing between invocations that the result depends on; what must be remembered belongs in a step",
    source=GUIDE,
)
ENVIRONMENT = Rule(
    "environment",
    breaks_it="the result depends on the clock, randomness, ids, environment variables or the hash seed",
    matters="those differ between the invocations of one execution, so replay takes another way",
    remedy="read them inside a step; sort sets before you iterate over them",
    source=GUIDE,
)
COMPLETION_ORDER = Rule(
    "completion-order",
    breaks_it="the result depends on which branch finished first",
    matters="the order changes from run to run, and on replay every finished branch is there at once",
    remedy="use the batch's order, not the order of arrival; or declare that this workflow depends on the order",
    source=GUIDE,
)

NONDETERMINISM = "NonDeterministicExecutionError"
EXCERPT_CHARS = 300
BEFORE_CHARS = 40
"""What an excerpt shows of what comes before a difference."""

_TOKEN = re.compile(r"""\\.|["']?\w+|[\[{(]""")  # what JSON escapes is no word, nor is a quote that ends one


def changed_variables(run: Run, crash: str) -> Iterable[Finding]:
    """What operations' functions change outside themselves, once for each operation."""
    by_path: dict[str, dict[str, str]] = {}
    for event in run.events:
        if isinstance(event, VariableChanged):
            by_path.setdefault(event.path, {})[f"`{event.name}`"] = event.line
    for path, names in by_path.items():
        actual = f"its function ({next(iter(names.values()))}) changes {', '.join(names)}, which replay does not"
        yield finding(
            NO_INVOCATION_STATE,
            path,
            crash,
            expected="a function that returns what it has found",
            actual=actual,
            severity=Severity.WARNING,
        )


def replay_identity(run: Run, crash: str) -> Iterable[Finding]:
    """The SDK found another operation than the recorded one; a handler that suspends needs no crash for that."""
    if NONDETERMINISM in (run.error_type or ""):
        expected, actual = "the recorded operations, in order", short(run.error_message or "")
        yield finding(REPLAY_IDENTITY, EXECUTION, crash, expected=expected, actual=actual)


def result_stability(baseline: Canonical, run: Canonical, crash: str) -> Iterable[Finding]:
    """Status, result or error differ."""
    if run.run.status != baseline.run.status:
        expected, actual = (f"{one.run.status} {one.error or one.result}" for one in (baseline, run))
    elif (run.result, run.error) != (baseline.result, baseline.error):
        expected, actual = difference(baseline.error or baseline.result, run.error or run.result)
    else:
        return
    yield finding(RESULT_STABILITY, EXECUTION, crash, expected=short(expected), actual=short(actual))


def history_stability(baseline: Canonical, run: Canonical, crash: str) -> Iterable[Finding]:
    """Operations are missing, added, or ended otherwise."""
    theirs, mine = ({row.path: row for row in one.history} for one in (baseline, run))
    for path in sorted(theirs.keys() | mine.keys()):
        if not _left_behind(path, baseline, run) and theirs.get(path) != mine.get(path):
            expected, actual = (str(rows.get(path, "no such operation")) for rows in (theirs, mine))
            yield finding(HISTORY_STABILITY, path, crash, expected=expected, actual=actual)
            return  # what follows differs because of this


def request_stability(baseline: Canonical, run: Canonical, crash: str) -> Iterable[Finding]:
    """A request that the baseline did not make at this operation, or one that holds a dead answer."""
    for path, texts in sorted(run.requests.items()):
        known = baseline.requests.get(path, frozenset())
        if not known and _left_behind(path, baseline, run):
            continue
        for text in sorted(texts - known):
            expected = min(known, key=lambda other: -_common(other, text), default="no request")
            one, two = difference(expected, text)
            yield finding(REQUEST_STABILITY, path or EXECUTION, crash, expected=one, actual=two)
            return
    if DEAD in run.result:
        expected, actual = difference(baseline.result, run.result)
        yield finding(RESULT_STABILITY, EXECUTION, crash, expected=expected, actual=actual)


def _left_behind(path: str, *runs: Canonical) -> bool:
    """Whether `path` stands in a batch that ended early in one of `runs`: what its branches did is open there."""
    return any(path.startswith(f"{batch}/") for one in runs for batch in one.decided_early)


def difference(expected: str, actual: str) -> tuple[str, str]:
    """Both texts, cut to where they first differ: each begins with a word or a sign of its own, or with `…`."""
    common = _common(expected, actual)
    borders = (one.start() for one in _TOKEN.finditer(expected, 0, common)) if common > BEFORE_CHARS else iter([0])
    start = next((border for border in borders if border >= common - BEFORE_CHARS), common - BEFORE_CHARS)
    cut = "…" if start else ""
    return short(f"{cut}{expected[start:]}"), short(f"{cut}{actual[start:]}")


def _common(one: str, two: str) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))


def short(text: str, most: int = EXCERPT_CHARS) -> str:
    """`text`, or its beginning and `…`."""
    return text if len(text) <= most else f"{text[:most]}…"
