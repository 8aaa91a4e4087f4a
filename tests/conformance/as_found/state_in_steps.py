"""Handlers whose steps change what lies outside them, which replay skips; and their correct twins."""

import json
from dataclasses import dataclass, field

import boto3
from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration

from tests.conformance.as_found.says import says, tells

PROMPT_DRIFT = ("request-stability", "result-stability", "no-invocation-state")
"""What a prompt that lacks something can be told as."""

_clients = {}
_answers = []
_customer = None


def client(service):
    return _clients.setdefault(service, boto3.client(service, region_name="eu-west-1"))


def ask(text):
    response = client("bedrock-runtime").converse(
        modelId="eu.amazon.nova-micro-v1:0", messages=[{"role": "user", "content": [{"text": text}]}]
    )
    return response["output"]["message"]["content"][0]["text"]


def publish(text):
    client("sns").publish(TopicArn="arn:aws:sns:eu-west-1:000000000000:customers", Message=text)


@says(*PROMPT_DRIFT, models=2)
@durable_execution
def a_list_is_filled(event, context: DurableContext):
    facts = []
    context.step(lambda _: facts.append(ask("A fact about whales")), "fact")
    return context.step(lambda _: ask("Write a poem about: " + "; ".join(facts)), "poem")


@says(*PROMPT_DRIFT)
@durable_execution
def messages_are_appended(event, context: DurableContext):
    messages = [{"role": "user", "content": [{"text": "Think of an animal"}]}]

    def turn(_):
        message = client("bedrock-runtime").converse(modelId="amazon.nova-pro-v1:0", messages=messages)["output"][
            "message"
        ]
        messages.append(message)
        return message["content"][0]["text"]

    context.step(turn, "think")
    messages.append({"role": "user", "content": [{"text": "Which one?"}]})
    return context.step(turn, "tell")


@says(*PROMPT_DRIFT)
@durable_execution
def a_dict_is_updated(event, context: DurableContext):
    found = {}

    def look_up(_):
        found["capital"] = ask("The capital of Italy?")

    context.step(look_up, "look-up")
    return context.step(lambda _: ask("Describe " + json.dumps(found)), "describe")


@says(*PROMPT_DRIFT, event={"text": "hello"})
@durable_execution
def the_event_is_changed(event, context: DurableContext):
    context.step(lambda _: event.update(language=ask("Which language is this?")), "detect")
    return context.step(lambda _: ask(f"Translate from {event.get('language')}: {event['text']}"), "translate")


@says(*PROMPT_DRIFT)
@durable_execution
def a_variable_of_the_handler_feeds_a_prompt(event, context: DurableContext):
    topic = "nothing"

    def choose(_):
        nonlocal topic
        topic = ask("Choose a topic")

    context.step(choose, "choose")
    return context.step(lambda _: ask(f"Write about {topic}"), "write")


@tells(mentions="customer", aws=("sns.Publish",))
@durable_execution
def a_variable_of_the_handler_feeds_a_message(event, context: DurableContext):
    customer = None

    def register(_):
        nonlocal customer
        customer = "customer-7"

    context.step(register, "register")
    context.wait(Duration.from_days(3), "trial")
    context.step(lambda _: publish(f"{customer}: the trial has ended"), "tell")


@tells(mentions="_customer", aws=("sns.Publish",))
@durable_execution
def a_global_feeds_a_message(event, context: DurableContext):
    def register(_):
        global _customer
        _customer = "customer-7"

    context.step(register, "register")
    context.wait(Duration.from_hours(12), "trial")
    context.step(lambda _: publish(f"welcome, {_customer}"), "tell")


@says(*PROMPT_DRIFT)
@durable_execution
def a_global_list_feeds_a_prompt(event, context: DurableContext):
    context.step(lambda _: _answers.append(ask("A fact about whales")), "fact")
    return context.step(lambda _: ask(f"Rate: {_answers}"), "rate")


@dataclass
class Basket:
    items: list = field(default_factory=list)
    total: int = 0


@says("result-stability", "no-invocation-state", "side-effects", aws=("dynamodb.PutItem",))
@durable_execution
def an_attribute_is_set(event, context: DurableContext):
    basket = Basket()

    def price(_):
        basket.items.append("lamp")
        basket.total += 40

    context.step(price, "price")
    context.step(lambda _: client("dynamodb").put_item(TableName="orders", Item={"id": {"S": "7"}}) and None, "keep")
    return {"items": basket.items, "total": basket.total}


class Conversation:
    """A workflow as a class, which keeps what it knows in itself."""

    def __init__(self, context):
        self.context = context
        self.history = []

    def say(self, text):
        def turn(_):
            self.history.append(text)
            answer = ask("\n".join(self.history))
            self.history.append(answer)
            return answer

        return self.context.step(turn, f"turn-{text}")


@says(*PROMPT_DRIFT)
@durable_execution
def an_attribute_of_self(event, context: DurableContext):
    conversation = Conversation(context)
    conversation.say("hello")
    return conversation.say("goodbye")


@says("result-stability", "history-stability", "replay-identity", "suspension")
@durable_execution
def a_flag_decides_what_follows(event, context: DurableContext):
    state = {"approved": False}
    context.step(lambda _: state.update(approved=True), "approve")
    if state["approved"]:
        return context.step(lambda _: "paid", "pay")
    return "refused"


@tells(mentions="state")
@durable_execution
def a_flag_is_forgotten_by_a_wait(event, context: DurableContext):
    """Each run is alike, and wrong: after the wait the flag is never set."""
    state = {"approved": False}
    context.step(lambda _: state.update(approved=True), "approve")
    context.wait(Duration.from_minutes(1), "cool-down")
    if state["approved"]:
        return context.step(lambda _: "paid", "pay")
    return "refused"


@says(models=2)
@durable_execution
def what_a_step_returns_is_kept(event, context: DurableContext):
    facts = []
    facts.append(context.step(lambda _: ask("A fact about whales"), "fact"))
    return context.step(lambda _: ask("Write a poem about: " + "; ".join(facts)), "poem")


class CarefulConversation:
    def __init__(self, context):
        self.context = context
        self.history = []

    def say(self, text):
        self.history.append(text)
        prompt = "\n".join(self.history)
        self.history.append(self.context.step(lambda _: ask(prompt), f"turn-{text}"))
        return self.history[-1]


@says(models=2)
@durable_execution
def an_attribute_of_self_that_is_made_anew(event, context: DurableContext):
    conversation = CarefulConversation(context)
    conversation.say("hello")
    return conversation.say("goodbye")


@says(models=1)
@durable_execution
def a_list_of_the_step_itself(event, context: DurableContext):
    def lines(_):
        said = []
        for line in ask("A poem").splitlines():
            said.append(line)  # noqa: PERF402  # as people write it
        return said

    return context.step(lines, "lines")
