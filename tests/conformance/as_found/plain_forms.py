"""Forms that handlers take: unnamed operations, other decorators, classes, typed events, answers as raw text."""

import functools
import os
import random
import tempfile
from datetime import UTC, date, datetime, timedelta

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration, StepConfig, WaitForCallbackConfig
from aws_durable_execution_sdk_python.filesystem_serdes import (
    FileSystemSerDes,
    FileSystemSerDesConfig,
    FileSystemSerDesMode,
)
from aws_durable_execution_sdk_python.retries import RetryStrategyConfig, create_retry_strategy
from pydantic import BaseModel, Field

from tests.conformance.as_found.says import answered, cannot_run, says, warns

EIGHT_TIMES = create_retry_strategy(RetryStrategyConfig(max_attempts=8, initial_delay=Duration.from_seconds(1)))
HOUR = CallbackConfig(timeout=Duration.from_hours(1))


@says()
@durable_execution
def unnamed_steps(event, context: DurableContext):
    first = context.step(lambda _: 1)
    return context.step(lambda _: first + 1)


@says()
@durable_execution
def unnamed_everything(event, context: DurableContext):
    context.wait(Duration.from_seconds(30))
    numbers = context.map([1, 2], lambda branch, item, i, all_: branch.step(lambda _: item * 2)).get_results()
    letters = context.parallel([lambda branch: branch.step(lambda _: "a"), lambda branch: "b"]).get_results()
    return context.run_in_child_context(lambda child: child.step(lambda _: [*numbers, *letters]))


@says()
@durable_execution
def unnamed_callback(event, context: DurableContext):
    return {"result": context.create_callback(config=HOUR).result()}


@warns("budget")
@durable_execution
def unnamed_callback_without_a_timeout(event, context: DurableContext):
    return {"result": context.create_callback().result()}


@says()
@durable_execution
def unnamed_submitter(event, context: DurableContext):
    config = WaitForCallbackConfig(timeout=Duration.from_minutes(10))
    return context.wait_for_callback(lambda callback_id, _: None, config=config)


@says(callbacks={"approval": answered("Approved")})
@durable_execution
def a_raw_answer(event, context: DurableContext):
    if context.create_callback("approval", HOUR).result() != "Approved":
        raise ValueError("not approved")
    return context.step(lambda _: "paid", "pay")


@says(callbacks={"choice": answered("2")})
@durable_execution
def a_raw_number_as_an_answer(event, context: DurableContext):
    choice = context.wait_for_callback(lambda callback_id, _: None, "choice", WaitForCallbackConfig(HOUR.timeout))
    return context.step(lambda _: ["tea", "coffee", "water"][int(choice)], "serve")


@says()
@durable_execution
def files_for_big_results(event, context: DurableContext):
    serdes = FileSystemSerDes(os.environ.get("MOUNT", tempfile.gettempdir()))
    return len(context.step(lambda _: ["x" * 1000] * 300, "rows", StepConfig(serdes=serdes)))


@says()
@durable_execution
def files_for_what_overflows(event, context: DurableContext):
    how = FileSystemSerDesConfig(storage_mode=FileSystemSerDesMode.OVERFLOW)
    config = StepConfig(serdes=FileSystemSerDes(tempfile.gettempdir(), how))
    few = context.step(lambda _: ["x"], "few", config)
    many = context.step(lambda _: ["x" * 1000] * 300, "many", config)
    return len(few) + len(many)


def traced(handler):
    """What a tracing library's decorator does."""

    @functools.wraps(handler)
    def wrapped(event, context):
        return handler(event, context)

    return wrapped


def timed(handler):
    """A decorator that does not say what it wraps."""

    def wrapped(event, context):
        return handler(event, context)

    return wrapped


class Logger:
    """As structured loggers are: a decorator with and without options, which looks at the Lambda context."""

    def inject_lambda_context(self, handler=None, log_event=False):
        if handler is None:
            return functools.partial(self.inject_lambda_context, log_event=log_event)

        @functools.wraps(handler)
        def decorate(event, context, *args, **kwargs):
            self.extra = {"request": getattr(context, "aws_request_id", None), "event": event if log_event else None}
            return handler(event, context, *args, **kwargs)

        return decorate


