"""Correct handlers whose flow is more than one step after the other, on boto3 alone."""

import asyncio
import functools
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import boto3
from aws_durable_execution_sdk_python import DurableContext, StepError, durable_execution
from aws_durable_execution_sdk_python.config import (
    CallbackConfig,
    CompletionConfig,
    Duration,
    JitterStrategy,
    MapConfig,
    StepConfig,
    StepSemantics,
    WaitForCallbackConfig,
)
from aws_durable_execution_sdk_python.exceptions import CallbackError
from aws_durable_execution_sdk_python.retries import (
    RetryDecision,
    RetryPresets,
    RetryStrategyConfig,
    create_retry_strategy,
)
from aws_durable_execution_sdk_python.waits import WaitForConditionConfig, WaitForConditionDecision
from botocore.exceptions import ClientError
from pydantic import BaseModel

from durable_conformance import Effect, Refused, Semantics, Silence
from providers.scripted import always, reply
from tests.conformance.as_found.says import answered, says

TOPIC = "arn:aws:sns:eu-west-1:000000000000:approvers"
NEVER = StepConfig(retry_strategy=RetryPresets.none())
PERMANENT = {"AccessDeniedException", "ValidationException", "ResourceNotFoundException"}


def client(service):
    return boto3.client(service, region_name="eu-west-1")


def ask(text):
    response = client("bedrock-runtime").converse(
        modelId="eu.amazon.nova-lite-v1:0", messages=[{"role": "user", "content": [{"text": text}]}]
    )
    return response["output"]["message"]["content"][0]["text"]


def put(table, **values):
    client("dynamodb").put_item(TableName=table, Item={name: {"S": str(value)} for name, value in values.items()})


def unless_permanent(error, attempts):
    """As people write it: by the code of the error."""
    if isinstance(error, ClientError) and error.response["Error"]["Code"] in PERMANENT:
        return RetryDecision.no_retry()
    if attempts >= 4:
        return RetryDecision.no_retry()
    return RetryDecision.retry(Duration.from_seconds(2**attempts))


@says(models=1)
@durable_execution
def retries_by_code(event, context: DurableContext):
    return context.step(lambda _: ask("Hello"), "ask", StepConfig(retry_strategy=unless_permanent))


@says("retry-policy", models=1)  # every ClientError is retried, permanent ones too, and not by the SDK's default
@durable_execution
def retries_by_type(event, context: DurableContext):
    strategy = create_retry_strategy(
        RetryStrategyConfig(
            max_attempts=3, jitter_strategy=JitterStrategy.NONE, retryable_error_types=[ClientError, TimeoutError]
        )
    )
    return context.step(lambda _: ask("Hello"), "ask", StepConfig(retry_strategy=strategy))


@says(models=2)
@durable_execution
def threads_in_a_step(event, context: DurableContext):
    def both(_):
        with ThreadPoolExecutor(max_workers=2) as pool:
            return list(pool.map(ask, ["the benefits", "the dangers"]))

    good, bad = context.step(both, "both")
    return {"good": good, "bad": bad}


@says(models=2)
@durable_execution
def an_event_loop_in_a_step(event, context: DurableContext):
    async def both():
        return await asyncio.gather(asyncio.to_thread(ask, "the benefits"), asyncio.to_thread(ask, "the dangers"))

    return context.step(lambda _: asyncio.run(both()), "both")


@says(models=1, script=[always(reply({"score": 7}))])
@durable_execution
def an_answer_that_is_parsed(event, context: DurableContext):
    class Score(BaseModel):
        score: int

    def rate(_):
        said = ask("Rate this, in JSON")
        return Score.model_validate_json(said[said.index("{") : said.rindex("}") + 1]).score

    score = context.step(rate, "rate")
    return context.step(lambda _: score > 5, "judge")


@says(answers={"dynamodb.GetItem": {"Item": {"id": {"S": "7"}, "vip": {"BOOL": True}}}}, event={"id": "7"})
@durable_execution
def branches_on_what_a_step_read(event, context: DurableContext):
    key = {"id": {"S": event["id"]}}
    customer = context.step(
        lambda _: client("dynamodb").get_item(TableName="customers", Key=key).get("Item", {}), "read"
    )
    if customer.get("vip", {}).get("BOOL"):
        context.step(lambda _: put("gifts", id=event["id"]), "send-gift")
    context.wait(Duration.from_days(1), "a-day")
    return context.step(lambda _: sorted(customer), "finish")


