"""Who is told that an answer is wanted, and by what: the environment names an SNS topic, or nobody is told."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.server import ThreadedMotoServer

from patterns.durable.notification import AnswerWanted, NotificationError, NotificationUnavailableError
from patterns.durable.notifier_selection import NoNotifier, notifier_from_environment, selected_notifier
from patterns.durable.sns_notifier import MAX_SUMMARY_CHARS, SnsNotifier, make_client
from tests.loopback import HttpDouble
from tests.patterns.catalogue import CATALOGUE

pytestmark = pytest.mark.xdist_group("sns")  # one worker starts the server, once

TOPIC = f"arn:aws:sns:eu-west-1:{DEFAULT_ACCOUNT_ID}:reviews"
WANTED = AnswerWanted(
    callback_id="eyJjYWxsYmFjayI6IDF9",
    operation="human-review",
    summary="amount: 12 EUR",
    timeout_seconds=604_800,
    execution_arn="arn:aws:lambda:eu-west-1:000000000000:function:f:1/durable-execution/e/1",
)


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """The address of a moto server on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture
def reviewers(aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A queue that is subscribed to the topic; boto3 finds both by environment, as in a deployed function."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", aws)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    sns = boto3.client("sns", region_name="eu-west-1")
    sqs = boto3.client("sqs", region_name="eu-west-1", endpoint_url=aws)
    topic = sns.create_topic(Name="reviews")["TopicArn"]
    url = sqs.create_queue(QueueName="reviewers")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:eu-west-1:{DEFAULT_ACCOUNT_ID}:reviewers")
    yield lambda: [
        json.loads(message["Body"])
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    ]
    sqs.delete_queue(QueueUrl=url)
    sns.delete_topic(TopicArn=topic)
    for client in (sns, sqs):
        client.close()


def test_the_topic_gets_the_callback_id_and_the_summary(reviewers: Any) -> None:
    notifier_from_environment({"REVIEW_TOPIC_ARN": TOPIC}).notify(WANTED)

    (notification,) = reviewers()
    assert json.loads(notification["Message"]) == {
        "callbackId": WANTED.callback_id,
        "operation": "human-review",
        "summary": "amount: 12 EUR",
        "timeoutSeconds": 604_800,
        "executionArn": WANTED.execution_arn,
    }
    assert notification["Subject"] == "An answer is wanted: human-review"
    assert notification["MessageAttributes"] == {"operation": {"Type": "String", "Value": "human-review"}}


def test_a_summary_too_long_for_a_message_is_cut(reviewers: Any) -> None:
    # A control character is six bytes in JSON, which SNS's 256 KB must hold in any case.
    SnsNotifier(TOPIC).notify(dataclasses.replace(WANTED, summary="\x01" * 1_000_000))

    (notification,) = reviewers()
    summary = json.loads(notification["Message"])["summary"]
    assert summary == "\x01" * MAX_SUMMARY_CHARS + " […the rest was cut off]"


@pytest.mark.parametrize("environment", [{}, {"REVIEW_TOPIC_ARN": ""}], ids=["unset", "empty"])
def test_without_a_topic_nobody_is_told(environment: dict[str, str]) -> None:
    assert isinstance(notifier_from_environment(environment), NoNotifier)


@pytest.mark.parametrize("arn", ["reviews", "arn:aws:sqs:eu-west-1:000000000000:reviews", TOPIC + " "])
def test_what_is_no_topic_is_refused_with_what_is_wanted(arn: str) -> None:
    with pytest.raises(NotificationError, match=r"REVIEW_TOPIC_ARN=.* must be the ARN of an SNS topic"):
        notifier_from_environment({"REVIEW_TOPIC_ARN": arn})


