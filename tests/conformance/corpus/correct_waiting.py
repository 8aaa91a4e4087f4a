"""Correct handlers that wait: for time, for people, for a condition."""

from __future__ import annotations

from typing import Any

from aws_durable_execution_sdk_python import CallbackError, CallbackTimeoutError, DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration, WaitForCallbackConfig
from aws_durable_execution_sdk_python.retries import RetryPresets
from aws_durable_execution_sdk_python.waits import (
    WaitForConditionConfig,
    WaitForConditionDecision,
)

from durable_conformance import Answered, Refused, Silence
from patterns.durable import ask, ask_human
from providers import ModelProvider
from tests.conformance.corpus.entry import Shelf

SHELF = Shelf()
A_WEEK = Duration.from_days(7)


def decided(context: DurableContext) -> str:
    """What a person said, or why nobody did."""
    try:
        return ask_human(context, "approval", A_WEEK)
    except CallbackTimeoutError:
        return "timed out"
    except CallbackError as error:
        return f"refused: {error}"


@SHELF.correct()
def waits_for_days() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        first = ask(context, model, "remind", "Remind me").text
        context.wait(Duration.from_days(30), "a-month")
        return ask(context, model, "remind-again", f"Again: {first}").text

    return workflow


@SHELF.correct(callbacks={"approval": [Answered('{"approved": true}')]})
def callback_that_succeeds() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        draft = ask(context, model, "draft", "Draft").text
        return f"{draft}: {decided(context)}"

    return workflow


@SHELF.correct(callbacks={"approval": [Refused("out of office")]})
def callback_that_fails() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        return context.step(lambda _: "asked; ", "prepare") + decided(context)

    return handler


@SHELF.correct(callbacks={"approval": [Silence()]})
def callback_that_times_out() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        answer = decided(context)
        return context.step(lambda _: f"closed: {answer}", "close")

    return handler


@SHELF.correct(callbacks={"first": [Answered('"1"')], "second": [Answered('"2"')]})
def two_callbacks_at_once() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[Any]:
        config = CallbackConfig(timeout=A_WEEK)
        first, second = context.create_callback("first", config), context.create_callback("second", config)
        context.step(lambda _: None, "send-both")
        return [second.result(), first.result()]

    return handler


@SHELF.correct(callbacks={"approval": [Answered("yes"), Answered("no")]})
def callbacks_in_map_branches() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[str | None]:
        def approve(branch: DurableContext, *_: object) -> Any:
            return branch.wait_for_callback(lambda *_: None, "approval", WaitForCallbackConfig(timeout=A_WEEK))

        return context.map(["ana", "bo"], approve, "reviewers").get_results()

    return handler


@SHELF.correct(callbacks={"approval": [Answered('"1"')]})
def goes_on_when_nobody_could_be_asked() -> object:
    """The callback stays open: nobody waits for it."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        def send(callback_id: str, _: object) -> None:
            raise LookupError("no such mailbox")

        config = WaitForCallbackConfig(timeout=A_WEEK, retry_strategy=RetryPresets.none())
        try:
            return str(context.wait_for_callback(send, "approval", config))
        except Exception as error:  # noqa: BLE001  # whatever it is
            why = type(error).__name__
        return context.step(lambda _: f"not asked: {why}", "note")

    return handler


@SHELF.correct()
def polls_until_it_is_done() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> dict[str, int]:
        config: WaitForConditionConfig[dict[str, int]] = WaitForConditionConfig(
            initial_state={"polls": 0},
            wait_strategy=lambda state, _: (
                WaitForConditionDecision.stop_polling()
                if state["polls"] == 3
                else WaitForConditionDecision.continue_waiting(Duration.from_minutes(10))
            ),
        )
        return context.wait_for_condition(lambda state, _: {"polls": state["polls"] + 1}, config, "job")

    return handler


@SHELF.correct()
def branches_that_wait_differently() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[int]:
        def later(branch: DurableContext, hours: int, *_: object) -> int:
            branch.wait(Duration.from_hours(hours), "later")
            return branch.step(lambda _: hours, "work")

        return context.map([3, 1, 2], later, "later").get_results()

    return handler
