"""Correct handlers that call AWS in steps, with the SDK's default retries: every service that public handlers call."""

import base64
import json
import uuid
from datetime import UTC, datetime
from decimal import Decimal

import boto3
from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration

from providers.scripted import reply, tool_use
from tests.conformance.as_found.says import says, turns

ACCOUNT = "000000000000"
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:orders"
QUEUE = f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/orders"


def client(service):
    return boto3.client(service, region_name="eu-west-1")


def user(text):
    return {"role": "user", "content": [{"text": text}]}


# Models


@says(models=1, aws=())
@durable_execution
def converse_with_everything(event, context: DurableContext):
    def ask(_):
        response = client("bedrock-runtime").converse(
            modelId="eu.amazon.nova-pro-v1:0",
            system=[{"text": "Be brief."}],
            messages=[user("Hello"), {"role": "assistant", "content": [{"text": "Hi."}]}, user("Who are you?")],
            inferenceConfig={"maxTokens": 200, "temperature": 0.2, "stopSequences": ["END"]},
            additionalModelRequestFields={"top_k": 5},
            requestMetadata={"purpose": "greeting"},
        )
        return {
            "text": response["output"]["message"]["content"][0]["text"],
            "stop": response["stopReason"],
            "tokens": response["usage"]["totalTokens"],
        }

    return context.step(ask, "ask")["text"]


@says(models=1, aws=())
@durable_execution
def converse_whose_whole_response_is_recorded(event, context: DurableContext):
    response = context.step(
        lambda _: client("bedrock-runtime").converse(modelId="amazon.nova-pro-v1:0", messages=[user("Hello")]), "ask"
    )
    return response["output"]["message"]["content"][0]["text"]


@says(models=2, aws=(), script=turns(tool_use("add", {"a": 3, "b": 4}), reply("Seven.")))
@durable_execution
def converse_with_a_tool(event, context: DurableContext):
    schema = {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}}
    tools = {"tools": [{"toolSpec": {"name": "add", "description": "Adds.", "inputSchema": {"json": schema}}}]}
    messages = [user("3 + 4?")]
    for turn in range(5):
        asked = list(messages)
        message = context.step(
            lambda _: client("bedrock-runtime").converse(
                modelId="anthropic.claude-3-5-sonnet-20240620-v1:0", messages=asked, toolConfig=tools
            )["output"]["message"],
            f"turn-{turn}",
        )
        messages.append(message)
        uses = [block["toolUse"] for block in message["content"] if "toolUse" in block]
        if not uses:
            return message["content"][0]["text"]
        results = []
        for use in uses:
            total = context.step(lambda _: use["input"]["a"] + use["input"]["b"], f"add-{turn}")
            results.append({"toolResult": {"toolUseId": use["toolUseId"], "content": [{"json": {"total": total}}]}})
        messages.append({"role": "user", "content": results})
    raise RuntimeError("too many turns")


@says(models=1, aws=())
@durable_execution
def converse_with_an_image(event, context: DurableContext):
    pixel = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    content = [{"text": "What is this?"}, {"image": {"format": "png", "source": {"bytes": pixel}}}]
    return context.step(
        lambda _: client("bedrock-runtime").converse(
            modelId="amazon.nova-lite-v1:0", messages=[{"role": "user", "content": content}]
        )["output"]["message"]["content"][0]["text"],
        "look",
    )


@says(models=1, aws=())
@durable_execution
def converse_as_a_stream(event, context: DurableContext):
    def ask(_):
        response = client("bedrock-runtime").converse_stream(modelId="amazon.nova-pro-v1:0", messages=[user("A tale")])
        parts, stop = [], None
        for piece in response["stream"]:
            if "contentBlockDelta" in piece:
                parts.append(piece["contentBlockDelta"]["delta"]["text"])
            elif "messageStop" in piece:
                stop = piece["messageStop"]["stopReason"]
        return {"text": "".join(parts), "stop": stop}

    told = context.step(ask, "tell")
    return context.step(lambda _: len(told["text"]) > 0 and told["stop"] == "end_turn", "look")


def invoked(model, body):
    response = client("bedrock-runtime").invoke_model(
        modelId=model, body=json.dumps(body), contentType="application/json", accept="application/json"
    )
    return json.loads(response["body"].read())


