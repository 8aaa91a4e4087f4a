"""Telling somebody that an answer is wanted. Reads nothing at import; the choice is made once per process.

`REVIEW_TOPIC_ARN` names the SNS topic that is told. Without it nobody is: whoever answers finds the callback's id in
the execution's history, as the `CallbackId` of `CallbackStarted`.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class NotificationError(Exception):
    """Nobody could be told, and trying again as things are cannot help. The message says what to do."""


class NotificationUnavailableError(NotificationError, ConnectionError):
    """Nobody could be told just now; it may work later."""


@dataclass(frozen=True)
class AnswerWanted:
    """What a notification carries. The callback's id is what answers are sent to: it and the summary are never logged.

    Attributes:
        callback_id: Where the answer goes: `SendDurableExecutionCallbackSuccess` or `…Failure`.
        operation: The name of the operation that waits.
        summary: What to decide about.
        timeout_seconds: How long the execution waits.
        execution_arn: The execution that waits.
    """

    callback_id: str = field(repr=False)
    operation: str
    summary: str = field(repr=False)
    timeout_seconds: int
    execution_arn: str

    def to_json(self) -> str:
        """The message: keys in camelCase, a line each, since a person may read it in an e-mail."""
        message = {
            "operation": self.operation,
            "summary": self.summary,
            "callbackId": self.callback_id,
            "timeoutSeconds": self.timeout_seconds,
            "executionArn": self.execution_arn,
        }
        return json.dumps(message, indent=2, ensure_ascii=False)


class Notifier(Protocol):
    """Tells somebody that an answer is wanted."""

    def notify(self, wanted: AnswerWanted) -> None:
        """Tell them. It may happen more than once for one callback: the first answer counts.

        Raises:
            NotificationUnavailableError: Not now; worth another attempt.
            NotificationError: Not at all.
        """


class NoNotifier:
    """Tells nobody."""

    def notify(self, wanted: AnswerWanted) -> None:
        """Do nothing: the callback's id is in the history."""


def notifier_from_environment(environment: Mapping[str, str]) -> Notifier:
    """The notifier that `environment` asks for.

    Raises:
        NotificationError: It names something that is no SNS topic.
    """
    topic_arn = environment.get("REVIEW_TOPIC_ARN")
    if not topic_arn:
        return NoNotifier()
    from patterns.durable.sns_notifier import SnsNotifier  # noqa: PLC0415  # loaded only by who has a topic

    return SnsNotifier(topic_arn)


@functools.cache
def selected_notifier() -> Notifier:
    """The notifier that this process's environment asks for: the same object at every call."""
    return notifier_from_environment(os.environ)
