"""Broken handlers on plain boto3, each with the rules one of which must be told, as an error."""

import functools
import json
import os
import random
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import boto3
from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration, StepConfig
from aws_durable_execution_sdk_python.retries import RetryPresets

from tests.conformance.as_found.says import answered, says, tells

ONCE = StepConfig(retry_strategy=RetryPresets.none())
DRIFT = ("environment", "request-stability", "no-invocation-state")
OTHER_OPERATION = ("environment", "replay-identity", "history-stability")
UNPROTECTED = ("side-effects", "durable-calls")
TOPIC = "arn:aws:sns:eu-west-1:000000000000:orders"

cache = {}
visits = 0


def client(service):
    return boto3.client(service, region_name="eu-west-1")


def ask(text):
    response = client("bedrock-runtime").converse(
        modelId="eu.amazon.nova-lite-v1:0", messages=[{"role": "user", "content": [{"text": text}]}]
    )
    return response["output"]["message"]["content"][0]["text"]


# What differs from invocation to invocation


@says(*DRIFT, elsewhere=True)
@durable_execution
def the_time_in_a_prompt(event, context: DurableContext):
    now = datetime.now(UTC)
    plan = context.step(lambda _: ask(f"It is {now:%H:%M} o'clock. Plan my day."), "plan")
    return context.step(lambda _: ask(f"It is {now:%H:%M} o'clock. Shorten: {plan}"), "shorten")


@says(*DRIFT, elsewhere=True)
@durable_execution
def the_date_in_a_system_prompt(event, context: DurableContext):
    system = [{"text": f"Today is {date.today()}."}]

    def turn(text):
        response = client("bedrock-runtime").converse(
            modelId="amazon.nova-pro-v1:0", system=system, messages=[{"role": "user", "content": [{"text": text}]}]
        )
        return response["output"]["message"]["content"][0]["text"]

    first = context.step(lambda _: turn("What day is it?"), "ask")
    context.wait(Duration.from_days(1), "sleep")
    return context.step(lambda _: turn(f"And tomorrow? You said {first}"), "ask-again")


@says("environment", "result-stability", elsewhere=True)
@durable_execution
def the_time_in_a_result(event, context: DurableContext):
    began = time.time()
    text = context.step(lambda _: ask("Write"), "write")
    context.wait(Duration.from_minutes(10), "rest")
    return {"text": text, "began": began}


@says(*DRIFT, elsewhere=True)
@durable_execution
def the_order_of_a_set(event, context: DurableContext):
    words = set("tea rain trains rivers tides whales".split())
    return context.step(lambda _: ask("Write about " + ", ".join(words)), "write")


@says(*OTHER_OPERATION, elsewhere=True)
@durable_execution
def an_id_as_a_name(event, context: DurableContext):
    text = context.step(lambda _: ask("Write"), f"write-{uuid.uuid4()}")
    return context.step(lambda _: text.upper(), "shout")


@says("environment", "request-stability", "result-stability", elsewhere=True)
@durable_execution
def an_id_outside_any_step(event, context: DurableContext):
    order = str(uuid.uuid4())
    context.step(lambda _: client("dynamodb").put_item(TableName="orders", Item={"id": {"S": order}}) and None, "put")
    return context.step(lambda _: client("sns").publish(TopicArn=TOPIC, Message=order) and order, "tell")


@says(*OTHER_OPERATION, "result-stability", elsewhere=True)
@durable_execution
def a_coin_decides(event, context: DurableContext):
    if random.random() < 0.5:
        return context.step(lambda _: ask("Heads"), "heads")
    context.wait(Duration.from_seconds(5), "tails-wait")
    return context.step(lambda _: ask("Tails"), "tails")


@says(*OTHER_OPERATION, "result-stability", elsewhere=True)
@durable_execution
def a_variable_of_the_sandbox_decides(event, context: DurableContext):
    sandbox = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", "")
    context.step(lambda _: ask("Write"), f"write-{sum(sandbox.encode()) % 10}")
    return context.step(lambda _: "done", "finish")


