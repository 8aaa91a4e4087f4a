"""Handlers whose clients are made when their module is imported, which fails where nothing gives a region.

So the tests do not import this module: what must be said about it stands in `test_as_found`.
"""

import boto3
from aws_durable_execution_sdk_python import DurableContext, durable_execution

MODEL = "anthropic.claude-3-haiku-20240307-v1:0"

bedrock = boto3.client("bedrock-runtime")
orders = boto3.resource("dynamodb").Table("orders")
session = boto3.Session()
queue = session.client("sqs")


class Mailer:
    ses = boto3.client("sesv2")

    @classmethod
    def send(cls, to, text):
        message = {"Simple": {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": text}}}}
        return cls.ses.send_email(
            FromEmailAddress="shop@example.com", Destination={"ToAddresses": [to]}, Content=message
        )["MessageId"]


def ask(text):
    response = bedrock.converse(modelId=MODEL, messages=[{"role": "user", "content": [{"text": text}]}])
    return response["output"]["message"]["content"][0]["text"]


@durable_execution
def asks_twice(event, context: DurableContext):
    plan = context.step(lambda _: ask("Make a plan"), "plan")
    return context.step(lambda _: ask(f"Carry out: {plan}"), "carry-out")


@durable_execution
def keeps_an_order(event, context: DurableContext):
    context.step(lambda _: orders.put_item(Item={"id": "7", "state": "new"}) and None, "keep")
    context.step(lambda _: queue.send_message(QueueUrl="https://queue", MessageBody="7") and None, "queue")
    return "kept"


@durable_execution
def mails_in_a_step(event, context: DurableContext):
    text = context.step(lambda _: ask("Write a short mail"), "write")
    return context.step(lambda _: Mailer.send("you@example.com", text), "send")


@durable_execution
def asks_outside_any_step(event, context: DurableContext):
    plan = ask("Make a plan")
    return context.step(lambda _: f"carried out: {plan}", "carry-out")


@durable_execution
def keeps_an_order_outside_any_step(event, context: DurableContext):
    orders.update_item(Key={"id": "7"}, UpdateExpression="ADD visits :one", ExpressionAttributeValues={":one": 1})
    return context.step(lambda _: "counted", "finish")
