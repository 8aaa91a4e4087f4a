"""A handler's own boto3 calls are answered in process, seen by the rules, and never leave the machine."""

from __future__ import annotations

import datetime as dt
import functools
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from aws_durable_execution_sdk_python import DurableContext, StepContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration, StepConfig
from aws_durable_execution_sdk_python.retries import RetryStrategyConfig, create_retry_strategy
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from durable_conformance import Exploration, Report, Scenario, explore, handler_factory
from durable_conformance.execution import Conditions, Run
from durable_conformance.histories import Subject, provenance, record, replay
from durable_conformance.model import AnsweredBy, FaultKind, ModelFault, install_boto_tap, tap_clients
from durable_conformance.runtime import run_in_process
from providers.scripted import Script, ScriptedProvider, reply, throttled

install_boto_tap()

NO_RETRY = StepConfig(retry_strategy=create_retry_strategy(RetryStrategyConfig(max_attempts=1)))
TWO_ATTEMPTS = StepConfig(retry_strategy=create_retry_strategy(RetryStrategyConfig(max_attempts=2)))
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ONE_REQUEST = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
HAIKU = "global.anthropic.claude-haiku-4-5-20251001-v1:0"

type Step = Callable[[StepContext], Any]


@functools.cache
def client(service: str) -> Any:
    return boto3.client(service, region_name="eu-west-1", config=ONE_REQUEST)  # type: ignore[call-overload]


def ask(text: str, bedrock: Any = None) -> str:
    messages = [{"role": "user", "content": [{"text": text}]}]
    answer = (bedrock or client("bedrock-runtime")).converse(modelId=HAIKU, messages=messages)
    return str(answer["output"]["message"]["content"][0]["text"])


def put(order: str = "7") -> None:
    client("dynamodb").put_item(TableName="orders", Item={"id": {"S": order}})


