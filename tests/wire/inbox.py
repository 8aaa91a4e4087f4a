"""What a reviewer is sent: an SNS topic with a queue behind it, on a moto server."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from typing import Any, Self

from boto3.session import Session
from moto.server import ThreadedMotoServer

from tests.wire.durable_runner import REGION

MOTO_ACCOUNT = "123456789012"


class Inbox:
    """The topic to tell and the reviewer's queue behind it, for as long as the `with` block lasts.

    Attributes:
        url: Where SNS and SQS are.
        topic_arn: The topic.
    """

    def __init__(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._lock = threading.Lock()
        self._callbacks: defaultdict[tuple[str, str], list[str]] = defaultdict(list)

    def __enter__(self) -> Self:
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        session = Session("wire", "wire", region_name=REGION)
        self._sqs: Any = session.client("sqs", endpoint_url=self.url)
        sns: Any = session.client("sns", endpoint_url=self.url)
        self._queue = self._sqs.create_queue(QueueName="reviewer")["QueueUrl"]
        self.topic_arn: str = sns.create_topic(Name="reviews")["TopicArn"]
        queue_arn = f"arn:aws:sqs:{REGION}:{MOTO_ACCOUNT}:reviewer"
        sns.subscribe(TopicArn=self.topic_arn, Protocol="sqs", Endpoint=queue_arn)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def callbacks(self, execution_arn: str, operation: str) -> list[str]:
        """The ids of the callbacks that have come for an operation of an execution, oldest first, with repetitions."""
        with self._lock:
            while messages := self._received():
                for message in messages:
                    wanted = json.loads(json.loads(message["Body"])["Message"])
                    self._callbacks[wanted["executionArn"], wanted["operation"]].append(wanted["callbackId"])
            return list(self._callbacks[execution_arn, operation])

    def _received(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self._sqs.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10, VisibilityTimeout=3_600
        ).get("Messages", [])
        return messages
