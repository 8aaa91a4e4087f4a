"""What the rule `upgrade` must report about changed code, and what it must not."""

from __future__ import annotations

import functools

import pytest

from durable_conformance import handler_factory
from durable_conformance.histories import UPGRADE, Subject, UpgradeReport, provenance, record, replay
from tests.conformance.corpus import CORRECT
from tests.conformance.corpus.entry import Entry
from tests.conformance.upgrades import breaking, compatible
from tests.conformance.upgrades.change import NOW, assert_reported

pytestmark = pytest.mark.xdist_group("upgrades")  # one worker replays them all, side by side

MIN_BREAKING = 12
MIN_COMPATIBLE = 8


@functools.cache
def breaking_changes() -> UpgradeReport:
    return replay(breaking.CHANGES.subjects())


@pytest.mark.parametrize("name", breaking.CHANGES.by_name)
def test_a_change_that_breaks_running_executions_is_reported(name: str) -> None:
    found = breaking_changes().findings[name]
    assert {finding.rule for finding in found} == {UPGRADE.name}
    assert_reported(found, breaking.CHANGES.by_name[name].reported)


def test_a_change_that_nobody_notices_is_not_reported() -> None:
    report = replay(compatible.CHANGES.subjects())
    assert (report.findings, report.could_not_run) == ({}, {})
    assert report.replaying == len(compatible.CHANGES.by_name)
    assert report.runs == report.prefixes > 100


def test_no_correct_handler_fails_to_replay_its_own_history() -> None:
    entries = [entry for shelf in CORRECT.values() for entry in shelf.entries.values()]
    report = replay([recorded_and_imported_anew(entry) for entry in entries])
    assert (report.findings, report.could_not_run) == ({}, {})
    assert report.runs == report.prefixes > 5 * len(entries)


def recorded_and_imported_anew(entry: Entry) -> Subject:
    history = record(handler_factory(entry.module()), entry.scenario, provenance(entry.name, "as it is", NOW))
    return Subject(entry.name, history, handler_factory(entry.module()))


def test_what_cannot_be_run_is_told_and_replays_nothing() -> None:
    subject = breaking.CHANGES.subjects()[0]
    report = replay([Subject("not durable", subject.history, lambda _model: print)])
    assert report.findings == {}
    assert (report.replaying, report.runs) == (0, 0)
    (whys,) = report.could_not_run.values()
    assert whys[0].startswith("prefix 0 of 22: from the start: <built-in function print> is not a durable")
    assert len(whys) == report.prefixes == 23


def test_there_are_enough_of_both() -> None:
    assert len(breaking.CHANGES.by_name) >= MIN_BREAKING
    assert all(change.reported for change in breaking.CHANGES.by_name.values())
    assert len(compatible.CHANGES.by_name) >= MIN_COMPATIBLE
