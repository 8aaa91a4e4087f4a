"""Asking a person: a callback that the execution sleeps on, with a bound on how long."""

from __future__ import annotations

from aws_durable_execution_sdk_python import (
    CallbackError,
    ChildContextError,
    DurableContext,
    StepContext,
    StepError,
)
from aws_durable_execution_sdk_python.config import CallbackConfig, ChildConfig, Duration, StepConfig
from aws_durable_execution_sdk_python.exceptions import CallbackSubmitterError
from aws_durable_execution_sdk_python.lambda_service import OperationSubType

from patterns.durable.limits import shortened
from patterns.durable.notification import AnswerWanted, Notifier
from patterns.durable.notifier_selection import selected_notifier
from patterns.durable.recorded_errors import MAX_ERROR_CHARS, recordable
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
        CallbackError: The callback was failed instead of answered, or nobody could be told. A long message is cut.
    """
    arn = context.execution_context.durable_execution_arn

    def wait(child: DurableContext) -> str:
        callback = child.create_callback(f"{name} create callback id", CallbackConfig(timeout=timeout))

        def tell(step: StepContext) -> None:
            step.logger.info("Waiting for an answer to %s", name)  # the id is a secret: never logged
            with recordable():
                (notifier or selected_notifier()).notify(
                    AnswerWanted(
                        callback_id=callback.callback_id,
                        operation=name,
                        summary=summary,
                        timeout_seconds=timeout.to_seconds(),
                        execution_arn=arn,
                    )
                )

        config = StepConfig(retry_strategy=jittered(NOTIFY_RETRY, f"{arn}/{name}"))
        child.step(tell, f"{name} submitter", config)
        try:
            return str(callback.result() or "")
        except CallbackError as error:
            if (told := _recordable(error)) is error:
                raise
            raise told from error

    # The SDK's own `wait_for_callback` but for the errors: it records as much as whoever failed the callback sent, and
    # the service takes no error of that length. So histories are the same, and read alike. The member, not its text:
    # SDK 2 takes no other subtype, and its executions, too, go on on this code.
    as_recorded: ChildConfig[str] = ChildConfig(sub_type=OperationSubType.WAIT_FOR_CALLBACK)
    try:
        return context.run_in_child_context(wait, name, as_recorded)
    except ChildContextError as error:
        inner = error.__cause__
        if isinstance(inner, CallbackError):
            raise inner from None
        if isinstance(inner, StepError):
            raise CallbackSubmitterError(inner.message or "Nobody could be told.") from inner
        raise


def _recordable(error: CallbackError) -> CallbackError:
    sent = len(error.data or "") + sum(map(len, error.stack_trace or ()))
    if sent <= MAX_ERROR_CHARS >= len(error.message or ""):
        return error
    return type(error)(shortened(error.message or "", MAX_ERROR_CHARS))
