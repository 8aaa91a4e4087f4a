"""Handlers that call AWS outside any step, so in every invocation; and the same calls in steps."""

import json

import boto3
from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration

from tests.conformance.as_found.says import answered, says, tells

UNPROTECTED = ("side-effects", "durable-calls")
"""What a call that changes something, and that no checkpoint protects, can be told as."""

READ = ("side-effects", "durable-calls", "environment")
"""What a read that no checkpoint protects can be told as: the next invocation may read something else."""

SSM = {"ssm.GetParameter": {"Parameter": {"Name": "/shop/limit", "Type": "String", "Value": "7"}}}
SECRET = {"secretsmanager.GetSecretValue": {"Name": "shop", "SecretString": json.dumps({"key": "k"})}}


def client(service):
    return boto3.client(service, region_name="eu-west-1")


def settled(context):
    context.wait(Duration.from_minutes(5), "settle")
    return context.step(lambda _: "done", "finish")


@says(*UNPROTECTED, aws=("dynamodb.PutItem",))
@durable_execution
def puts_an_item(event, context: DurableContext):
    client("dynamodb").put_item(TableName="orders", Item={"id": {"S": "7"}})
    return settled(context)


@says(*UNPROTECTED)
@durable_execution
def puts_an_item_by_a_resource(event, context: DurableContext):
    order = context.step(lambda _: {"id": "7", "state": "new"}, "order")
    boto3.resource("dynamodb", region_name="eu-west-1").Table("orders").put_item(Item=order)
    return settled(context)


@says(*UNPROTECTED)
@durable_execution
def writes_a_batch_of_items(event, context: DurableContext):
    table = boto3.resource("dynamodb", region_name="eu-west-1").Table("orders")
    with table.batch_writer() as batch:
        for number in range(3):
            batch.put_item(Item={"id": str(number)})
    return settled(context)


@says(*UNPROTECTED, event={"id": "7"})
@durable_execution
def counts_an_item(event, context: DurableContext):
    client("dynamodb").update_item(
        TableName="visits",
        Key={"id": {"S": event["id"]}},
        UpdateExpression="ADD visits :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    return settled(context)


@says(*UNPROTECTED, aws=("s3.PutObject",))
@durable_execution
def puts_an_object(event, context: DurableContext):
    client("s3").put_object(Bucket="reports", Key="today.json", Body=json.dumps(event))
    return settled(context)


@says(*UNPROTECTED)
@durable_execution
def uploads_a_file_object(event, context: DurableContext):
    import io

    client("s3").upload_fileobj(io.BytesIO(b"nothing new"), "reports", "today.txt")
    return settled(context)


@says(*UNPROTECTED, aws=("sqs.SendMessage",))
@durable_execution
def sends_a_message(event, context: DurableContext):
    report = context.step(lambda _: "nothing new", "report")
    client("sqs").send_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/000000000000/reports", MessageBody=report)
    return settled(context)


@says(*UNPROTECTED, aws=("sns.Publish",))
@durable_execution
def publishes(event, context: DurableContext):
    client("sns").publish(TopicArn="arn:aws:sns:eu-west-1:000000000000:orders", Message="order 7 has come")
    return settled(context)


@says(*UNPROTECTED, callbacks={"approval": answered('"yes"')})
@durable_execution
def publishes_the_id_of_a_callback(event, context: DurableContext):
    approval = context.create_callback("approval", CallbackConfig(timeout=Duration.from_hours(8)))
    client("sns").publish(TopicArn="arn:aws:sns:eu-west-1:000000000000:approvers", Message=approval.callback_id)
    return {"answer": approval.result()}


@says(*UNPROTECTED, aws=("lambda.Invoke",))
@durable_execution
def invokes_a_function(event, context: DurableContext):
    client("lambda").invoke(FunctionName="resize", InvocationType="Event", Payload=json.dumps({"image": "7"}))
    return settled(context)


@says(*UNPROTECTED)
@durable_execution
def starts_a_state_machine(event, context: DurableContext):
    machine = "arn:aws:states:eu-west-1:000000000000:stateMachine:reports"
    client("stepfunctions").start_execution(stateMachineArn=machine, input="{}")
    return settled(context)


@says(*UNPROTECTED)
@durable_execution
def puts_events(event, context: DurableContext):
    entry = {"Source": "shop", "DetailType": "order", "Detail": "{}", "EventBusName": "default"}
    client("events").put_events(Entries=[entry])
    return settled(context)


@says(*UNPROTECTED)
@durable_execution
def puts_an_item_in_the_body_of_a_child_context(event, context: DurableContext):
    def keep(child):
        client("dynamodb").put_item(TableName="orders", Item={"id": {"S": "7"}})
        child.wait(Duration.from_minutes(1), "settle")
        return "kept"

    return context.run_in_child_context(keep, "keep")


@says(*UNPROTECTED, unsure="no interruption repeats it: after the last operation comes no checkpoint but the result's")
@durable_execution
def puts_an_item_after_its_last_step(event, context: DurableContext):
    total = context.step(lambda _: 40, "total")
    client("dynamodb").put_item(TableName="totals", Item={"id": {"S": "7"}, "total": {"N": str(total)}})
    return {"total": total}


@tells(*READ, answers=SSM, unsure="a configuration is often read so, on purpose: a warning at most")
@durable_execution
def reads_a_parameter(event, context: DurableContext):
    limit = int(client("ssm").get_parameter(Name="/shop/limit")["Parameter"]["Value"])
    orders = context.step(lambda _: list(range(limit)), "orders")
    context.wait(Duration.from_minutes(5), "settle")
    return context.step(lambda _: len(orders), "count")


@tells(
    *READ,
    answers=SECRET,
    unsure="a secret should not be recorded, so reading it outside is often right: a warning at most",
)
@durable_execution
def reads_a_secret(event, context: DurableContext):
    key = json.loads(client("secretsmanager").get_secret_value(SecretId="shop")["SecretString"])["key"]
    context.wait(Duration.from_minutes(5), "settle")
    return context.step(lambda _: len(key), "use")


@says(aws=("dynamodb.PutItem", "lambda.Invoke", "s3.PutObject", "sns.Publish", "sqs.SendMessage"))
@durable_execution
def all_of_it_in_steps(event, context: DurableContext):
    item = {"id": {"S": "7"}}
    context.step(lambda _: client("dynamodb").put_item(TableName="orders", Item=item) and None, "keep")
    context.step(lambda _: client("s3").put_object(Bucket="reports", Key="7", Body=b"7") and None, "upload")
    queue = "https://sqs.eu-west-1.amazonaws.com/000000000000/reports"
    context.step(lambda _: client("sqs").send_message(QueueUrl=queue, MessageBody="7") and None, "queue")
    topic = "arn:aws:sns:eu-west-1:000000000000:orders"
    context.step(lambda _: client("sns").publish(TopicArn=topic, Message="7") and None, "tell")
    context.step(lambda _: client("lambda").invoke(FunctionName="resize", InvocationType="Event") and None, "resize")
    return settled(context)


@says(answers={**SSM, **SECRET}, aws=("secretsmanager.GetSecretValue", "ssm.GetParameter"))
@durable_execution
def reads_in_steps(event, context: DurableContext):
    limit = context.step(lambda _: client("ssm").get_parameter(Name="/shop/limit")["Parameter"]["Value"], "limit")

    def use(_):
        key = json.loads(client("secretsmanager").get_secret_value(SecretId="shop")["SecretString"])["key"]
        return f"{len(key)} of {limit}"

    return context.step(use, "use")
