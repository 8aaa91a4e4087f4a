"""Telling somebody that an answer is wanted: what a notification carries, who sends it, and what can go wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Protocol


class NotificationError(Exception):
    """Nobody could be told, and trying again as things are cannot help. The message says what to do."""


class NotificationUnavailableError(NotificationError, ConnectionError):
    """Nobody could be told just now; it may work later."""


@dataclass(frozen=True)
class AnswerWanted:
    """What a notification carries: which operation waits, for how long, and what is to be decided.

    The answer goes to the callback's id, by `SendDurableExecutionCallbackSuccess` or `…Failure`. The id and the summary
    are never logged.
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
