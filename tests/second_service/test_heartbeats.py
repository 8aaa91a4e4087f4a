"""Callbacks that want signs of life, which no pattern does: kept alive they are answered, and else they time out.

Each ends as on the engine's service, where nothing but the answer counts: what keeps a callback alive changes nothing.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from durable_conformance import Answered, Refused, Scenario, Silence
from durable_conformance.runtime import run_in_process
from durable_conformance.subject import CallbackAnswer
from tests.patterns.catalogue.description import described
from tests.second_service.playing import Heartbeats, Stage
from tests.second_service.waiting_handlers import watched

WATCHED = {"heartbeat": 2, "timeout": 60}
UNWATCHED = {"heartbeat": 0, "timeout": 60}
BEATS, SECONDS = 4, 1
"""Signs of life for twice as long as the callback does without."""


@pytest.mark.parametrize(
    ("event", "beats", "answer"),
    [
        (WATCHED, BEATS, Answered("yes")),
        (WATCHED, BEATS, Refused("no")),
        (WATCHED, BEATS, None),
        (WATCHED, 0, None),
        (WATCHED, 0, Answered("at once")),
        (UNWATCHED, 0, Answered(None)),
        (UNWATCHED, 0, Silence()),
    ],
    ids=[
        "kept alive, answered",
        "kept alive, refused",
        "kept alive, forgotten",
        "no sign of life",
        "answered at once",
        "answered with nothing",
        "no answer",
    ],
)
def test_callback(stage: Stage, beside: Path, event: dict[str, int], beats: int, answer: CallbackAnswer | None) -> None:
    plan = answer if isinstance(answer, Silence) else Heartbeats(beats, SECONDS, answer)
    played = stage.play(stage.function(beside, "waiting_handlers.watched"), event, lambda *_: plan)
    local = run_in_process(lambda _: watched, Scenario(event, callbacks={"answer": [answer or Silence()]}))
    assert local.status == ("FAILED" if answer is None or isinstance(answer, Refused | Silence) else "SUCCEEDED")
    assert played.described() == described(local)
