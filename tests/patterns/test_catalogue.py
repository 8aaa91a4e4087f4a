"""Every scenario of every pattern: its snapshot, the same on the public runner and in process, and what it survives."""

from __future__ import annotations

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from durable_conformance.subject import pattern_names
from tests.patterns.catalogue import CATALOGUE
from tests.patterns.catalogue.description import described
from tests.patterns.catalogue.pattern import Recorded
from tests.patterns.catalogue.runs import explored, in_process, on_public_runner
from tests.patterns.snapshots import ScannedSnapshots


def scenarios() -> list[Any]:
    return [
        pytest.param(pattern.name, name, id=f"{pattern.name}: {name}", marks=pytest.mark.xdist_group(pattern.name))
        for pattern in CATALOGUE.values()
        for name in pattern.scenarios
    ]


def test_every_pattern_has_a_catalogue_and_a_recording() -> None:
    assert sorted(CATALOGUE) == pattern_names()
    for pattern in CATALOGUE.values():
        assert any(isinstance(scenario, Recorded) for scenario in pattern.scenarios.values()), pattern.name


@pytest.mark.parametrize(("pattern", "name"), scenarios())
def test_scenario(pattern: str, name: str, snapshot: SnapshotAssertion) -> None:
    run = in_process(pattern)[name]
    if public := on_public_runner(pattern).get(name):
        assert described(public) == described(run)
        assert public.operations == run.operations, "checkpointed payloads and errors, too"
    report = explored(pattern)[name]
    assert (report.findings, report.could_not_run) == ((), ())
    shown = described(run) | {"crash points": report.points, "executions explored": report.runs}
    assert shown == snapshot(extension_class=ScannedSnapshots)
