"""Handlers that do to their process what no handler should: there is a report all the same, and in time."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor

import pytest

from durable_conformance.errors import CannotRunError
from durable_conformance.evidence.run_record import Records, Section
from durable_conformance.execution.crash_points import CrashKind, CrashPoint
from durable_conformance.exploring.exploration import Exploration
from durable_conformance.exploring.isolated import Task, explore_isolated
from durable_conformance.rules.findings import Report
from durable_conformance.subject.reference import Reference
from tests.conformance import hostile

PATIENCE = 2.0
"""Seconds after which a run counts as hanging. Real ones: what hangs does so in real time."""

NAMES = (
    "hangs_at_once",
    "hangs_on_replay",
    "burns_on_replay",
    "ends_the_process_at_once",
    "ends_the_process_on_replay",
    "leaves_threads_behind",
    "raises_what_is_no_exception",
    "exits_politely",
)


POINTS = {
    # A core burns until patience ends, and a process that has ended is replaced: once or twice is enough to see.
    "burns_on_replay": [CrashPoint("/1:first", "SUCCEED", 0, CrashKind.AFTER_PERSIST)],
    "ends_the_process_on_replay": [
        CrashPoint("/1:first", "SUCCEED", 0, CrashKind.AFTER_PERSIST),
        CrashPoint("/2:Zoë", "SUCCEED", 0, CrashKind.AFTER_PERSIST),
    ],
}

RECORDS = {name: Records() for name in NAMES}
"""What each run did, filled by `reports`."""


@functools.cache
def reports() -> dict[str, Report]:
    """What is said of each of them, explored side by side."""
    with ThreadPoolExecutor(len(NAMES)) as pool:
        return dict(zip(NAMES, pool.map(report, NAMES), strict=True))


def report(name: str) -> Report:
    exploration = Exploration(
        kinds=[CrashKind.AFTER_PERSIST], points=POINTS.get(name), never_twice=False, patience=PATIENCE
    )
    # What they do to other processes is seen of two, as each starts interpreters of its own.
    other_sandboxes = name in {"hangs_on_replay", "ends_the_process_on_replay"}
    task = Task(Reference(f"{hostile.__name__}:{name}"), {}, None, '"ok"', exploration, other_sandboxes)
    return explore_isolated(task, lambda _done, _all: None, RECORDS.get(name))


pytestmark = pytest.mark.xdist_group("hostile")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("hangs_at_once", "still running after 2 s"),
        ("ends_the_process_at_once", "the handler ended the process with exit code 3"),
    ],
)
def test_what_cannot_even_run_undisturbed_could_not_run(name: str, why: str) -> None:
    report = reports()[name]
    assert report.findings == ()
    assert any("no interruption" in one and why in one for one in report.could_not_run)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("hangs_on_replay", "still running after 2 s"),
        ("burns_on_replay", "still running after 2 s"),
        ("ends_the_process_on_replay", "the handler ended the process with exit code 3"),
    ],
)
def test_what_happens_on_replay_is_named_and_the_rest_is_reported(name: str, why: str) -> None:
    report = reports()[name]
    assert any("/1:first SUCCEED" in one and why in one for one in report.could_not_run)
    assert [(found.rule, found.path) for found in report.findings] == [("budget", "/2:Zoë")], "seen without any replay"
    assert not report.conforms


def test_threads_that_are_left_behind_hold_nothing_up() -> None:
    assert reports()["leaves_threads_behind"].conforms


@pytest.mark.parametrize("name", ["raises_what_is_no_exception", "exits_politely"])
def test_what_is_no_exception_is_a_finding(name: str) -> None:
    report = reports()[name]
    assert {found.rule for found in report.findings} >= {"suspension"}
    assert any("RAISED" in found.actual for found in report.findings)


def test_a_handler_that_keeps_ending_the_process_is_given_up_and_that_is_said() -> None:
    exploration = Exploration(kinds=[CrashKind.AFTER_PERSIST], never_twice=False, patience=PATIENCE)
    target = Reference(f"{hostile.__name__}:ends_the_process_on_replay")
    task = Task(target, {}, None, '"ok"', exploration, other_sandboxes=False)
    report = explore_isolated(task, lambda _done, _all: None, max_deaths=0)
    assert len(report.could_not_run) == 1
    assert report.left_out == ("what had not been run by then: too many runs end the process (1)",)


def test_a_handler_that_cannot_be_imported_cannot_run() -> None:
    with pytest.raises(CannotRunError, match="has no 'nothing'"):
        report("nothing")


def test_runs_that_ended_before_a_process_died_are_kept_beside_the_one_that_ended_it() -> None:
    report = reports()["ends_the_process_on_replay"]
    records = tuple(RECORDS["ends_the_process_on_replay"])
    assert [record.name for record in records if record.place.section is Section.WHOLE and record.trace]
    untold = {record.name: record.could_not_run for record in records if record.trace is None}
    for why in report.could_not_run:
        name, _, how = why.partition(": ")
        if "other processes" not in why and name in untold:
            assert untold[name] == how
    assert "the handler ended the process with exit code 3" in untold.values()
    assert sum(record.trace is not None for record in records) + len(untold) == len(records) > len(untold)


def test_a_run_that_hangs_is_one_that_could_not_be_run() -> None:
    reports()
    hung = [record for record in RECORDS["hangs_on_replay"] if record.could_not_run.startswith("still running")]
    assert {record.place.section for record in hung} == {Section.CRASHES}
