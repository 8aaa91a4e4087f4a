"""Handlers whose side effects happen more often than they may."""

from __future__ import annotations

from typing import Any

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration, StepConfig
from aws_durable_execution_sdk_python.retries import RetryPresets

from durable_conformance import CrashKind, Effect, Semantics
from tests.conformance.corpus.entry import ENOUGH, Shelf

# An effect in a step has happened for sure only where the step's result is to persist: its start is not waited for.
SHELF = Shelf(kinds=(CrashKind.BEFORE_PERSIST, *ENOUGH))
CHARGE = Effect("charge", Semantics.AT_MOST_ONCE)
MAIL = Effect("mail", Semantics.AT_LEAST_ONCE)


@SHELF.broken("side-effects")
def charge_in_a_step_that_runs_again() -> object:
    """A step is at least once unless it says otherwise."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        context.step(lambda _: CHARGE.happened("order-7"), "charge")  # the fault
        return "charged"

    return handler


@SHELF.broken("side-effects")
def mail_outside_any_step() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        MAIL.happened("welcome")  # the fault
        context.step(lambda _: None, "work")
        return "done"

    return handler


@SHELF.broken("side-effects")
def mail_after_every_wait() -> object:
    """The handler runs from the top each time, and so does what stands before the wait."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        context.step(lambda _: None, "prepare")
        MAIL.happened("we are on it")  # the fault
        context.wait(Duration.from_hours(1), "pause")
        return "done"

    return handler


@SHELF.broken("side-effects")
def mail_in_the_body_of_a_context() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        def part(child: DurableContext) -> str:
            child.step(lambda _: None, "look")
            MAIL.happened("found it")  # the fault
            child.wait(Duration.from_minutes(5), "cool-down")
            return "found"

        return context.run_in_child_context(part, "search")

    return handler


@SHELF.broken("side-effects")
def charge_in_an_at_least_once_step_without_retries() -> object:
    """No retry means no second attempt after a failure; a crash repeats the first one all the same."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        config: StepConfig = StepConfig(retry_strategy=RetryPresets.none())
        context.step(lambda _: CHARGE.happened("order-7"), "charge", config)  # the fault
        return "charged"

    return handler
