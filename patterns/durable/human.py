"""Asking a person: a callback that the execution sleeps on, with a bound on how long."""

from __future__ import annotations

from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import Duration, WaitForCallbackConfig
from aws_durable_execution_sdk_python.types import WaitForCallbackContext

from patterns.durable.notification import AnswerWanted, Notifier
from patterns.durable.notifier_selection import selected_notifier
from patterns.durable.recorded_errors import recordable
from patterns.durable.retry import NOTIFY_RETRY, jittered


def ask_human(
    context: DurableContext, name: str, timeout: Duration, summary: str = "", *, notifier: Notifier | None = None
) -> str:
    """Wait for somebody to answer the callback named `name`.

    Telling them is a step before the wait: at least once, so a crash between telling and the step's checkpoint tells
    them again, of the same callback. The first answer counts; the service refuses the second.

    Args:
        context: Where the callback belongs.
        name: The operation's name; the callback itself is `<name> create callback id` in the execution's history.
        timeout: How long to wait, from one second; must be below the function's `ExecutionTimeout` to ever fire.
        summary: What to decide about, for whoever is told.
        notifier: Tells them. Unless given, the environment says how, or that nobody is told
            (`patterns.durable.notifier_selection`).

    Returns:
        The payload as it was sent, unparsed; an empty string for none.

    Raises:
        CallbackTimeoutError: Nobody answered in time.
        CallbackError: The callback was failed instead of answered, or nobody could be told.
    """
    arn = context.execution_context.durable_execution_arn
    config = WaitForCallbackConfig(timeout=timeout, retry_strategy=jittered(NOTIFY_RETRY, f"{arn}/{name}"))

    def tell(callback_id: str, step: WaitForCallbackContext) -> None:
        step.logger.info("Waiting for an answer to %s", name)  # the id is a secret: never logged
        with recordable():
            (notifier or selected_notifier()).notify(
                AnswerWanted(
                    callback_id=callback_id,
                    operation=name,
                    summary=summary,
                    timeout_seconds=timeout.to_seconds(),
                    execution_arn=arn,
                )
            )

    return context.wait_for_callback(tell, name, config) or ""