def test_a_topic_that_does_not_exist_is_a_permanent_error(reviewers: Any) -> None:
    with pytest.raises(NotificationError, match="NotFound") as raised:
        SnsNotifier(TOPIC.replace("reviews", "absent")).notify(WANTED)
    assert not isinstance(raised.value, ConnectionError)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (500, "InternalError"),
        (503, "ServiceUnavailable"),
        (429, "TooManyRequests"),
        (400, "Throttling"),
        (400, "KMSThrottling"),
    ],
)
def test_what_may_pass_is_retryable_and_asked_once(status: int, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>Later.</Message></Error></ErrorResponse>"
    with HttpDouble(status, body) as service:
        with pytest.raises(NotificationUnavailableError, match=code) as raised:
            notifier_against(service.url, monkeypatch).notify(WANTED)
        assert service.requests == 1, "the durable step owns retrying"
    assert isinstance(raised.value, ConnectionError), "which the step's policy retries"


@pytest.mark.parametrize("status", [200, 502])
@pytest.mark.parametrize("body", ["", "{}", "<html><body>Bad gateway</body></html>", "<html><br>"])
def test_an_answer_that_is_not_of_sns_may_be_a_proxys_and_pass(
    status: int, body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HttpDouble(status, body) as service, pytest.raises(NotificationUnavailableError):
        notifier_against(service.url, monkeypatch).notify(WANTED)


@pytest.mark.parametrize("code", ["AuthorizationError", "InvalidParameter", "KMSAccessDenied", "EndpointDisabled"])
def test_what_will_not_pass_is_permanent(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>No.</Message></Error></ErrorResponse>"
    with HttpDouble(403, body) as service, pytest.raises(NotificationError, match=code) as raised:
        notifier_against(service.url, monkeypatch).notify(WANTED)
    assert not isinstance(raised.value, ConnectionError)


def test_a_service_that_is_not_there_may_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpDouble(200, "") as gone:
        pass
    with pytest.raises(NotificationUnavailableError, match="EndpointConnectionError"):
        notifier_against(gone.url, monkeypatch).notify(WANTED)


def test_no_credentials_is_permanent_and_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    with pytest.raises(NotificationError, match="NoCredentialsError"):
        SnsNotifier(TOPIC).notify(WANTED)


def test_an_error_says_neither_callback_id_nor_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    body = "<ErrorResponse><Error><Code>InvalidParameter</Code><Message>Bad.</Message></Error></ErrorResponse>"
    with HttpDouble(400, body) as service, pytest.raises(NotificationError) as raised:
        notifier_against(service.url, monkeypatch).notify(WANTED)
    assert WANTED.callback_id not in str(raised.value)
    assert WANTED.summary not in str(raised.value)
    assert WANTED.callback_id not in repr(WANTED)
    assert WANTED.summary not in repr(WANTED)


def test_one_client_is_made_at_the_first_notification(reviewers: Any) -> None:
    made: list[str] = []

    def counted(region: str) -> Any:
        made.append(region)
        return make_client(region)

    notifier = SnsNotifier(TOPIC, client_factory=counted)
    assert made == []
    notifier.notify(WANTED)
    notifier.notify(WANTED)
    assert made == ["eu-west-1"]
    assert len(reviewers()) == 2


@pytest.mark.parametrize(
    ("pattern", "scenario", "told"),
    [
        (
            "human_review",
            "malformed (no JSON), then approved",
            dict.fromkeys(("human-review", "human-review-2"), '"number": "7"\n"amount": "12 EUR"'),
        ),
        ("agent_with_tools", "a person answers", {"human-review": "Is sunny right?"}),
        ("durable_strands_agent", "a person answers", {"ask-person": "May I answer?"}),
    ],
)
def test_every_pattern_that_asks_a_person_tells_the_topic(
    pattern: str, scenario: str, told: dict[str, str], reviewers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEW_TOPIC_ARN", TOPIC)
    selected_notifier.cache_clear()
    try:
        outcome = CATALOGUE[pattern].run(scenario)
    finally:
        selected_notifier.cache_clear()

    assert outcome.status == "SUCCEEDED"
    messages = [json.loads(notification["Message"]) for notification in reviewers()]
    assert {message["operation"]: message["summary"] for message in messages} == told
    assert len(messages) == len(told)


def notifier_against(url: str, monkeypatch: pytest.MonkeyPatch) -> SnsNotifier:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    return SnsNotifier(TOPIC)
