"""The line on which an operation is given its retry strategy, its timeout, or its branches' names."""

from __future__ import annotations

from pathlib import Path

import pytest

from durable_conformance import Finding
from durable_conformance.exploring import configured
from durable_conformance.rules import Cause, Rule, budget, finding, model_faults, stability

SOURCE = """\
POLICY = strategy(max_attempts=2)
SHARED = StepConfig(retry_strategy=POLICY)


def handler(event, context):
    mine = StepConfig(
        retry_strategy=lambda *_: stop()
    )

    def again(error, attempt):
        return retry()

    context.step(ask, "a", StepConfig(retry_strategy=POLICY))
    context.step(ask, "b", SHARED)
    context.step(ask, "c", config=mine)
    context.step(ask, "d", StepConfig(retry_strategy=again))
    context.step(ask, "e")
    context.step(ask, "f", StepConfig(retry_strategy=lambda *_: stop()))
    context.step(ask, "g", configs[0])
    waits: Waits = Waits(timeout=years(2))
    context.wait_for_callback(ask, "h", waits)
    names = MapConfig(item_namer=named)
    context.map(
        items, ask, "i", names
    )
    loop = loop
    context.step(ask, "j", loop)
"""


def retried(number: int) -> Finding:
    return finding(model_faults.RETRY_POLICY, "/1:a", "x", expected="one call", actual="2", line=f"app.py:{number}")


def timed(number: int, expected: str = "a timeout of 1 to 9 seconds") -> Finding:
    return finding(budget.BUDGET, "/1:a", "x", expected=expected, actual="2", line=f"app.py:{number}")


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (retried(13), 1),
        (retried(14), 1),
        (retried(15), 7),
        (retried(16), 10),
        (retried(17), None),
        (retried(18), None),
        (retried(19), None),
        (timed(21), 20),
        (timed(21, "1 to 256 printable ASCII characters"), None),
        (timed(23, "1 to 256 printable ASCII characters"), 22),
        (timed(25, "1 to 256 printable ASCII characters"), 22),
        (retried(27), None),
        (retried(99), None),
        (finding(budget.BUDGET, "/1:a", "x", expected="a timeout", actual="no"), None),
    ],
)
def test_it_is_found_through_names(found: Finding, line: int | None, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SOURCE)
    cause = configured(found, None, tmp_path)
    assert (cause and cause.line) == (line and f"app.py:{line}")
    if cause:
        assert cause.remedy == found.remedy
        assert str(cause).startswith(f"`{cause.what}` at app.py:{line} is what /1:a is given: ")


@pytest.mark.parametrize("source", [None, "def broken(:\n"])
def test_what_cannot_be_read_has_none(source: str | None, tmp_path: Path) -> None:
    if source:
        (tmp_path / "app.py").write_text(source)
    assert configured(retried(1), None, tmp_path) is None


MORE = """\
def remember(text, notes=[], *, log={}):
    notes.append(text)
    log["last"] = text


def handler(event, context):
    failures = []

    def again(error, attempt):
        failures.append(error)
        return len(failures) < 3

    def draft(_):
        for attempt in range(3):
            with contextlib.suppress(ModelError):
                return ask()

    context.step(draft, "draft", StepConfig(retry_strategy=again))
    batch = context.map(
        items, ask, "ask"
    )
    other = context.parallel(items, "other")
    other.throw_if_error()
    return batch.get_results() + other.get_results()
"""


def told(rule: Rule, number: int, remedy: str = "", cause: str = "") -> tuple[Finding, Cause | None]:
    line = f"app.py:{number}"
    found = finding(rule, "/1:a", "x", expected="one call", actual="2", line=line, remedy=remedy)
    return found, Cause(cause, line, "it is wrong") if cause else None


@pytest.mark.parametrize(
    ("what", "line"),
    [
        (told(model_faults.RETRY_POLICY, 16, model_faults.ASK_NO_MORE), 14),
        (told(model_faults.RETRY_POLICY, 18, model_faults.ASK_NO_MORE), 9),
        (told(model_faults.RETRY_POLICY, 18, model_faults.COUNT_IN_THE_STRATEGY), 10),
        (told(model_faults.FAILURE_VISIBLE, 19, cause="/2:ask"), 24),
        (told(model_faults.FAILURE_VISIBLE, 22, cause="/3:other"), 22),
        (told(stability.NO_INVOCATION_STATE, 2, cause="notes"), 1),
        (told(stability.NO_INVOCATION_STATE, 3, cause="log"), 1),
        (told(stability.NO_INVOCATION_STATE, 3, cause="text"), 3),
        (told(stability.NO_INVOCATION_STATE, 7, cause="failures"), 7),
    ],
)
def test_it_is_what_a_person_would_change(what: tuple[Finding, Cause | None], line: int, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(MORE)
    cause = configured(*what, tmp_path)
    assert cause
    assert cause.line == f"app.py:{line}"
    if what[1]:
        assert cause.what == what[1].what
        assert cause.why.endswith("it is wrong")
