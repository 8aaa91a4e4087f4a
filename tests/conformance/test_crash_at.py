"""Crash points as a person types them."""

from __future__ import annotations

import pytest

from durable_conformance import CannotRunError, CrashKind, CrashPoint
from durable_conformance.commands import came_by, not_reached, typed_point
from durable_conformance.execution import MODEL_CALL, Event, ProcessDied, Run
from patterns.prompt_chaining import prompt_chaining
from providers.scripted import reply, throttled
from tests.conformance.timelines import Script, executed

SCRIPT: Script = {"generate-joke": [throttled(), reply("Ha")], "review-joke": [reply("7")]}


def chained(*crashes: str) -> tuple[Run, list[ProcessDied]]:
    events: list[Event] = []
    run = executed(prompt_chaining, *crashes, listener=events.append, script=SCRIPT)
    return run, [event for event in events if isinstance(event, ProcessDied)]


def test_every_point_that_is_listed_can_be_typed_and_kills_there_once() -> None:
    undisturbed, deaths = chained()
    listed = [f"{path}:{action}" for path, actions in came_by(undisturbed).items() for action in actions]
    assert (len(listed), deaths) == (21, [])
    for point in listed:
        run, deaths = chained(point)
        assert (run.status, run.result) == ("SUCCEEDED", undisturbed.result), point
        assert [death.path for death in deaths] == [typed_point(point).path]
        assert (typed_point(point).id, not_reached([typed_point(point)], run)) == (point, [])
        assert run.repeated_calls == ()


def test_points_are_listed_attempt_by_attempt() -> None:
    listed = came_by(chained()[0])["/1:generate-joke"]
    assert [action for action in listed if not action.startswith(("after", "revoked"))] == [
        "before-start",
        "during-call",
        "before-retry",
        "before-start#2",
        "during-call#2",
        "before-succeed",
    ]


def test_a_crash_does_not_change_what_is_listed() -> None:
    assert came_by(chained("/1:generate-joke:during-call")[0]) == came_by(chained()[0])


def test_a_point_that_is_typed_twice_kills_twice() -> None:
    point = typed_point("/1:before-succeed")
    run, deaths = chained(*[point.id] * 2)
    assert len(deaths) == 2
    assert not_reached([point] * 3, run) == ["/1:before-succeed"]


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("/1:a:before-start", ("/1:a", "START", 0, CrashKind.BEFORE_PERSIST)),
        ("/1:a b:c:after-retry#2", ("/1:a b:c", "RETRY", 1, CrashKind.AFTER_PERSIST)),
        ("/1/0.2:x:revoked-fail", ("/1/0.2:x", "FAIL", 0, CrashKind.TOKEN_REVOKED)),
        ("/1:before-start:during-call#10", ("/1:before-start", MODEL_CALL, 9, CrashKind.DURING_CALL)),
    ],
)
def test_what_is_typed_is_a_point(text: str, point: tuple[str, str, int, CrashKind]) -> None:
    typed = typed_point(text)
    assert (typed.path, typed.action, typed.occurrence, typed.kind) == point


@pytest.mark.parametrize(
    "text", ["", "/1:a", "1:a:before-start", "/a:before-start", "/1:before-call", "/1:during-call#0"]
)
def test_what_is_none_is_told_with_what_there_is(text: str) -> None:
    with pytest.raises(
        CannotRunError, match=r"is not PATH:ACTION, such as .*during-call.*before.*-succeed.*--crash-points"
    ):
        typed_point(text)


def test_names_must_be_the_operations_where_they_are_typed() -> None:
    assert not typed_point("/2/0:ask:before-start").meets("/2:map/0:ask", "START", 0), "all names, or none"
    assert not typed_point("/2:other/0:ask:before-start").meets("/2:map/0:ask", "START", 0)
    assert typed_point("/2:map/0:ask:before-start").meets("/2:map/0:ask", "START", 0)
    assert typed_point("/2/0:before-start").meets("/2:map/0:ask", "START", 0)
    assert CrashPoint("/2:other/0:ask", "START", 0, CrashKind.BEFORE_PERSIST).meets("/2:map/0:ask", "START", 0)
