"""Handlers that every test runner takes and the service refuses."""

from __future__ import annotations

from typing import Any

from aws_durable_execution_sdk_python import BatchResult, DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration, MapConfig, WaitForCallbackConfig

from durable_conformance import Answered
from durable_conformance.rules import Severity
from tests.conformance.corpus.entry import Shelf

SHELF = Shelf()


@SHELF.broken("budget")
def step_result_of_300_kb() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> int:
        return len(context.step(lambda _: "x" * 300_000, "read-file"))  # the fault

    return handler


@SHELF.broken("budget")
def result_that_is_too_large_as_json() -> object:
    """60,000 characters; the SDK's JSON escapes each to six bytes."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> int:
        return len(context.step(lambda _: "é" * 60_000, "read-file"))  # the fault

    return handler


@SHELF.broken("budget", event={"customer": "Zoë"})
def name_from_the_event_that_is_not_ascii() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        return context.step(lambda _: "greeted", f"greet-{event['customer']}")  # the fault

    return handler


@SHELF.broken("budget", event={"prompt": "word " * 60})
def name_from_the_event_that_is_too_long() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        return context.step(lambda _: "asked", event["prompt"])  # the fault

    return handler


@SHELF.broken("budget", event={"files": ["a.txt", "b\n.txt"]})
def branch_names_with_line_breaks() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[str]:
        config: MapConfig[str] = MapConfig(item_namer=lambda item, _: f"read-{item}")  # the fault
        batch: BatchResult[Any] = context.map(
            event["files"], lambda branch, item, *_: branch.step(lambda _: item), "files", config
        )
        return batch.get_results()

    return handler


@SHELF.broken("budget", callbacks={"approval": [Answered('"yes"')] * 3}, severity=Severity.WARNING)
def callback_without_a_timeout() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        return context.wait_for_callback(lambda *_: None, "approval")  # the fault

    return handler


@SHELF.broken("budget", callbacks={"approval": [Answered('"yes"')] * 3})
def callback_that_may_take_two_years() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        config = WaitForCallbackConfig(timeout=Duration.from_days(730))  # the fault
        return context.wait_for_callback(lambda *_: None, "approval", config)

    return handler


@SHELF.broken("budget", callbacks={"reply": [Answered('"yes"')] * 3}, severity=Severity.WARNING)
def bare_callback_without_a_timeout() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str | None:
        callback = context.create_callback("reply", CallbackConfig())  # the fault
        context.step(lambda _: None, "send")
        answer: str | None = callback.result()
        return answer

    return handler