@says()
@durable_execution
def a_saga(event, context: DurableContext):
    undo = []
    try:
        for name in ("flight", "car", "hotel"):

            def book(_, name=name):
                if name == "hotel":
                    raise ValueError("no rooms left")
                put("bookings", id=name)
                return f"{name}-1"

            booked = context.step(book, f"book-{name}", NEVER)
            undo.append((name, booked))
    except StepError as error:
        for name, booked in reversed(undo):
            context.step(lambda _, booked=booked: put("cancelled", id=booked), f"cancel-{name}")
        return {"status": "rolled back", "why": error.message, "cancelled": [name for name, _ in undo]}
    return {"status": "booked"}


@says(models=3)
@durable_execution
def a_fan_out(event, context: DurableContext):
    def page(branch, number, index, numbers):
        text = branch.step(lambda _: ask(f"Page {number}"), "write")
        branch.step(lambda _: put("pages", number=number, text=text), "keep")
        return text

    batch = context.map([1, 2, 3], page, "pages", MapConfig(max_concurrency=2))
    batch.throw_if_error()
    return {"pages": len(batch.get_results())}


@says(models=3)
@durable_execution
def a_fan_out_that_tells_what_failed(event, context: DurableContext):
    config = MapConfig(completion_config=CompletionConfig.all_completed())
    batch = context.map(
        [1, 2, 3], lambda branch, n, i, all_: branch.step(lambda _: ask(f"Page {n}"), "write"), "pages", config
    )
    return {"pages": batch.get_results(), "failed": [item.index for item in batch.failed()]}


CHARGE = Effect("charge", Semantics.AT_MOST_ONCE)


@says()
@durable_execution
def a_payment_at_most_once(event, context: DurableContext):
    order = context.step(lambda _: str(uuid.uuid4()), "order")
    config = StepConfig(retry_strategy=RetryPresets.none(), step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY)

    def charge(_):
        CHARGE.happened(order)
        client("sqs").send_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/000000000000/pay", MessageBody=order)
        return "charged"

    try:
        return {"status": context.step(charge, "charge", config)}
    except StepError:
        return {"status": "unclear", "to do": "look whether the charge went through"}


@says()
@durable_execution
def a_deadline(event, context: DurableContext):
    deadline = context.step(lambda _: (datetime.now(UTC) + timedelta(hours=2)).timestamp(), "deadline")
    for turn in range(20):
        now = context.step(lambda _: datetime.now(UTC).timestamp(), f"now-{turn}")
        if now >= deadline:
            return {"turns": turn}
        context.wait(Duration.from_minutes(45), f"pause-{turn}")
    raise TimeoutError("time stands still")


@says(
    answers={
        "glue.StartJobRun": {"JobRunId": "jr-7"},
        "glue.GetJobRun": {"JobRun": {"Id": "jr-7", "JobRunState": "SUCCEEDED"}},
    }
)
@durable_execution
def a_job_that_is_polled(event, context: DurableContext):
    run = context.step(lambda _: client("glue").start_job_run(JobName="nightly")["JobRunId"], "start")

    def look(state, _):
        job = client("glue").get_job_run(JobName="nightly", RunId=run)["JobRun"]
        return {"state": job["JobRunState"], "looked": state["looked"] + 1}

    def strategy(state, attempts):
        if state["state"] in {"SUCCEEDED", "FAILED"} or attempts > 10:
            return WaitForConditionDecision.stop_polling()
        return WaitForConditionDecision.continue_waiting(Duration.from_minutes(1))

    config = WaitForConditionConfig(wait_strategy=strategy, initial_state={"state": "NEW", "looked": 0})
    return context.wait_for_condition(look, config, "wait-for-job")


@says()
@durable_execution
def a_condition_over_several_polls(event, context: DurableContext):
    def look(state, check):
        put("polls", number=state["polls"])
        return {**state, "polls": state["polls"] + 1}

    def strategy(state, attempts):
        if state["polls"] >= 3:
            return WaitForConditionDecision.stop_polling()
        return WaitForConditionDecision.continue_waiting(Duration.from_seconds(30))

    return context.wait_for_condition(look, WaitForConditionConfig(strategy, {"polls": 0}), "poll")