logger = Logger()


@says(name="decorated")
@traced
@durable_execution
def decorated(event, context: DurableContext):
    return context.step(lambda _: "x", "brief")


@says("environment", "replay-identity", name="decorated_and_dated", elsewhere=True)
@traced
@durable_execution
def decorated_and_dated(event, context: DurableContext):
    return context.step(lambda _: "x", f"brief-{date.today()}")


@says(name="decorated_without_wraps", module="plain_forms")
@timed
@durable_execution
def decorated_without_wraps(event, context: DurableContext):
    return context.step(lambda _: "x", "brief")


@says(name="decorated_twice")
@traced
@logger.inject_lambda_context(log_event=True)
@durable_execution
def decorated_twice(event, context: DurableContext):
    return context.step(lambda _: "x", "brief")


@says(name="decorated_inside")
@durable_execution
@traced
def decorated_inside(event, context: DurableContext):
    return context.step(lambda _: "x", "brief")


class App:
    """A handler as a method, its configuration in the object."""

    def __init__(self, greeting):
        self.greeting = greeting

    def run(self, event, context: DurableContext):
        name = context.step(lambda _: event.get("name", "you"), "name")
        return context.step(lambda _: f"{self.greeting} {name}", "greet")

    def handler(self):
        return durable_execution(self.run)


of_a_class = says(name="of_a_class", module="plain_forms", event={"name": "Ada"})(App("Hello").handler())


class Callable:
    def __call__(self, event, context: DurableContext):
        return context.step(lambda _: "called", "call")


of_a_callable = says(name="of_a_callable", module="plain_forms")(durable_execution(Callable()))


class Order(BaseModel):
    id: int
    items: list[str] = Field(min_length=1)
    gift: bool = False


@says(event={"id": 7, "items": ["lamp"]})
@durable_execution
def typed_by_pydantic(event, context: DurableContext):
    order = Order.model_validate(event)
    priced = context.step(lambda _: dict.fromkeys(order.items, 40), "price")
    return Order(id=order.id, items=list(priced), gift=True).model_dump()


@cannot_run("items", event={"id": 7})
@durable_execution
def typed_by_pydantic_and_given_another_event(event, context: DurableContext):
    order = Order.model_validate(event)
    return context.step(lambda _: order.items, "price")


@says(event={"id": 7}, expect="FAILED")
@durable_execution
def refuses_its_event(event, context: DurableContext):
    known = context.step(lambda _: False, "look-up")
    if not known:
        raise LookupError(f"there is no order {event['id']}")
    return known


@says()
@durable_execution
def fails_by_chance_and_is_retried(event, context: DurableContext):
    def call(_):
        if random.random() < 0.4:
            raise ConnectionError("reset")
        return "answer"

    first = context.step(call, "call", StepConfig(retry_strategy=EIGHT_TIMES))
    return context.step(lambda _: first + "!", "finish")


@says()
@durable_execution
def fails_on_its_first_attempt(event, context: DurableContext):
    def call(step):
        if step.attempt == 1:
            raise TimeoutError("no answer")
        return step.attempt

    return context.step(call, "call", StepConfig(retry_strategy=EIGHT_TIMES))


@says()
@durable_execution
def gives_up_after_an_hour(event, context: DurableContext):
    deadline = context.step(lambda _: (datetime.now(UTC) + timedelta(hours=1)).isoformat(), "deadline")
    turn = 0
    while True:
        turn += 1
        if context.step(lambda _: datetime.now(UTC) > datetime.fromisoformat(deadline), f"look-{turn}"):
            return "gave up"
        context.wait(Duration.from_minutes(20), f"pause-{turn}")


@cannot_run("operation", unsure="an execution without an operation has checked nothing")
@durable_execution
def without_an_operation(event, context: DurableContext):
    return {"hello": event.get("name", "world")}


@cannot_run("async", unsure="the SDK takes no coroutine: the result cannot be serialised")
@durable_execution
async def asynchronous(event, context: DurableContext):
    return context.step(lambda _: "x", "a")