def steps(**functions: Step) -> Any:
    """A handler of steps, one after the other, none tried again; the result is the last one's."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        result = None
        for name, function in functions.items():
            result = context.step(function, name, NO_RETRY)
        return result

    return handler


def run_of(handler: Any, conditions: Conditions | None = None, **scenario: Any) -> Run:
    return run_in_process(handler_factory(handler), Scenario({}, **scenario), conditions or Conditions())


def error_of(run: Run) -> str | None:
    """The type of what the step that failed raised."""
    return next(operation.error_type for operation in run.operations if operation.status == "FAILED")


def checked(handler: Any, **scenario: Any) -> Report:
    return explore(handler_factory(handler), Scenario({}, **scenario), Exploration(side_by_side=2))


def found(report: Report) -> set[tuple[str, str]]:
    return {(one.rule, one.path) for one in report.findings}


def test_a_model_call_of_boto3_is_a_model_call() -> None:
    run = run_of(steps(first=lambda _: ask("What is it?"), second=lambda _: ask("And why?")))
    assert [(call.path, call.attempt, call.outcome) for call in run.calls] == [
        ("/1:first", 1, "answered"),
        ("/2:second", 1, "answered"),
    ]
    assert run.result.startswith("answer-")
    assert "And why?" in run.calls[1].request.text
    assert run.calls[1].request.model == HAIKU
    assert run.aws_calls == ()


def test_its_scripts_go_by_operation() -> None:
    script = {"first": [reply("one")], "second": [reply("two")]}
    handler = steps(first=lambda _: ask("?"), second=lambda _: ask("?"))
    assert run_of(handler, model=lambda: ScriptedProvider(script)).result == "two"


def test_a_scripted_failure_is_the_real_error() -> None:
    run = run_of(steps(ask=lambda _: ask("?")), model=lambda: ScriptedProvider([throttled()]))
    assert error_of(run) == "botocore.errorfactory.ThrottlingException"
    assert run.ledger == {"/1:ask": ["ThrottlingException"]}


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.DENIED, "botocore.errorfactory.AccessDeniedException"),
        (FaultKind.THROTTLED, "botocore.errorfactory.ThrottlingException"),
    ],
)
def test_injected_faults_are_the_real_errors(kind: FaultKind, error: str) -> None:
    run = run_of(steps(ask=lambda _: ask("?")), Conditions(fault=ModelFault(kind)))
    assert error_of(run) == error


def test_what_botocore_sends_again_by_itself_is_counted_apart() -> None:
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 3, "mode": "standard"})
    bedrock = boto3.client("bedrock-runtime", region_name="eu-west-1", config=config)
    model = functools.partial(ScriptedProvider, [throttled(), reply("after all")])
    run = run_of(steps(ask=lambda _: ask("?", bedrock)), model=model)
    assert run.result == "after all"
    assert [(call.outcome, call.resent) for call in run.calls] == [("ThrottlingException", 0), ("answered", 1)]


def test_an_answer_can_be_given_by_name() -> None:
    answers = {"bedrock-runtime.Converse": ["one", {"Error": {"Code": "ModelErrorException"}}]}
    first = run_of(steps(a=lambda _: ask("?")), answers=answers)
    assert first.result == "one"
    second = run_of(steps(a=lambda _: ask("?"), b=lambda _: ask("?")), answers=answers)
    assert error_of(second) == "botocore.errorfactory.ModelErrorException"


def test_other_calls_are_aws_calls_whose_answers_are_made_up() -> None:
    run = run_of(steps(put=lambda _: put(), get=lambda _: client("ssm").get_parameter(Name="x")["Parameter"]["Value"]))
    assert [(call.name, call.path, call.by, call.reads) for call in run.aws_calls] == [
        ("dynamodb.PutItem", "/1:put", AnsweredBy.MADE_UP, False),
        ("ssm.GetParameter", "/2:get", AnsweredBy.MADE_UP, True),
    ]
    assert run.result.startswith("Value-")
    assert '"orders"' in run.aws_calls[0].request.text


def test_a_made_up_answer_says_that_all_is_well_and_there_is_no_more() -> None:
    def look(_: StepContext) -> Any:
        table = client("dynamodb").describe_table(TableName="orders")["Table"]["TableStatus"]
        client("dynamodb").get_waiter("table_exists").wait(TableName="orders")
        pages = list(client("s3").get_paginator("list_objects_v2").paginate(Bucket="orders"))
        body = client("s3").get_object(Bucket="orders", Key="k")["Body"].read().decode()
        invoked = client("lambda").invoke(FunctionName="f")
        assert "FunctionError" not in invoked
        status = client("sqs").delete_message(QueueUrl="https://q", ReceiptHandle="r")["ResponseMetadata"]
        return [table, len(pages), body, invoked["Payload"].read().decode(), status["HTTPStatusCode"]]

    assert run_of(steps(look=look)).result == ["ACTIVE", 1, "{}", "{}", 200]


def test_given_answers_come_first() -> None:
    def look(_: StepContext) -> Any:
        item = client("dynamodb").get_item(TableName="orders", Key={"id": {"S": "7"}}).get("Item")
        try:
            put()
        except client("dynamodb").exceptions.ConditionalCheckFailedException as error:
            return [item, error.response["Error"]["Code"]]
        return "put"

    answers = {
        "dynamodb.GetItem": {"Item": {"id": {"S": "7"}}},
        "look/dynamodb.PutItem": {"Error": {"Code": "ConditionalCheckFailedException", "Message": "no"}},
    }
    run = run_of(steps(look=look), answers=answers)
    assert run.result == [{"id": {"S": "7"}}, "ConditionalCheckFailedException"]
    assert {call.by for call in run.aws_calls} == {AnsweredBy.GIVEN}
    assert [call.outcome for call in run.aws_calls] == ["answered", "ConditionalCheckFailedException"]


def test_a_function_may_give_them() -> None:
    answers = {"sqs.SendMessage": lambda parameters: {"MessageId": parameters["MessageBody"].upper()}}
    send = steps(send=lambda _: client("sqs").send_message(QueueUrl="https://q", MessageBody="hi")["MessageId"])
    assert run_of(send, answers=answers).result == "HI"


def test_a_stubber_of_the_clients_answers_and_is_seen() -> None:
    ssm = boto3.client("ssm", region_name="eu-west-1", config=ONE_REQUEST)
    with Stubber(ssm) as stubber:
        stubber.add_response("get_parameter", {"Parameter": {"Value": "stubbed"}})
        run = run_of(steps(get=lambda _: ssm.get_parameter(Name="x")["Parameter"]["Value"]))
    assert run.result == "stubbed"
    assert [(call.name, call.by) for call in run.aws_calls] == [("ssm.GetParameter", AnsweredBy.SET_UP)]


def test_moto_answers_and_is_seen() -> None:
    moto = pytest.importorskip("moto")

    def save(_: StepContext) -> Any:
        s3 = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
        s3.create_bucket(Bucket="orders")
        s3.upload_fileobj(io.BytesIO(b"hello"), "orders", "k")
        with pytest.raises(ClientError, match="NoSuchKey"):
            s3.get_object(Bucket="orders", Key="other")
        return s3.get_object(Bucket="orders", Key="k")["Body"].read().decode()

    with moto.mock_aws():
        run = run_of(steps(save=save))
    assert run.result == "hello"
    assert {call.by for call in run.aws_calls} == {AnsweredBy.SET_UP}
    names = [call.name for call in run.aws_calls]
    assert names == ["s3.CreateBucket", "s3.PutObject", "s3.GetObject", "s3.GetObject"]
    assert [call.outcome for call in run.aws_calls][2] == "NoSuchKey"


def test_a_client_that_was_there_before_is_tapped_once() -> None:
    ssm = boto3.client("ssm", region_name="eu-west-1", config=ONE_REQUEST)
    before = len(ssm.meta.events.emit("durable-ai-tapped"))
    tap_clients()
    tap_clients()
    assert (before, len(ssm.meta.events.emit("durable-ai-tapped"))) == (1, 1)


def test_outside_an_execution_the_tap_is_inert() -> None:
    ssm = boto3.client("ssm", region_name="eu-west-1", endpoint_url="http://127.0.0.1:9", config=ONE_REQUEST)
    with pytest.raises(Exception, match=r"127\.0\.0\.1:9"):
        ssm.get_parameter(Name="x")


def test_a_body_that_nobody_can_answer_ends_the_check() -> None:
    body = b'{"unheard-of": 1}'
    unheard = steps(ask=lambda _: client("bedrock-runtime").invoke_model(modelId="acme.unheard-v1", body=body) and None)
    report = checked(unheard)
    assert not report.conforms
    assert any("acme.unheard-v1" in why for why in report.could_not_run)


def test_a_handler_with_calls_in_steps_conforms() -> None:
    report = checked(steps(put=lambda _: put(), ask=lambda _: ask("?"), again=lambda _: ask("!")))
    assert [one for one in report.findings if one.rule != "retry-policy"] == []
    assert report.could_not_run == ()


def test_a_write_outside_any_step_is_found() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        put()
        context.wait(Duration.from_minutes(5), "settle")
        return context.step(lambda _: "done", "finish")

    report = checked(handler)
    assert ("durable-calls", "execution") in found(report)
    assert "dynamodb.PutItem" in report.findings[0].actual


def test_a_read_outside_any_step_is_found_and_told_apart() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        name = client("ssm").get_parameter(Name="x")["Parameter"]["Value"]
        return context.step(lambda _: name, "use")

    (finding,) = (one for one in checked(handler).findings if one.rule == "durable-calls")
    assert "which reads what may differ on replay" in finding.actual


def test_other_arguments_on_replay_are_found() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        orders: list[str] = []
        context.step(lambda _: orders.append("7"), "collect")
        return context.step(lambda _: put(json_of(orders)), "put")

    assert ("request-stability", "/2:put") in found(checked(handler))


def json_of(orders: list[str]) -> str:
    return ",".join(orders)


def test_a_prompt_that_a_steps_body_fills_is_found() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        notes: list[str] = []
        context.step(lambda _: notes.append(ask("What is known?")), "look-up", NO_RETRY)
        return context.step(lambda _: ask(f"Sum up: {notes}"), "sum-up", NO_RETRY)

    assert ("request-stability", "/2:sum-up") in found(checked(handler))


def test_a_failure_of_every_model_call_that_nobody_sees_is_found() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        return context.map(["a", "b"], lambda _branch, item, _index, _items: ask(item), "ask").get_results()

    assert ("failure-visible", "execution") in found(checked(handler))


def test_a_failure_of_every_aws_call_that_nobody_sees_is_found() -> None:
    def save(_: StepContext) -> None:
        try:
            put()
        except ClientError:
            return

    assert ("failure-visible", "execution") in found(checked(steps(save=save)))


def test_a_stream_of_an_answer_can_be_read_again_on_replay() -> None:
    def read(_: StepContext) -> str:
        body = client("s3").get_object(Bucket="orders", Key="k")["Body"]
        assert isinstance(body, StreamingBody)
        return str(body.read().decode())

    answers = {"s3.GetObject": {"Body": "text"}}
    assert run_of(steps(read=read), answers=answers).result == "text"
    assert checked(steps(read=read), answers=answers).conforms


def test_a_history_of_its_model_calls_replays() -> None:
    script: Script = {"first": [throttled(), reply("one")], "second": [reply("two")]}

    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        one = context.step(lambda _: ask("?"), "first", TWO_ATTEMPTS)
        return context.step(lambda _: ask(f"after {one}"), "second", TWO_ATTEMPTS)

    scenario = Scenario({}, functools.partial(ScriptedProvider, script))
    history = record(handler_factory(handler), scenario, provenance("handler", "boto3", NOW))
    assert [(call.path, call.error and call.error.type) for call in history.calls or ()] == [
        ("/1:first", "ThrottlingException"),
        ("/1:first", None),
        ("/2:second", None),
    ]
    for recorded in (history, history.model_copy(update={"calls": None})):
        report = replay([Subject("history", recorded, handler_factory(handler))])
        assert (report.findings, report.could_not_run) == ({}, {})
        assert report.runs == report.prefixes > 4


def test_a_conversation_within_one_step_may_quote_its_own_answers() -> None:
    """The step dies after both calls, and is made again: what it asked before it died, it asked rightly."""

    def talk(_: StepContext) -> str:
        return ask(f"And after {ask('What is first?')}?")

    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        return context.step(talk, "talk")

    assert checked(handler).errors == ()


def test_threads_of_one_step_ask_in_any_order() -> None:
    def both(_: StepContext) -> list[str]:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(ask, ["What is good?", "What is bad?"]))

    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        return [context.step(both, "both"), context.step(lambda _: ask("Well?"), "conclude")]

    assert checked(handler).errors == ()
