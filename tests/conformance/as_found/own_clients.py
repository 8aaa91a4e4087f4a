"""Handlers that make their own boto3 clients, in the ways people do; no region is configured, as Lambda gives one."""

import functools
import json

import boto3
from aws_durable_execution_sdk_python import DurableContext, durable_execution, durable_step
from botocore.config import Config

from tests.conformance.as_found.says import says

MODEL = "us.amazon.nova-lite-v1:0"
_clients = {}
_runtime = None


def text_of(response):
    return response["output"]["message"]["content"][0]["text"]


def prompt(text):
    return [{"role": "user", "content": [{"text": text}]}]


def from_dict(service):
    if service not in _clients:
        _clients[service] = boto3.client(service)
    return _clients[service]


@says(models=2, aws=())
@durable_execution
def lazy_in_a_dict(event, context: DurableContext):
    def ask(text):
        return text_of(from_dict("bedrock-runtime").converse(modelId=MODEL, messages=prompt(text)))

    draft = context.step(lambda _: ask("Write a haiku"), "draft")
    return context.step(lambda _: ask(f"Improve: {draft}"), "improve")


def runtime():
    global _runtime
    if _runtime is None:
        _runtime = boto3.client("bedrock-runtime")
    return _runtime


@says(models=1, aws=())
@durable_execution
def lazy_in_a_global(event, context: DurableContext):
    return context.step(lambda _: text_of(runtime().converse(modelId=MODEL, messages=prompt("Name a tide"))), "name")


@functools.cache
def cached(service):
    return boto3.client(service)


@says(models=1, aws=("dynamodb.PutItem",))
@durable_execution
def lazy_by_a_cache(event, context: DurableContext):
    answer = context.step(
        lambda _: text_of(cached("bedrock-runtime").converse(modelId=MODEL, messages=prompt("Greet"))), "greet"
    )
    context.step(
        lambda _: cached("dynamodb").put_item(TableName="greetings", Item={"text": {"S": answer}}) and None, "keep"
    )
    return answer


class Writer:
    """A service class, as one finds them, with its clients made on construction."""

    def __init__(self, region=None):
        self.bedrock = boto3.client("bedrock-runtime", region_name=region)
        self.sns = boto3.client("sns", region_name=region)

    def write(self, about):
        return text_of(self.bedrock.converse(modelId=MODEL, messages=prompt(f"Write about {about}")))

    def publish(self, text):
        return self.sns.publish(TopicArn="arn:aws:sns:eu-west-1:000000000000:texts", Message=text)["MessageId"]


@says(models=1, aws=("sns.Publish",), event={"about": "tides"})
@durable_execution
def in_a_class(event, context: DurableContext):
    writer = Writer()
    text = context.step(lambda _: writer.write(event["about"]), "write")
    context.step(lambda _: writer.publish(text), "publish")
    return {"text": text}


@says(models=2, aws=(), event={"about": "rivers"})
@durable_execution
def in_a_class_with_a_region(event, context: DurableContext):
    writer = Writer("eu-central-1")
    text = context.step(lambda _: writer.write(event["about"]), "write")
    return context.step(lambda _: writer.write(text), "write-again")


@says(models=0, aws=("dynamodb.GetItem", "dynamodb.PutItem"), event={"id": "7"})
@durable_execution
def by_a_resource(event, context: DurableContext):
    table = boto3.resource("dynamodb").Table("orders")
    order = context.step(lambda _: table.get_item(Key={"id": event["id"]}).get("Item"), "load")
    context.step(lambda _: table.put_item(Item={"id": event["id"], "known": order is not None}) and None, "store")
    return {"known": order is not None}


@says(models=0, aws=("s3.PutObject",))
@durable_execution
def by_an_s3_resource(event, context: DurableContext):
    bucket = boto3.resource("s3").Bucket("reports")
    context.step(lambda _: bucket.put_object(Key="today.txt", Body=b"nothing new") and None, "upload")
    return "uploaded"


@says(models=1, aws=())
@durable_execution
def by_a_session(event, context: DurableContext):
    session = boto3.Session(region_name="us-east-1")
    bedrock = session.client("bedrock-runtime")
    return context.step(lambda _: text_of(bedrock.converse(modelId=MODEL, messages=prompt("Say hello"))), "hello")


@says(models=1, aws=())
@durable_execution
def by_a_session_without_a_region(event, context: DurableContext):
    def ask(_):
        bedrock = boto3.session.Session().client("bedrock-runtime")
        return text_of(bedrock.converse(modelId=MODEL, messages=prompt("Say hello")))

    return context.step(ask, "hello")


@durable_step
def summary(_context, text):
    return text_of(boto3.client("bedrock-runtime").converse(modelId=MODEL, messages=prompt(f"Sum up: {text}")))


@says(models=2, aws=(), event={"text": "A long story."})
@durable_execution
def anew_in_each_step(event, context: DurableContext):
    short = context.step(summary(event["text"]))
    shorter = context.step(summary(short), name="shorter")
    return {"short": short, "shorter": shorter}


@says(models=1, aws=())
@durable_execution
def with_a_configuration(event, context: DurableContext):
    config = Config(retries={"max_attempts": 2, "mode": "standard"}, read_timeout=60, connect_timeout=5)
    bedrock = boto3.client("bedrock-runtime", config=config)
    return context.step(lambda _: text_of(bedrock.converse(modelId=MODEL, messages=prompt("Say hello"))), "hello")


@says(models=1, aws=())
@durable_execution
def with_credentials_of_its_own(event, context: DurableContext):
    bedrock = boto3.client(
        "bedrock-runtime", region_name="eu-west-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    body = json.dumps({"messages": prompt("Say hello"), "inferenceConfig": {"maxTokens": 100}})
    return context.step(
        lambda _: json.loads(bedrock.invoke_model(modelId=MODEL, body=body)["body"].read())["output"]["message"],
        "hello",
    )
