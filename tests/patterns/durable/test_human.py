"""Asking a person: they are told inside a step, at least once, and the wait ends in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import Duration

from durable_conformance import Answered, CrashKind, CrashPoint, Scenario
from durable_conformance.execution import Conditions, Run
from durable_conformance.runtime import run_in_process
from patterns.durable import Event, ask_human, durable_handler
from patterns.durable.notification import AnswerWanted, NotificationError, NotificationUnavailableError
from patterns.durable.retry import NOTIFY_RETRY
from providers import ModelProvider
from providers.scripted import ScriptedProvider

A_DAY = Duration.from_days(1)
SUBMITTER = "/1:approval/2:approval submitter"


class Told:
    """A notifier that records whom it told what, and fails first if it is told to."""

    def __init__(self, *failures: Exception) -> None:
        self.wanted: list[AnswerWanted] = []
        self._failures = list(failures)

    def notify(self, wanted: AnswerWanted) -> None:
        self.wanted.append(wanted)
        if self._failures:
            raise self._failures.pop(0)


def run(told: Told, *crashes: CrashPoint) -> Run:
    """Ask once, and return the answer."""

    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        return ask_human(context, "approval", A_DAY, "amount: 12 EUR", notifier=told)

    scenario = Scenario({}, ScriptedProvider, {"approval": [Answered("yes")]})
    return run_in_process(lambda model: durable_handler(workflow, model=model), scenario, Conditions(crashes))


def test_a_person_is_told_once_what_to_answer_and_where() -> None:
    told = Told()
    outcome = run(told)
    (wanted,) = told.wanted
    assert (outcome.status, outcome.result) == ("SUCCEEDED", "yes")
    assert (wanted.operation, wanted.summary, wanted.timeout_seconds) == ("approval", "amount: 12 EUR", 86_400)
    assert wanted.callback_id
    assert wanted.execution_arn.startswith("arn:")


def test_telling_is_a_step_so_a_crash_after_it_tells_nobody_again() -> None:
    told = Told()
    assert run(told, CrashPoint(SUBMITTER, "SUCCEED", 0, CrashKind.AFTER_PERSIST)).result == "yes"
    assert len(told.wanted) == 1


def test_a_crash_between_telling_and_its_checkpoint_tells_twice_and_of_one_callback() -> None:
    told = Told()
    assert run(told, CrashPoint(SUBMITTER, "SUCCEED", 0, CrashKind.BEFORE_PERSIST)).result == "yes"
    assert len(told.wanted) == 2, "at least once"
    assert len({wanted.callback_id for wanted in told.wanted}) == 1


def test_a_notification_that_may_pass_is_retried_by_its_policy() -> None:
    told = Told(NotificationUnavailableError("later"), NotificationUnavailableError("later"))
    outcome = run(told)
    assert (outcome.status, len(told.wanted)) == ("SUCCEEDED", 3)
    (delays,) = outcome.retry_schedule.values()
    assert [2, 4] <= list(delays) <= [4, 8]


@pytest.mark.parametrize(
    ("failures", "attempts"),
    [
        (lambda: [NotificationError("no")], 1),
        (lambda: [NotificationUnavailableError("no")] * NOTIFY_RETRY.max_attempts, NOTIFY_RETRY.max_attempts),
    ],
    ids=["permanent", "exhausted"],
)
def test_a_notification_that_fails_for_good_is_a_callback_error(
    failures: Callable[[], list[Exception]], attempts: int
) -> None:
    told = Told(*failures())
    outcome = run(told)
    assert (outcome.status, len(told.wanted)) == ("FAILED", attempts)
    assert (outcome.error_type or "").endswith("CallbackSubmitterError")
    assert "no" in (outcome.error_message or "")


def test_the_step_that_tells_records_nothing_of_it() -> None:
    """The callback's id stands in its own operation; the step's checkpoint repeats neither it nor the summary."""
    told = Told()
    outcome = run(told)
    recorded: dict[str, Any] = {operation.path: operation.result for operation in outcome.operations}
    assert recorded[SUBMITTER] in {None, "null"}
