"""The wire finds out handlers that only a process's death shows to be wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from durable_conformance import CrashKind, CrashPoint
from durable_conformance.rules import EXECUTION
from tests.wire.artifacts import Artifacts
from tests.wire.deployable import Deployable
from tests.wire.faults import Crash
from tests.wire.playing import Player
from tests.wire.verdict import findings
from tests.wire.wire import Wire

RIGHT = Deployable("prompt_chaining", "default event")


@pytest.fixture(scope="module")
def artifact(artifacts: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is deployed for the pattern that the broken handlers imitate, and they themselves."""
    folder = tmp_path_factory.mktemp("broken")
    for entry in artifacts.of(RIGHT.pattern).iterdir():
        (folder / entry.name).symlink_to(entry)
    shutil.copy(Path(__file__).with_name("broken_handlers.py"), folder)
    return folder


@pytest.mark.parametrize(
    ("handler", "broken"),
    [
        ("remembers", ("no-repeated-call", "/1:generate-joke", "asked again in invocation 2")),
        ("skips", ("result-stability", EXECUTION, "FAILED ")),
    ],
)
def test_a_handler_that_is_right_until_it_dies(
    wire: Wire, artifact: Path, handler: str, broken: tuple[str, str, str]
) -> None:
    wire.deploy(handler, artifact, f"broken_handlers.{handler}")
    player = Player(wire, handler)
    assert findings(RIGHT.local, player.play(RIGHT.scenario, RIGHT.local)) == []
    crash = Crash(CrashPoint("/2:review-joke", "START", 0, CrashKind.AFTER_PERSIST))
    found = findings(RIGHT.local, player.play(RIGHT.scenario, RIGHT.local, crash), str(crash))
    rule, path, actual = broken
    assert [one for one in found if (one.rule, one.path) == (rule, path) and one.actual.startswith(actual)], found
