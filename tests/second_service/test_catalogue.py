"""Every scenario of the catalogue ends on the second service as its snapshot says, and a wrong snapshot is found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.patterns.catalogue.description import committed
from tests.second_service.agreement import differences
from tests.second_service.conftest import EVERY_SCENARIO, Comparison
from tests.wire.deployable import Deployable

RETRIED = Deployable("prompt_chaining", "throttled once")


@pytest.mark.parametrize("what", EVERY_SCENARIO, ids=str)
def test_scenario(comparison: Comparison, what: Deployable) -> None:
    assert comparison.differences(what) == []


def more_attempts(snapshot: Any) -> None:
    snapshot["operations"][0] = snapshot["operations"][0].replace("attempts=2", "attempts=3")


def later_retry(snapshot: Any) -> None:
    snapshot["retry delays in seconds"]["/1:generate-joke"][0] += 1


def another_call(snapshot: Any) -> None:
    snapshot["model calls"]["/1:generate-joke"].append("answered")


@pytest.mark.parametrize("what", [RETRIED], ids=str)
@pytest.mark.parametrize(
    ("key", "falsify"),
    [
        ("status", lambda snapshot: snapshot.update(status="FAILED")),
        ("result", lambda snapshot: snapshot["result"].update(joke="Another.")),
        ("error", lambda snapshot: snapshot.update(error="builtins.ValueError: x")),
        ("operations", more_attempts),
        ("operations", lambda snapshot: snapshot["operations"].pop()),
        ("retry delays in seconds", later_retry),
        ("model calls", another_call),
    ],
    ids=["status", "result", "error", "attempts", "an operation less", "retry delay", "model calls"],
)
def test_a_wrong_snapshot_is_found(
    comparison: Comparison, what: Deployable, key: str, falsify: Callable[[Any], None]
) -> None:
    snapshot = copy.deepcopy(committed(what.pattern, what.name))
    came = comparison.played(what).described()
    assert differences(snapshot, came) == []
    falsify(snapshot)
    assert snapshot != committed(what.pattern, what.name)
    assert [line.partition(":")[0] for line in differences(snapshot, came)] == [key]
