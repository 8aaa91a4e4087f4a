"""Handlers that swallow a suspension: they finish while something they started is still waiting."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration, WaitForCallbackConfig

from durable_conformance import Answered
from providers import ModelProvider
from tests.conformance.corpus.asking import say_in_step
from tests.conformance.corpus.entry import Shelf

SHELF = Shelf()
A_DAY = Duration.from_days(1)


def approval(context: DurableContext) -> str:
    """A person's approval."""
    answer = context.wait_for_callback(lambda *_: None, "approval", WaitForCallbackConfig(timeout=A_DAY))
    return answer or ""


@SHELF.broken("suspension")
def wait_in_except_base_exception() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        try:
            context.wait(A_DAY, "cool-off")
        except BaseException:  # noqa: BLE001  # the fault
            return "no need to wait"
        return "waited"

    return handler


@SHELF.broken("suspension", callbacks={"approval": [Answered("yes")] * 3})
def approval_in_a_bare_suppress() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        with contextlib.suppress(BaseException):  # the fault
            approval(context)
        return context.step(lambda _: "paid", "pay")

    return handler


@SHELF.broken("suspension", callbacks={"approval": [Answered("yes")] * 3})
def approval_in_a_thread() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(approval, context)  # the fault
        return "failed, so approved" if asked.exception() else asked.result()

    return handler


@SHELF.broken("suspension", callbacks={"approval": [Answered("yes")] * 3})
def approval_among_gathered_coroutines() -> object:
    """`return_exceptions=True` returns a suspension, too."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> int:
        async def both() -> tuple[Any, ...]:
            return await asyncio.gather(asyncio.to_thread(approval, context), return_exceptions=True)  # the fault

        return len(asyncio.run(both()))

    return handler


@SHELF.broken("suspension")
def wait_swallowed_in_a_map_branch() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[str]:
        def branch(child: DurableContext, *_: object) -> str:
            with contextlib.suppress(BaseException):  # the fault
                child.wait(A_DAY, "cool-off")
            return "waited"

        return context.map([1, 2], branch, "items").get_results()

    return handler


@SHELF.broken("suspension")
def model_retry_swallowed() -> object:
    """A throttled call suspends until its next attempt; the handler takes that for a failure."""

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        try:
            return say_in_step(context, model, "draft", "Draft")
        except BaseException:  # noqa: BLE001  # the fault
            return "the draft failed"

    return workflow
