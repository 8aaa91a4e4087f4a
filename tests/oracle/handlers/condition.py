"""Suite 6: waiting for a condition."""

from collections.abc import Callable
from typing import Any

from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import JitterStrategy
from aws_durable_execution_sdk_python.waits import (
    WaitForConditionConfig,
    WaitForConditionDecision,
    WaitStrategyConfig,
    create_wait_strategy,
)

from tests.oracle.handlers.registry import SECONDS, Mapped, caught, fail, requirement


def polling(
    context: DurableContext,
    check: Callable[[Any], Any],
    until: Callable[[Any], bool],
    initial: Any = 0,
    *,
    delay: int = 1,
    attempts: int = 60,
    name: str | None = None,
    serdes: Mapped | None = None,
) -> Any:
    """Poll until a state is reached."""
    strategy: Callable[[Any, int], WaitForConditionDecision] = create_wait_strategy(
        WaitStrategyConfig(
            should_continue_polling=lambda state: not until(state),
            max_attempts=attempts,
            initial_delay=SECONDS(delay),
            backoff_rate=1,
            jitter_strategy=JitterStrategy.NONE,
        )
    )
    config = WaitForConditionConfig(strategy, initial, serdes)
    return context.wait_for_condition(lambda state, _: check(state), config, name=name)


def counting(context: DurableContext, until: int, initial: int = 0, **options: Any) -> Any:
    """Count to a number."""
    return polling(context, lambda state: state + 1, lambda state: state >= until, initial, **options)


@requirement("6-1")
def basic(event: Any, context: DurableContext) -> Any:
    return counting(context, event)


@requirement("6-2")
def immediate(event: Any, context: DurableContext) -> Any:
    return polling(context, lambda state: state, lambda state: state >= event, event)


@requirement("6-3")
def named(event: Any, context: DurableContext) -> Any:
    return counting(context, event, name="poll-status")


@requirement("6-4")
def initial_state(event: Any, context: DurableContext) -> Any:
    return counting(context, event, 5)


@requirement("6-5")
def fixed_delay(event: Any, context: DurableContext) -> Any:
    return counting(context, event, delay=2)


@requirement("6-6")
def exhausted(_event: Any, context: DurableContext) -> Any:
    return counting(context, 1_000, attempts=3)


@requirement("6-7")
def check_fails(_event: Any, context: DurableContext) -> Any:
    return polling(context, fail, bool)


@requirement("6-8")
def failure_caught(event: Any, context: DurableContext) -> Any:
    return caught(lambda: check_fails(event, context), "recovered")


@requirement("6-9")
def structured(_event: Any, context: DurableContext) -> Any:
    def check(state: Any) -> Any:
        attempts = state["attempts"] + 1
        return {"status": "DONE" if attempts == 2 else "PENDING", "attempts": attempts}

    return polling(context, check, lambda state: state["status"] == "DONE", {"status": "PENDING", "attempts": 0})


@requirement("6-10")
def nothing(_event: Any, context: DurableContext) -> Any:
    return polling(context, lambda _: None, lambda _: True)


@requirement("6-11")
def custom_serdes(_event: Any, context: DurableContext) -> Any:
    coded = Mapped(lambda state: f"coded:{state}", lambda data: data.removeprefix("coded:"))
    return polling(context, lambda state: state + "x", lambda state: len(state) == 2, "", serdes=coded)


@requirement("6-12")
def then_step(event: Any, context: DurableContext) -> Any:
    count = counting(context, event)
    return context.step(lambda _: count * 10)


@requirement("6-13")
def sequential(_event: Any, context: DurableContext) -> Any:
    return counting(context, 4, counting(context, 2))
