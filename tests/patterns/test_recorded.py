"""The recorded conversations: what `tox -e record` asks a model, and what the offline suite replays instead.

Each runs on the public runner, with every request checked against the recording and every recording used up.
"""

from __future__ import annotations

import pytest

from durable_conformance import Scenario
from providers import ModelProvider
from tests.oracle.public_runner import run_on_public_runner
from tests.patterns.catalogue import CATALOGUE
from tests.patterns.catalogue.pattern import Recorded

RECORDINGS = {
    scenario.cassette: (pattern, scenario)
    for pattern in CATALOGUE.values()
    for scenario in pattern.scenarios.values()
    if isinstance(scenario, Recorded)
}


@pytest.mark.parametrize("recording", [pytest.param(name, marks=pytest.mark.cassette(name)) for name in RECORDINGS])
def test_recording(recording: str, recorded_model: ModelProvider) -> None:
    pattern, scenario = RECORDINGS[recording]
    asked = Scenario(scenario.event, lambda: recorded_model, scenario.callbacks)
    run = run_on_public_runner(pattern.handler_for, asked)
    assert run.status == "SUCCEEDED", f"{run.error_type}: {run.error_message}"
    assert run.calls
