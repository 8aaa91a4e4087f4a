"""Tests that share a costly fixture run on one worker: what the suite's time, and its builds, rest on."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("grouped")
def test_pytest_xdist_honours_groups(request: pytest.FixtureRequest) -> None:
    if not hasattr(request.config, "workerinput"):
        pytest.skip("there are no workers")
    assert request.node.nodeid.endswith("@grouped")