@says(*DRIFT, "result-stability", elsewhere=True)
@durable_execution
def the_request_id_in_a_prompt(event, context: DurableContext):
    request = context.lambda_context.aws_request_id
    text = context.step(lambda _: ask(f"[{request}] Write"), "write")
    return context.step(lambda _: ask(f"[{request}] Shorten: {text}"), "shorten")


# What an earlier invocation left


@says("no-invocation-state", "history-stability", "replay-identity", "result-stability", elsewhere=True)
@durable_execution
def a_cache_of_answers(event, context: DurableContext):
    if "facts" not in cache:
        cache["facts"] = context.step(lambda _: ask("Three facts"), "facts")
    return context.step(lambda _: ask(f"Sum up: {cache['facts']}"), "sum-up")


@functools.cache
def remembered(text):
    return ask(text)


@says("no-invocation-state", "durable-calls", "no-repeated-call", "request-stability")
@durable_execution
def an_answer_remembered_outside(event, context: DurableContext):
    facts = remembered("Three facts")
    context.step(lambda _: "begun", "begin")
    return context.step(lambda _: f"sum of {facts}", "sum-up")


@says("no-invocation-state", "environment", "request-stability", "result-stability", elsewhere=True)
@durable_execution
def a_counter_of_the_process(event, context: DurableContext):
    global visits
    visits += 1
    number = visits
    text = context.step(lambda _: ask(f"Visit {number}"), "greet")
    return {"visit": number, "text": text}


# Calls that no checkpoint protects


@says("durable-calls")
@durable_execution
def a_model_call_outside_any_step(event, context: DurableContext):
    topic = context.step(lambda _: "tides", "choose")
    text = ask(f"Write about {topic}")
    context.wait(Duration.from_minutes(1), "rest")
    return context.step(lambda _: text, "keep")


@says("durable-calls")
@durable_execution
def a_model_call_in_a_child_context(event, context: DurableContext):
    def chapter(child):
        text = ask("Write a chapter")
        child.step(lambda _: client("dynamodb").put_item(TableName="t", Item={"id": {"S": text}}) and None, "keep")
        return text

    return context.run_in_child_context(chapter, "chapter")


@says("durable-calls")
@durable_execution
def a_stream_outside_any_step(event, context: DurableContext):
    response = client("bedrock-runtime").converse_stream(
        modelId="amazon.nova-pro-v1:0", messages=[{"role": "user", "content": [{"text": "A tale"}]}]
    )
    text = "".join(
        piece["contentBlockDelta"]["delta"]["text"] for piece in response["stream"] if "contentBlockDelta" in piece
    )
    return context.step(lambda _: len(text), "count")


@says("durable-calls")
@durable_execution
def an_invoked_model_outside_any_step(event, context: DurableContext):
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    response = client("bedrock-runtime").invoke_model(
        modelId="anthropic.claude-3-haiku-20240307-v1:0", body=json.dumps(body)
    )
    text = json.loads(response["body"].read())["content"][0]["text"]
    return context.step(lambda _: text, "keep")


@says("durable-calls")
@durable_execution
def model_calls_in_threads_outside_any_step(event, context: DurableContext):
    with ThreadPoolExecutor() as pool:
        texts = list(pool.map(ask, ["benefits", "dangers"]))
    return context.step(lambda _: texts, "keep")


@says(*UNPROTECTED)
@durable_execution
def an_item_put_between_steps(event, context: DurableContext):
    text = context.step(lambda _: ask("Write"), "write")
    client("dynamodb").put_item(TableName="texts", Item={"text": {"S": text}})
    return context.step(lambda _: "kept", "finish")


@says(*UNPROTECTED)
@durable_execution
def publishes_in_the_branches_of_a_map(event, context: DurableContext):
    def order(branch, number, index, numbers):
        client("sns").publish(TopicArn=TOPIC, Message=f"order {number}")
        branch.wait(Duration.from_seconds(5), "rest")
        return branch.step(lambda _: number, "finish")

    batch = context.map([1, 2], order, "orders")
    batch.throw_if_error()
    return batch.get_results()


