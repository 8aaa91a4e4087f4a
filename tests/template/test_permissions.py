"""The calls in the table of permissions are the ones that boto3 is seen to send for deployed code."""

from __future__ import annotations

import inspect
from typing import Any

import boto3
import pytest
from aws_durable_execution_sdk_python.exceptions import DurableExecutionsError
from aws_durable_execution_sdk_python.lambda_service import DurableServiceClient, LambdaClient

from patterns.durable.notification import AnswerWanted, NotificationError
from patterns.durable.sns_notifier import SnsNotifier
from patterns.durable.sns_notifier import make_client as make_sns_client
from providers import Message, ModelError, ModelRequest
from providers.bedrock import BedrockProvider
from providers.bedrock import make_client as make_bedrock_client
from tests.loopback import HttpDouble
from tests.template.permissions import CALLS

TOPIC = "arn:aws:sns:eu-west-1:000000000000:reviews"
WANTED = AnswerWanted(callback_id="c", operation="o", summary="s", timeout_seconds=1, execution_arn="a")


class Watched(boto3.Session):
    """A session that notes every call that its clients send."""

    def __init__(self) -> None:
        super().__init__("testing", "testing", region_name="eu-west-1")
        self.calls: set[tuple[str, str]] = set()
        self.events.register("before-call", self._note)

    def _note(self, model: Any, **_: Any) -> None:
        self.calls.add((model.service_model.service_name, model.name))


def test_the_code_sends_the_calls_of_the_table_and_no_others() -> None:
    session = Watched()
    with HttpDouble(400, "") as service:
        of_service: dict[str, Any] = {"session": session, "endpoint_url": service.url}
        bedrock = BedrockProvider(client_factory=lambda: make_bedrock_client(**of_service))
        with pytest.raises(ModelError):
            bedrock.converse(ModelRequest(messages=(Message.user("hello"),)))
        sns = SnsNotifier(
            TOPIC, client_factory=lambda region: make_sns_client(region, session=session, endpoint_url=service.url)
        )
        with pytest.raises(NotificationError):
            sns.notify(WANTED)
        durable = LambdaClient(session.client("lambda", endpoint_url=service.url))
        with pytest.raises(DurableExecutionsError):
            durable.checkpoint("arn", "token", [], None)
        with pytest.raises(DurableExecutionsError):
            durable.get_execution_state("arn", "token", "")

    assert session.calls == {(call.service, call.operation) for call in CALLS}


def test_the_durable_sdk_has_no_other_calls() -> None:
    methods = {name for name, _ in inspect.getmembers(DurableServiceClient, inspect.isfunction) if name[0] != "_"}
    assert methods == {"checkpoint", "get_execution_state"}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.operation)
def test_the_operations_exist(call: Any) -> None:
    client = boto3.Session(region_name="eu-west-1").client(call.service)
    assert call.operation in client.meta.service_model.operation_names