@says(models=1, aws=())
@durable_execution
def invoke_model_of_anthropic(event, context: DurableContext):
    body = {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 200,
        "system": "Be brief.",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
    }
    return context.step(lambda _: invoked("anthropic.claude-3-haiku-20240307-v1:0", body)["content"][0]["text"], "ask")


@says(models=1, aws=())
@durable_execution
def invoke_model_of_nova(event, context: DurableContext):
    body = {"schemaVersion": "messages-v1", "messages": [user("Hello")], "inferenceConfig": {"maxTokens": 100}}
    return context.step(
        lambda _: invoked("us.amazon.nova-micro-v1:0", body)["output"]["message"]["content"][0]["text"], "ask"
    )


@says(models=1, aws=())
@durable_execution
def invoke_model_of_llama(event, context: DurableContext):
    body = {"prompt": "<|begin_of_text|>Hello", "max_gen_len": 100, "temperature": 0.5}
    return context.step(lambda _: invoked("meta.llama3-8b-instruct-v1:0", body)["generation"], "ask")


@says(models=1, aws=())
@durable_execution
def invoke_model_of_titan(event, context: DurableContext):
    body = {"inputText": "Hello", "textGenerationConfig": {"maxTokenCount": 100}}
    return context.step(lambda _: invoked("amazon.titan-text-express-v1", body)["results"][0]["outputText"], "ask")


@says(unsure="a body of another family: an answer given by name, in whatever form `answers` takes for a stream")
@durable_execution
def invoke_model_for_an_embedding(event, context: DurableContext):
    vector = context.step(
        lambda _: invoked("amazon.titan-embed-text-v2:0", {"inputText": "tide"})["embedding"], "embed"
    )
    return context.step(lambda _: len(vector), "count")


# Data


@says(
    aws=("dynamodb.GetItem", "dynamodb.PutItem", "dynamodb.Query", "dynamodb.UpdateItem"),
    answers={
        "dynamodb.GetItem": {"Item": {"id": {"S": "7"}, "total": {"N": "40"}}},
        "dynamodb.Query": {"Items": [{"id": {"S": "7"}}], "Count": 1, "ScannedCount": 1},
    },
    event={"id": "7"},
)
@durable_execution
def dynamodb_by_a_client(event, context: DurableContext):
    key = {"id": {"S": event["id"]}}
    order = context.step(lambda _: client("dynamodb").get_item(TableName="orders", Key=key).get("Item", {}), "get")
    found = context.step(
        lambda _: client("dynamodb").query(
            TableName="orders", KeyConditionExpression="id = :id", ExpressionAttributeValues={":id": key["id"]}
        )["Items"],
        "query",
    )
    context.step(
        lambda _: (
            client("dynamodb").put_item(
                TableName="invoices",
                Item={**order, "number": {"S": "i-7"}},
                ConditionExpression="attribute_not_exists(id)",
            )
            and None
        ),
        "put",
    )
    context.step(
        lambda _: (
            client("dynamodb").update_item(
                TableName="orders",
                Key=key,
                UpdateExpression="SET invoiced = :yes",
                ExpressionAttributeValues={":yes": {"BOOL": True}},
            )
            and None
        ),
        "update",
    )
    return {"total": int(order["total"]["N"]), "found": len(found)}


@says(answers={"dynamodb.GetItem": {"Item": {"id": {"S": "7"}, "total": {"N": "40.5"}}}})
@durable_execution
def dynamodb_by_a_resource(event, context: DurableContext):
    table = boto3.resource("dynamodb", region_name="eu-west-1").Table("orders")
    order = context.step(lambda _: table.get_item(Key={"id": "7"})["Item"], "get")
    assert isinstance(order["total"], Decimal)
    context.step(lambda _: table.put_item(Item={**order, "total": order["total"] * 2}) and None, "put")
    return str(order["total"] * 2)


@says()
@durable_execution
def dynamodb_with_time_stamps(event, context: DurableContext):
    def put(_):
        now = datetime.now(UTC)
        item = {"id": {"S": "7"}, "at": {"S": now.isoformat()}, "ttl": {"N": str(int(now.timestamp()) + 86_400)}}
        client("dynamodb").put_item(TableName="visits", Item=item)
        return item["at"]["S"]

    at = context.step(put, "put")
    context.wait(Duration.from_minutes(1), "pause")
    return context.step(lambda _: len(at) > 0, "look")