def approval(event, context: DurableContext):
    text = context.step(lambda _: ask("Write an offer"), "write")

    def tell(callback_id, _):
        client("sns").publish(TopicArn=TOPIC, Message=f"{text}\n\nanswer with {callback_id}")

    try:
        answer = context.wait_for_callback(tell, "approval", WaitForCallbackConfig(timeout=Duration.from_days(1)))
    except CallbackError as error:
        return {"status": "failed", "why": type(error).__name__}
    if answer == "yes":
        context.step(lambda _: put("offers", text=text), "send")
    return {"status": "sent" if answer == "yes" else "rejected"}


human_approval = says(name="human_approval", models=1, callbacks={"approval": answered("yes")})(
    durable_execution(approval)
)
human_refusal = says(name="human_refusal", models=1, callbacks={"approval": answered("no")})(
    durable_execution(functools.partial(approval))
)
human_failure = says(name="human_failure", module="correct_flow", callbacks={"approval": (Refused("ill"),)})(
    durable_execution(lambda event, context: approval(event, context))
)
human_silence = says(name="human_silence", module="correct_flow", callbacks={"approval": (Silence(),)})(
    durable_execution(lambda event, context: approval(event, context))
)


@says(callbacks={"signed": answered('"yes"')})
@durable_execution
def a_callback_whose_id_is_sent_in_a_step(event, context: DurableContext):
    signed = context.create_callback("signed", CallbackConfig(timeout=Duration.from_days(3)))
    context.step(lambda _: client("sns").publish(TopicArn=TOPIC, Message=signed.callback_id) and None, "send")
    return {"signed": signed.result()}


class Workflow:
    """Steps as methods, clients as attributes, nothing kept but what steps return."""

    def __init__(self, context):
        self.context = context
        self.dynamodb = client("dynamodb")

    def draft(self, _):
        return ask("Write a draft")

    def keep(self, text):
        self.dynamodb.put_item(TableName="drafts", Item={"text": {"S": text}})

    def run(self):
        text = self.context.step(self.draft, "draft")
        self.context.step(lambda _: self.keep(text), "keep")
        return {"draft": text}


@says(models=1, aws=("dynamodb.PutItem",))
@durable_execution
def a_class_made_in_each_invocation(event, context: DurableContext):
    return Workflow(context).run()


@says(models=2)
@durable_execution
def a_set_that_is_sorted(event, context: DurableContext):
    tags = set(context.step(lambda _: ask("Three tags").split(), "tags"))
    return context.step(lambda _: ask("Write about " + ", ".join(sorted(tags))), "write")


@functools.lru_cache
def template():
    return "Write about {}"


@says(models=1, elsewhere=True)
@durable_execution
def a_cache_of_what_never_changes(event, context: DurableContext):
    return context.step(lambda _: ask(template().format("tides")), "write")


@says(models=2)
@durable_execution
def random_numbers_in_a_step(event, context: DurableContext):
    import random

    topic = context.step(lambda _: random.choice(["tides", "trams", "tea"]), "choose")
    seed = context.step(lambda _: random.randint(1, 10**6), "seed")
    first = context.step(lambda _: ask(f"Write about {topic} with {seed}"), "write")
    return context.step(lambda _: ask(f"Shorten: {first}"), "shorten")


@says(models=1)
@durable_execution
def a_failure_that_is_answered_otherwise(event, context: DurableContext):
    try:
        text = context.step(lambda _: ask("Write"), "write", StepConfig(retry_strategy=unless_permanent))
    except StepError as error:
        why = error.message
        context.step(lambda _: put("failures", why=why), "keep-failure")
        raise
    context.step(lambda _: put("texts", text=text), "keep")
    return text


@says(event={"items": [{"id": 1}, {"id": 2}]})
@durable_execution
def a_loop_over_the_event(event, context: DurableContext):
    kept = []
    for item in event["items"]:
        context.step(lambda _, item=item: put("items", id=item["id"]), f"keep-{item['id']}")
        kept.append(item["id"])
    return {"kept": kept}