@says(
    *UNPROTECTED,
    "environment",
    answers={"dynamodb.GetItem": {"Item": {"state": {"S": "new"}}}},
    unsure="no run shows it while every read is answered alike: it must be told because it is outside",
)
@durable_execution
def branches_on_a_table_that_it_reads_outside(event, context: DurableContext):
    order = client("dynamodb").get_item(TableName="orders", Key={"id": {"S": "7"}}).get("Item", {})
    if order.get("state", {}).get("S") == "new":
        context.step(lambda _: client("sns").publish(TopicArn=TOPIC, Message="a new order") and None, "tell")
    context.wait(Duration.from_days(1), "a-day")
    return context.step(lambda _: "done", "finish")


@says(*UNPROTECTED)
@durable_execution
def pays_in_a_loop_of_its_own_making(event, context: DurableContext):
    for attempt in range(3):
        try:
            client("lambda").invoke(FunctionName="pay", Payload=b'{"order": 7}')
            break
        except client("lambda").exceptions.TooManyRequestsException:
            context.wait(Duration.from_seconds(5), f"rest-{attempt}")
    return context.step(lambda _: "paid", "finish")


# Failures, suspensions, orders, sizes


@says("failure-visible")
@durable_execution
def a_failure_that_is_called_unknown(event, context: DurableContext):
    try:
        text = context.step(lambda _: ask("Write"), "write", ONCE)
    except Exception:
        text = "unknown"
    return {"text": text}


@says("suspension")
@durable_execution
def a_suspension_that_is_swallowed(event, context: DurableContext):
    approval = context.create_callback("approval", CallbackConfig(timeout=Duration.from_hours(1)))
    try:
        return {"approved": approval.result()}
    except BaseException:
        return {"approved": "by default"}


@says("no-repeated-call", "durable-calls", "request-stability", "result-stability", "no-invocation-state")
@durable_execution
def asks_again_after_its_step_has_ended(event, context: DurableContext):
    """A lazy value: what the step returns is thrown away, and whoever needs the text asks for it."""
    text = None

    def write(_):
        nonlocal text
        text = ask("Write")

    context.step(write, "write")
    if text is None:
        text = ask("Write")
    return context.step(lambda _: f"kept {text}", "keep")


@says("completion-order")
@durable_execution
def prompts_in_the_order_of_arrival(event, context: DurableContext):
    said = []

    def view(on):
        def branch(child):
            said.append(child.step(lambda _: ask(on), f"ask-{on}"))

        return branch

    context.parallel([view("benefits"), view("dangers")], "views").throw_if_error()
    return context.step(lambda _: ask("Weigh: " + " / ".join(said)), "weigh")


@says("budget")
@durable_execution
def a_result_that_no_checkpoint_holds(event, context: DurableContext):
    rows = context.step(lambda _: ["x" * 1000] * 400, "rows")
    return context.step(lambda _: len(rows), "count")


@says("budget")
@durable_execution
def a_name_that_is_a_prompt(event, context: DurableContext):
    return context.step(lambda _: ask("Write"), "Write about tides and all that is known of them. " * 8)


@tells("no-invocation-state", mentions="log", callbacks={"answer": answered("yes")})  # undisturbed, it is lost, too
@durable_execution
def a_list_filled_in_a_step_before_a_callback(event, context: DurableContext):
    log = []
    context.step(lambda _: log.append(ask("A question for a person")), "question")
    answer = context.wait_for_callback(lambda callback_id, _: None, "answer")
    return context.step(lambda _: ask(f"{log} was answered {answer}"), "conclude")


@says("retry-policy", "environment")
@durable_execution
def gives_up_at_the_first_hiccup(event, context: DurableContext):
    """One attempt, and no retry in boto3 either."""
    from botocore.config import Config

    bedrock = boto3.client("bedrock-runtime", region_name="eu-west-1", config=Config(retries={"total_max_attempts": 1}))

    def once(_):
        response = bedrock.converse(modelId="m", messages=[{"role": "user", "content": [{"text": "Write"}]}])
        return response["output"]["message"]["content"][0]["text"]

    return context.step(once, "write", ONCE)
