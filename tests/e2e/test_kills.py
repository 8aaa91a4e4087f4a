"""Wherever its process is killed, an execution ends as if nothing had happened, and pays for nothing twice."""

from __future__ import annotations

import pytest

from tests.e2e.campaign import Campaign
from tests.patterns.catalogue import CATALOGUE
from tests.patterns.catalogue.description import committed, described
from tests.wire.deployable import RECORDED, Deployable
from tests.wire.faults import KINDS, Crash, ResponseLost
from tests.wire.verdict import findings

KILLED = "died: Runtime exited with error: signal: killed"

each_recorded = pytest.mark.parametrize("what", RECORDED, ids=str)


def test_every_pattern_is_interrupted() -> None:
    assert {what.pattern for what in RECORDED} == set(CATALOGUE)


@each_recorded
def test_an_undisturbed_execution_is_the_snapshot(campaign: Campaign, what: Deployable) -> None:
    played = campaign.undisturbed(what)
    assert described(played.run).items() <= committed(what.pattern, what.name).items()
    assert findings(what.local, played) == []
    assert set(played.notifications) <= {1}


@each_recorded
def test_every_fault_is_recovered_from(campaign: Campaign, what: Deployable) -> None:
    results = campaign.results(what)
    assert {str(result.fault): result.findings for result in results if result.findings} == {}
    assert [str(result.fault) for result in results if not result.fault.fired] == []
    assert {result.fault.point.kind for result in results if isinstance(result.fault, Crash)} == set(KINDS)
    assert any(isinstance(result.fault, ResponseLost) for result in results)
    for result in results:
        deaths = [one.ended for one in result.played.execution.invocations if one.ended not in {"PENDING", "SUCCEEDED"}]
        assert deaths == ([KILLED] if isinstance(result.fault, Crash) else []), str(result.fault)
