"""What a terminal shows while a check goes on."""

from __future__ import annotations

import io

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from rich.console import Console

from durable_conformance import Exploration, Scenario, explore
from durable_conformance.commands import Waiting, WaitingForSeveral
from durable_conformance.exploring import Progress
from durable_conformance.workers import Experiment


@durable_execution
def many_steps(_event: object, context: DurableContext) -> int:
    return sum(context.step(lambda _: 1, f"look-{number}") for number in range(9))


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def shown(waiting: Waiting | WaitingForSeveral) -> str:
    console = Console(file=io.StringIO(), width=120)
    with console.capture() as capture:
        console.print(waiting)
    return capture.get().strip()


def test_it_says_what_it_does_and_after_a_while_what_it_waits_for() -> None:
    clock = Clock()
    waiting = Waiting(clock)
    assert shown(waiting) == "Importing it, and running it undisturbed"
    clock.now = 5.4
    assert shown(waiting) == "Importing it, and running it undisturbed; waiting, 5 s"
    one = Experiment.__new__(Experiment)
    waiting.heard(one, (), Progress(2, 2, planned=False))
    assert shown(waiting) == "Running it undisturbed, and interrupted everywhere: 2 runs"
    waiting.heard(one, (), Progress(12, 80, planned=True, under_way=("crash after /1:step", "crash in /2:ask")))
    assert shown(waiting) == "Exploring: 12 of at least 80 runs"
    clock.now += 61
    assert shown(waiting) == "Exploring: 12 of at least 80 runs; waiting for crash after /1:step, 61 s"


def test_of_explorations_side_by_side_it_says_how_far_those_under_way_are() -> None:
    clock = Clock()
    several = WaitingForSeveral(12, clock)
    one = Experiment.__new__(Experiment)
    assert shown(several) == "Exploring 0 of 12 checks"
    with several.one() as slow:
        with several.one() as quick:
            assert shown(several) == "Exploring 2 of 12 checks"
            clock.now = 2.0
            slow.heard(one, (), Progress(40, 200, planned=True, under_way=("crash in /2:ask",)))
            clock.now = 4.0
            quick.heard(one, (), Progress(200, 400, planned=True))
            clock.now = 6.5
            assert shown(several) == "Exploring 2 of 12 checks: 240 of at least 600 runs", "one was heard just now"
        assert shown(several) == "Exploring 1 of 12 checks: 40 of at least 200 runs; waiting for crash in /2:ask, 4 s"


def test_the_total_is_never_less_than_what_is_made_and_in_the_end_all_is_made() -> None:
    told: list[Progress] = []
    report = explore(
        lambda _model: many_steps, Scenario({}), Exploration(), listener=lambda *heard: told.append(heard[2])
    )
    assert all(one.made <= one.known for one in told)
    assert not told[0].planned
    assert told[-1].planned
    assert told[-1].made == told[-1].known == report.runs
    assert any(one.under_way for one in told)
    assert not told[-1].under_way
