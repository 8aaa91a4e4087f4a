"""A deployed function does what the catalogue's snapshots say, as far as a model that answers freely lets it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_durable_execution_sdk_python_testing import DurableFunctionCloudTestRunner

from durable_conformance.execution import Run, parsed_result
from tests.cloud.conftest import Deployed
from tests.cloud.going_through import go_through
from tests.patterns.catalogue.description import committed, described
from tests.wire import shape
from tests.wire.deployable import RECORDED, UNASKED, Deployable
from tests.wire.history import History

UNSEEN = {"model calls", "retry delays in seconds"}
"""What a history does not tell: who asked the model how often."""


@pytest.mark.parametrize("what", RECORDED, ids=str)
def test_recorded_scenario(deployed: Deployed, what: Deployable) -> None:
    history = gone_through(deployed, what)
    assert (history.status, history.error) == ("SUCCEEDED", (None, None))
    assert shape.wrong_result(what.pattern, json.loads(history.result or "null")) == ""
    assert shape.differences(what.pattern, history.operations, what.local.operations) == []
    if deployed.same_words:
        assert seen(history).items() <= committed(what.pattern, what.name).items()
        assert history.operations == what.local.operations


@pytest.mark.parametrize("what", UNASKED, ids=str)
def test_scenario_that_ends_before_a_model_is_asked(deployed: Deployed, what: Deployable) -> None:
    assert seen(gone_through(deployed, what)).items() <= committed(what.pattern, what.name).items()


def gone_through(deployed: Deployed, what: Deployable) -> History:
    runner = DurableFunctionCloudTestRunner(deployed.name(what.pattern), deployed.region, deployed.endpoint)
    return go_through(runner, what.scenario, deployed.wait)


def seen(history: History) -> dict[str, Any]:
    """What a history tells, described as the snapshots do."""
    run = Run(history.status, parsed_result(history.result), *history.error, history.operations, events=())
    return {key: value for key, value in described(run).items() if key not in UNSEEN}
