"""The wire finds out handlers that only a process's death shows to be wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.wire.artifacts import Artifacts
from tests.wire.deployable import Deployable
from tests.wire.fates import UNHARMED, Blow, Moment, Struck
from tests.wire.playing import Player
from tests.wire.verdict import differences
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
    ("handler", "expected"),
    [
        ("remembers", "/1:generate-joke had ended before a process died, and called the model again"),
        ("skips", "it ended with ('FAILED', None, "),
    ],
)
def test_a_handler_that_is_right_until_it_dies(wire: Wire, artifact: Path, handler: str, expected: str) -> None:
    wire.deploy(handler, artifact, f"broken_handlers.{handler}")
    player = Player(wire, handler)
    assert differences(RIGHT.local, player.play(RIGHT.scenario, RIGHT.local, UNHARMED)) == []
    killed = Struck(Moment("/2:review-joke", "START"), Blow.KILLED_AFTER_PERSIST)
    assert expected in "\n".join(differences(RIGHT.local, player.play(RIGHT.scenario, RIGHT.local, killed)))
