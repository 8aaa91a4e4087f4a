"""The golden histories of the seven patterns replay from every prefix; those of older versions of them do not."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path

import pytest

from durable_conformance import Finding
from durable_conformance.histories import UPGRADE, History, Subject, UpgradeReport, load_history, replay, text_of
from durable_conformance.subject import Reference
from providers.scrub import findings as secrets
from tests.conformance.upgrades.change import assert_reported
from tests.histories.older import OLDER, Older
from tests.histories.selection import BAD, GOLDEN, SCENARIOS, Golden, selected
from tests.patterns.catalogue import CATALOGUE

MIN_PER_PATTERN = 4
PATTERNS = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in SCENARIOS]
FILES = sorted([*GOLDEN.rglob("*.json"), *BAD.rglob("*.json")])


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_golden_history_replays_from_every_prefix(pattern: str) -> None:
    subjects = [subject(golden.path, pattern) for golden in selected() if golden.pattern == pattern]
    report = replay(subjects)
    assert (report.findings, report.could_not_run) == ({}, {})
    assert report.replaying == len(subjects) >= MIN_PER_PATTERN
    assert report.runs == sum(len(one.history.changes) + 1 for one in subjects)


def subject(path: Path, pattern: str) -> Subject:
    return Subject(str(path), load_history(path), Reference(pattern))


@pytest.mark.parametrize("golden", selected(), ids=lambda golden: f"{golden.pattern}: {golden.scenario}")
def test_a_golden_history_is_of_a_scenario_of_the_catalogue(golden: Golden) -> None:
    history, scenario = load_history(golden.path), CATALOGUE[golden.pattern].scenarios[golden.scenario]
    assert (history.recorded.handler, history.recorded.scenario) == (golden.pattern, golden.scenario)
    assert history.event == scenario.event


@pytest.mark.parametrize("pattern", SCENARIOS)
def test_the_histories_of_a_pattern_are_of_all_kinds(pattern: str) -> None:
    histories = [load_history(golden.path) for golden in selected() if golden.pattern == pattern]
    assert Counter(history.status for history in histories).keys() >= {"SUCCEEDED"}
    assert any(change.action and change.action.value == "RETRY" for history in histories for change in history.changes)
    assert any(failed_or_denied(history) for history in histories), "one in which something goes wrong for good"


def failed_or_denied(history: History) -> bool:
    return history.status == "FAILED" or any(
        change.status.value in {"FAILED", "TIMED_OUT"} for change in history.changes
    )


@functools.cache
def older_versions(pattern: str) -> UpgradeReport:
    return replay([subject(version.path, pattern) for version in OLDER if version.pattern == pattern])


@pytest.mark.parametrize(
    "version",
    [pytest.param(one, id=f"{one.pattern}: {one.name}", marks=pytest.mark.xdist_group(one.pattern)) for one in OLDER],
)
def test_a_history_of_an_older_version_does_not_replay(version: Older) -> None:
    found: tuple[Finding, ...] = older_versions(version.pattern).findings[str(version.path)]
    assert {finding.rule for finding in found} == {UPGRADE.name}
    assert_reported(found, version.reported)


def test_every_pattern_has_older_versions() -> None:
    assert {version.pattern for version in OLDER} == set(CATALOGUE) == set(SCENARIOS)
    assert all(version.reported for version in OLDER)


def test_there_is_no_history_that_nobody_replays() -> None:
    assert set(FILES) == {golden.path for golden in selected()} | {version.path for version in OLDER}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_history_is_laid_out_as_it_is_written_and_holds_no_secret(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text == text_of(load_history(path))
    assert secrets(text) == ()
