"""Which notifier tells people, by environment. Reads nothing at import; the choice is made once per process.

`REVIEW_TOPIC_ARN` names the SNS topic that is told. Without it nobody is: whoever answers finds the callback's id in
the execution's history, as the `CallbackId` of `CallbackStarted`.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping

from patterns.durable.notification import AnswerWanted, Notifier


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
