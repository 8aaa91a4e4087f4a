"""An Amazon SNS topic that tells its subscribers that an answer is wanted."""

from __future__ import annotations

import dataclasses
import re
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnectedError
from botocore.parsers import ResponseParserError

from patterns.durable.limits import shortened
from patterns.durable.notification import AnswerWanted, NotificationError, NotificationUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

MAX_SUMMARY_CHARS = 20_000
"""Longest summary that is sent. Escaped in JSON, a character may cost 12 bytes, and a message holds 256 KB."""

MAX_SUBJECT_CHARS = 99
"""SNS takes subjects of less than 100 characters."""

TIMEOUT_SECONDS = 10
"""Longest wait for SNS, which answers in milliseconds: a call that takes longer is not going to succeed."""

_TOPIC = re.compile(r"arn:aws[\w-]*:sns:([\w-]+):\d{12}:[\w-]{1,256}")

_MAY_PASS = re.compile(r"Throttl|TooManyRequests|RequestLimitExceeded|ServiceUnavailable|InternalError|InternalFailure")
"""Error codes that SNS sends below status 500 and that pass by themselves; KMS's throttling comes through it, too.

https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors
"""

_NO_ANSWER = (NotConnectedError, HTTPClientError, ResponseParserError, KeyError)
"""None came, or one that is not of SNS but a proxy's, say: botocore's parser misses the answer's frame (KeyError)."""

_FAILURES = (ClientError, BotoCoreError, *_NO_ANSWER)
"""All that a call can raise."""


def make_client(region: str, *, session: Session | None = None, **client_kwargs: Any) -> SNSClient:
    """An SNS client with bounded waits and not one retry: the durable step owns retrying.

    Credentials come from `session`, and without one from boto3's usual sources. `client_kwargs` go to `Session.client`.

    Raises:
        BotoCoreError: boto3 cannot make a client: a profile that does not exist.
    """
    config = Config(
        retries={"total_max_attempts": 1, "mode": "standard"},  # both, or AWS_RETRY_MODE=adaptive adds waits of its own
        read_timeout=TIMEOUT_SECONDS,
        connect_timeout=TIMEOUT_SECONDS,
    )
    client: SNSClient = (session or Session()).client("sns", region_name=region, config=config, **client_kwargs)
    return client


class SnsNotifier:
    """Publishes each request for an answer to a topic, as JSON. Safe from any number of threads.

    The operation's name is an attribute of the message, too, to filter subscriptions by.

    Args:
        topic_arn: The topic; its region is the client's.
        client_factory: Makes the client when it is given the region, at the first notification and once.

    Raises:
        NotificationError: `topic_arn` is not the ARN of an SNS topic.
    """

    def __init__(self, topic_arn: str, *, client_factory: Callable[[str], SNSClient] = make_client) -> None:
        arn = _TOPIC.fullmatch(topic_arn)
        if arn is None:
            raise NotificationError(
                f"REVIEW_TOPIC_ARN={topic_arn!r} must be the ARN of an SNS topic: arn:aws:sns:REGION:ACCOUNT:NAME."
            )
        self._topic_arn = topic_arn
        self._region = arn[1]
        self._client_factory = client_factory
        self._client: SNSClient | None = None
        self._lock = threading.Lock()

    def notify(self, wanted: AnswerWanted) -> None:
        """Publish with exactly one HTTP request.

        Raises:
            NotificationUnavailableError: SNS is not reached, is down or throttles.
            NotificationError: SNS refuses: no such topic, no permission on it or on its key.
        """
        wanted = dataclasses.replace(wanted, summary=shortened(wanted.summary, MAX_SUMMARY_CHARS))
        try:
            self._ready_client().publish(
                TopicArn=self._topic_arn,
                Subject=f"An answer is wanted: {wanted.operation}"[:MAX_SUBJECT_CHARS],
                Message=wanted.to_json(),
                MessageAttributes={"operation": {"DataType": "String", "StringValue": wanted.operation}},
            )
        except _FAILURES as error:
            self._fail(error)

    def _ready_client(self) -> SNSClient:
        with self._lock:
            if self._client is None:
                self._client = self._client_factory(self._region)
            return self._client

    def _fail(self, error: Exception) -> NoReturn:
        said = f"{self._topic_arn}: {type(error).__name__}: {error}"
        if _may_pass(error):
            raise NotificationUnavailableError(f"Nobody was told by {said}") from error
        advice = "Check that the topic exists, and that the function's role may publish to it and use its key."
        raise NotificationError(f"Nobody can be told by {said} {advice}") from error


def _may_pass(error: Exception) -> bool:
    if isinstance(error, ClientError):
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        code = error.response["Error"]["Code"]
        return status >= HTTPStatus.INTERNAL_SERVER_ERROR or _MAY_PASS.search(code) is not None
    return isinstance(error, _NO_ANSWER)
