"""Suite 2: waits."""

from typing import Any

from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import Duration

from tests.oracle.handlers.registry import SECONDS, requirement


@requirement("2-1")
def basic(_event: Any, context: DurableContext) -> None:
    context.wait(SECONDS(2))


@requirement("2-2")
def named(_event: Any, context: DurableContext) -> None:
    context.wait(SECONDS(2), name="custom_wait_name")


@requirement("2-3")
def sequential(_event: Any, context: DurableContext) -> Any:
    context.wait(SECONDS(2), name="wait-1")
    context.wait(SECONDS(2), name="wait-2")
    return {"completedWaits": 2}


@requirement("2-4")
def minutes(_event: Any, context: DurableContext) -> None:
    context.wait(Duration.from_minutes(1))


@requirement("2-5")
def hours(_event: Any, context: DurableContext) -> None:
    context.wait(Duration.from_hours(1))