@says()
@durable_execution
def dynamodb_whose_time_stamp_is_recorded_first(event, context: DurableContext):
    at = context.step(lambda _: datetime.now(UTC).isoformat(), "now")
    context.step(lambda _: client("dynamodb").put_item(TableName="visits", Item={"at": {"S": at}}) and None, "put")
    return {"at": at}


@says()
@durable_execution
def dynamodb_in_a_transaction(event, context: DurableContext):
    token = context.step(lambda _: str(uuid.uuid4()), "token")
    items = [{"Put": {"TableName": "orders", "Item": {"id": {"S": name}}}} for name in ("a", "b")]
    context.step(
        lambda _: client("dynamodb").transact_write_items(TransactItems=items, ClientRequestToken=token) and None,
        "write",
    )
    return token


@says(answers={"s3.GetObject": {"Body": b'{"total": 40}'}}, unsure="how `answers` says what a stream holds")
@durable_execution
def s3_objects(event, context: DurableContext):
    order = context.step(
        lambda _: json.loads(client("s3").get_object(Bucket="orders", Key="7.json")["Body"].read()), "get"
    )
    invoice = json.dumps({"total": order["total"] * 2})
    context.step(
        lambda _: (
            client("s3").put_object(
                Bucket="invoices", Key="7.json", Body=invoice.encode(), ContentType="application/json"
            )
            and None
        ),
        "put",
    )
    return order


@says(aws=("s3.ListObjectsV2",))
@durable_execution
def s3_pages(event, context: DurableContext):
    """Whatever is made up for a listing, it has an end."""

    def keys(_):
        pages = client("s3").get_paginator("list_objects_v2").paginate(Bucket="orders", Prefix="2031/")
        return [one["Key"] for page in pages for one in page.get("Contents", [])]

    found = context.step(keys, "list")
    return context.step(lambda _: len(found), "count")


@says(aws=("dynamodb.Scan",))
@durable_execution
def dynamodb_pages_by_hand(event, context: DurableContext):
    """As people write it: on and on until no key comes back."""

    def everything(_):
        table = boto3.resource("dynamodb", region_name="eu-west-1").Table("orders")
        page = table.scan()
        items = page["Items"]
        while "LastEvaluatedKey" in page:
            page = table.scan(ExclusiveStartKey=page["LastEvaluatedKey"])
            items += page["Items"]
        return items

    return len(context.step(everything, "scan"))


@says(
    answers={"dynamodb.DescribeTable": {"Table": {"TableName": "orders", "TableStatus": "ACTIVE"}}},
    aws=("dynamodb.CreateTable", "dynamodb.DescribeTable"),
)
@durable_execution
def a_waiter(event, context: DurableContext):
    def make(_):
        dynamodb = client("dynamodb")
        dynamodb.create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb.get_waiter("table_exists").wait(TableName="orders", WaiterConfig={"Delay": 5, "MaxAttempts": 3})
        return "made"

    return context.step(make, "make")


# Messages and the rest


@says(aws=("sqs.SendMessage",))
@durable_execution
def sqs_with_a_token_that_is_recorded(event, context: DurableContext):
    token = context.step(lambda _: uuid.uuid4().hex, "token")
    return context.step(
        lambda _: client("sqs").send_message(
            QueueUrl=QUEUE + ".fifo", MessageBody="7", MessageGroupId="orders", MessageDeduplicationId=token
        )["MessageId"],
        "send",
    )


@says(unsure="every attempt has another token, so a crash sends twice: a warning would be right, an error is not")
@durable_execution
def sqs_with_a_token_of_the_attempt(event, context: DurableContext):
    def send(_):
        token = uuid.uuid4().hex
        client("sqs").send_message(
            QueueUrl=QUEUE + ".fifo", MessageBody="7", MessageGroupId="orders", MessageDeduplicationId=token
        )
        return token

    return {"token": context.step(send, "send")}


@says(aws=("sns.Publish",))
@durable_execution
def sns_message(event, context: DurableContext):
    attributes = {"kind": {"DataType": "String", "StringValue": "order"}}
    return context.step(
        lambda _: client("sns").publish(TopicArn=TOPIC, Subject="Order 7", Message="{}", MessageAttributes=attributes)[
            "MessageId"
        ],
        "publish",
    )


