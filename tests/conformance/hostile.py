"""Handlers that hang, exit, burn, leak or raise what is no exception. Only to be run in a process of their own."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import StepConfig

from durable_conformance.subject import Reference
from providers import ModelAccessDeniedError, ModelProvider
from tests.conformance.corpus.asking import SENSIBLE, say


class BrokenReference(Reference):
    """Stands for a defect of ours in a process of ours."""

    def handler_factory(self) -> NoReturn:
        raise ZeroDivisionError("a defect of ours")


def forever() -> NoReturn:
    while True:
        threading.Event().wait()


def burn() -> NoReturn:
    while True:
        pass


def on_replay(deed: Callable[[], NoReturn]) -> Any:
    """Does `deed` when the first step is there already; and has a fault that is seen without any replay."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        ran: list[int] = []
        context.step(lambda _: ran.append(1), "first")
        if not ran:
            deed()
        return context.step(lambda _: "fine", "Zoë")

    return handler


hangs_on_replay = on_replay(forever)
burns_on_replay = on_replay(burn)
ends_the_process_on_replay = on_replay(lambda: os._exit(3))


@durable_execution
def hangs_at_once(event: Any, context: DurableContext) -> str:
    forever()


@durable_execution
def ends_the_process_at_once(event: Any, context: DurableContext) -> str:
    context.step(lambda _: None, "first")
    os._exit(3)


@durable_execution
def leaves_threads_behind(event: Any, context: DurableContext) -> str:
    threading.Thread(target=forever, daemon=False).start()
    return context.step(lambda _: "fine", "first")


@durable_execution
def raises_what_is_no_exception(event: Any, context: DurableContext) -> str:
    context.step(lambda _: None, "first")
    raise GeneratorExit("that is that")


@durable_execution
def exits_politely(event: Any, context: DurableContext) -> str:
    context.step(lambda _: None, "first")
    sys.exit(1)


_invoked: list[int] = []


@durable_execution
def ends_the_process_after_many_deaths(event: Any, context: DurableContext) -> str:
    """Eight steps; a process that was invoked as often without coming to the end gives up."""
    _invoked.append(1)
    if len(_invoked) > 8:
        os._exit(3)
    for n in range(8):
        context.step(lambda _: None, f"look-{n}")
    _invoked.clear()
    return "fine"


def ends_the_process_when_denied(event: Any, context: DurableContext, model: ModelProvider) -> str:
    """Eight steps after a question."""

    def greet(_: object) -> str:
        try:
            return say(model, "Greet me")
        except ModelAccessDeniedError:
            os._exit(3)

    greeting = context.step(greet, "greet", StepConfig(retry_strategy=SENSIBLE))
    for n in range(8):
        context.step(lambda _: None, f"look-{n}")
    return greeting
