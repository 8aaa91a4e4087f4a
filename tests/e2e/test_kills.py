"""Wherever its process is killed, an execution ends as if nothing had happened, and pays for nothing twice."""

from __future__ import annotations

import pytest

from tests.e2e.campaign import KILLS, Campaign
from tests.patterns.catalogue import CATALOGUE
from tests.patterns.catalogue.description import committed, described
from tests.wire.deployable import RECORDED, Deployable
from tests.wire.fates import Blow
from tests.wire.verdict import differences

KILLED = "died: Runtime exited with error: signal: killed"

each_recorded = pytest.mark.parametrize("what", RECORDED, ids=str)


def test_every_pattern_is_struck() -> None:
    assert {what.pattern for what in RECORDED} == set(CATALOGUE)


@each_recorded
def test_an_undisturbed_execution_is_the_snapshot(campaign: Campaign, what: Deployable) -> None:
    played = campaign.clean(what)
    assert described(played.run).items() <= committed(what.pattern, what.name).items()
    assert differences(what.local, played) == []
    assert set(played.notifications) <= {1}


@each_recorded
def test_every_blow_is_recovered_from(campaign: Campaign, what: Deployable) -> None:
    results = campaign.results(what)
    assert {str(result.struck): result.differences for result in results if result.differences} == {}
    assert {result.struck.blow for result in results} == {*KILLS, Blow.RESPONSE_LOST}
    for result in results:
        deaths = [one.ended for one in result.played.execution.invocations if one.ended not in {"PENDING", "SUCCEEDED"}]
        assert deaths == ([KILLED] if result.struck.blow in KILLS else []), str(result.struck)