@says(
    answers={
        "secretsmanager.GetSecretValue": {"Name": "shop", "SecretString": '{"key": "k"}'},
        "ssm.GetParameter": {"Parameter": {"Name": "/shop/limit", "Value": "7"}},
    }
)
@durable_execution
def secrets_and_parameters(event, context: DurableContext):
    def login(_):
        secret = client("secretsmanager").get_secret_value(SecretId="shop")
        return len(json.loads(secret["SecretString"])["key"])

    limit = int(context.step(lambda _: client("ssm").get_parameter(Name="/shop/limit")["Parameter"]["Value"], "limit"))
    return context.step(login, "login") + limit


@says(answers={"ssm.GetParametersByPath": {"Parameters": [{"Name": "/shop/a", "Value": "1"}]}})
@durable_execution
def parameters_by_path(event, context: DurableContext):
    def settings(_):
        pages = client("ssm").get_paginator("get_parameters_by_path").paginate(Path="/shop")
        return {one["Name"]: one["Value"] for page in pages for one in page["Parameters"]}

    return context.step(settings, "settings")


@says(aws=("stepfunctions.StartExecution",), unsure="whether the service is called `states`, `sfn` or `stepfunctions`")
@durable_execution
def step_functions(event, context: DurableContext):
    machine = f"arn:aws:states:eu-west-1:{ACCOUNT}:stateMachine:orders"
    return context.step(
        lambda _: client("stepfunctions").start_execution(stateMachineArn=machine, name="order-7", input="{}")[
            "executionArn"
        ],
        "start",
    )


@says(
    answers={"lambda.Invoke": {"StatusCode": 200, "Payload": b'{"total": 40}'}},
    unsure="how `answers` says what a stream holds",
)
@durable_execution
def lambda_function(event, context: DurableContext):
    def price(_):
        response = client("lambda").invoke(FunctionName="price", Payload=json.dumps({"id": 7}))
        if response.get("FunctionError"):
            raise RuntimeError("the function failed")
        return json.loads(response["Payload"].read())

    return context.step(price, "price")


@says(answers={"events.PutEvents": {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}}, aws=("events.PutEvents",))
@durable_execution
def event_bridge(event, context: DurableContext):
    def put(_):
        entry = {"Source": "shop", "DetailType": "order", "Detail": "{}", "EventBusName": "default"}
        response = client("events").put_events(Entries=[entry])
        if response["FailedEntryCount"]:
            raise RuntimeError("the event was not taken")

    context.step(put, "put")
    return "put"


@says(aws=("cloudwatch.PutMetricData",))
@durable_execution
def cloudwatch_metrics(event, context: DurableContext):
    def measure(_):
        datum = {"MetricName": "orders", "Value": 1, "Unit": "Count", "Timestamp": datetime.now(UTC)}
        client("cloudwatch").put_metric_data(Namespace="shop", MetricData=[datum])

    context.step(measure, "measure")
    return "measured"


@says(aws=("sesv2.SendEmail",))
@durable_execution
def a_mail(event, context: DurableContext):
    content = {"Simple": {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "Your order is ready."}}}}
    return context.step(
        lambda _: client("sesv2").send_email(
            FromEmailAddress="shop@example.com", Destination={"ToAddresses": ["you@example.com"]}, Content=content
        )["MessageId"],
        "send",
    )


@says(answers={"ecs.RunTask": {"tasks": [{"taskArn": "arn:aws:ecs:eu-west-1:000000000000:task/7"}], "failures": []}})
@durable_execution
def a_container(event, context: DurableContext):
    return context.step(
        lambda _: client("ecs").run_task(cluster="jobs", taskDefinition="resize")["tasks"][0]["taskArn"], "run"
    )


@says(models=1, aws=("dynamodb.PutItem", "s3.PutObject", "sns.Publish"))
@durable_execution
def several_clients(event, context: DurableContext):
    bedrock, dynamodb, s3, sns = (client(name) for name in ("bedrock-runtime", "dynamodb", "s3", "sns"))
    text = context.step(
        lambda _: bedrock.converse(modelId="amazon.nova-pro-v1:0", messages=[user("A report")])["output"]["message"][
            "content"
        ][0]["text"],
        "write",
    )
    context.step(lambda _: s3.put_object(Bucket="reports", Key="7.txt", Body=text.encode()) and None, "upload")
    context.step(lambda _: dynamodb.put_item(TableName="reports", Item={"id": {"S": "7"}}) and None, "keep")
    context.step(lambda _: sns.publish(TopicArn=TOPIC, Message="a report is there") and None, "tell")
    return {"report": "7.txt"}
