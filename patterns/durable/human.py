"""Asking a person: a callback that the execution sleeps on, with a bound on how long."""

from __future__ import annotations

from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import Duration, WaitForCallbackConfig
from aws_durable_execution_sdk_python.types import WaitForCallbackContext

from patterns.durable.retry import TOOL_RETRY, jittered


def ask_human(context: DurableContext, name: str, timeout: Duration) -> str:
    """Wait for somebody to answer the callback named `name`.

    Args:
        context: Where the callback belongs.
        name: The operation's name; the callback itself is `<name> create callback id` in the execution's history.
        timeout: How long to wait, from one second; must be below the function's `ExecutionTimeout` to ever fire.

    Returns:
        The payload as it was sent, unparsed; an empty string for none.

    Raises:
        CallbackTimeoutError: Nobody answered in time.
        CallbackError: The callback was failed instead of answered.
    """
    seed = f"{context.execution_context.durable_execution_arn}/{name}"
    config = WaitForCallbackConfig(timeout=timeout, retry_strategy=jittered(TOOL_RETRY, seed))

    def notify(callback_id: str, step: WaitForCallbackContext) -> None:  # noqa: ARG001  # a secret: never logged
        step.logger.info("Waiting for an answer to %s", name)

    return context.wait_for_callback(notify, name, config) or ""
