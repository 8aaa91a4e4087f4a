"""A correct handler for each kind of the SDK's own examples, in own words.

https://github.com/aws/aws-durable-execution-sdk-python/tree/main/examples
"""

import json
import logging
from datetime import datetime, timedelta
from typing import Any

from aws_durable_execution_sdk_python import (
    BatchResult,
    CallbackError,
    CallbackSubmitterError,
    ChildContextError,
    DurableContext,
    InvokeError,
    StepContext,
    StepError,
    WithRetryConfig,
    durable_execution,
    durable_parallel_branch,
    durable_step,
    durable_wait_for_callback,
    durable_with_child_context,
    with_retry,
)
from aws_durable_execution_sdk_python.config import (
    CallbackConfig,
    ChildConfig,
    CompletionConfig,
    Duration,
    InvokeConfig,
    JitterStrategy,
    MapConfig,
    NestingType,
    ParallelConfig,
    StepConfig,
    StepSemantics,
    WaitForCallbackConfig,
)
from aws_durable_execution_sdk_python.plugin import DurableInstrumentationPlugin
from aws_durable_execution_sdk_python.retries import RetryPresets, RetryStrategyConfig, create_retry_strategy
from aws_durable_execution_sdk_python.serdes import JsonSerDes, SerDes, SerDesContext
from aws_durable_execution_sdk_python.waits import (
    WaitForConditionConfig,
    WaitForConditionDecision,
    WaitStrategyConfig,
    create_wait_strategy,
)

from durable_conformance import Refused, Silence
from tests.conformance.as_found.says import answered, cannot_run, says, warns

logger = logging.getLogger(__name__)
NEVER = StepConfig(retry_strategy=RetryPresets.none())
SOON = create_retry_strategy(
    RetryStrategyConfig(max_attempts=3, initial_delay=Duration.from_seconds(1), jitter_strategy=JitterStrategy.NONE)
)


# Steps


@cannot_run("operation", unsure="the SDK's first example has no operation: nothing was checked, and nothing is wrong")
@durable_execution
def hello_world(event: Any, context: DurableContext) -> dict:
    return {"greeting": "hello"}


@durable_step
def add(_step: StepContext, a: int, b: int) -> int:
    return a + b


@says()
@durable_execution
def a_step(event: Any, context: DurableContext) -> int:
    return context.step(add(3, 4))


@says()
@durable_execution
def a_step_with_a_name(event: Any, context: DurableContext) -> str:
    return context.step(lambda _: "ready", name="prepare")


@says()
@durable_execution
def a_step_that_is_retried(event: Any, context: DurableContext) -> str:
    def call(step: StepContext) -> str:
        if step.attempt < 3:
            raise RuntimeError("not yet")
        return f"at attempt {step.attempt}"

    return context.step(call, "call", StepConfig(retry_strategy=SOON))


@says()
@durable_execution
def steps_that_are_retried_in_a_loop(event: Any, context: DurableContext) -> dict:
    for turn in range(1, 6):

        def look(_step: StepContext, turn: int = turn) -> dict | None:
            return {"id": 7} if turn == 3 else None

        item = context.step(look, f"look-{turn}", StepConfig(retry_strategy=SOON))
        if item:
            return {"found": item, "turns": turn}
        context.wait(Duration.from_seconds(5), f"pause-{turn}")
    return {"found": None}


@says()
@durable_execution
def a_step_at_most_once(event: Any, context: DurableContext) -> str:
    config = StepConfig(retry_strategy=SOON, step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY)
    return context.step(lambda _: "sent", "send", config)


@says()
@durable_execution
def a_step_at_most_once_that_is_not_retried(event: Any, context: DurableContext) -> dict:
    config = StepConfig(retry_strategy=RetryPresets.none(), step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY)
    try:
        return {"receipt": context.step(lambda _: "r-7", "charge", config)}
    except StepError:
        return {"unknown": "interrupted while charging"}


@says()
@durable_execution
def nothing_as_results(event: Any, context: DurableContext) -> list:
    results = [
        context.step(lambda _: None, "nothing"),
        context.run_in_child_context(lambda child: None, "empty"),
        context.step(lambda _: [], "no-items"),
        context.step(lambda _: "", "no-text"),
    ]
    context.wait(Duration.from_seconds(1), "replay")
    return results


@says()
@durable_execution
def nothing_at_all(event: Any, context: DurableContext) -> None:
    context.step(lambda _: None, "nothing")


@says()
@durable_execution
def an_error_that_is_handled(event: Any, context: DurableContext) -> dict:
    def fail(_step: StepContext) -> str:
        raise ValueError("a bad value")

    try:
        context.step(fail, "fail", NEVER)
    except StepError as error:
        return {"handled": error.message}
    return {"handled": None}


@says(expect="FAILED")
@durable_execution
def an_error_of_the_handler(event: Any, context: DurableContext) -> dict:
    context.step(lambda _: "begun", "begin")
    raise RuntimeError("deliberate")


# Waits


@says()
@durable_execution
def a_wait(event: Any, context: DurableContext) -> str:
    context.wait(Duration.from_seconds(5))
    return "waited"


@says()
@durable_execution
def several_waits(event: Any, context: DurableContext) -> dict:
    context.wait(Duration.from_seconds(5), name="first")
    context.wait(Duration.from_days(1), name="second")
    return {"waits": 2}


@says()
@durable_execution
def a_condition(event: Any, context: DurableContext) -> int:
    def strategy(state: int, attempts: int) -> WaitForConditionDecision:
        if state >= 3:
            return WaitForConditionDecision.stop_polling()
        return WaitForConditionDecision.continue_waiting(Duration.from_seconds(attempts))

    config = WaitForConditionConfig(wait_strategy=strategy, initial_state=0)
    return context.wait_for_condition(lambda state, _: state + 1, config, "count")


@says()
@durable_execution
def a_condition_with_a_ready_made_strategy(event: Any, context: DurableContext) -> dict:
    strategy = create_wait_strategy(
        WaitStrategyConfig(should_continue_polling=lambda state: state["status"] != "DONE", max_attempts=10)
    )

    def check(state: dict, _: Any) -> dict:
        polls = state["polls"] + 1
        return {"status": "DONE" if polls >= 3 else "RUNNING", "polls": polls}

    config = WaitForConditionConfig(wait_strategy=strategy, initial_state={"status": "NEW", "polls": 0})
    return context.wait_for_condition(check, config, "job")


# Callbacks


@says()
@durable_execution
def a_callback(event: Any, context: DurableContext) -> dict:
    config = CallbackConfig(timeout=Duration.from_minutes(2), heartbeat_timeout=Duration.from_minutes(1))
    callback = context.create_callback(name="partner", config=config)
    return {"answer": callback.result()}


@says(callbacks={"partner": answered(None)})
@durable_execution
def a_callback_with_no_result(event: Any, context: DurableContext) -> dict:
    callback = context.create_callback("partner", CallbackConfig(timeout=Duration.from_minutes(2)))
    return {"answer": callback.result()}


@warns("budget")
@durable_execution
def a_callback_without_a_timeout(event: Any, context: DurableContext) -> dict:
    return {"answer": context.create_callback("partner").result()}


@says(callbacks={"partner": (Silence(),)})
@durable_execution
def a_callback_whose_heartbeat_stops(event: Any, context: DurableContext) -> dict:
    config = CallbackConfig(timeout=Duration.from_minutes(10), heartbeat_timeout=Duration.from_seconds(30))
    callback = context.create_callback("partner", config)
    try:
        return {"answer": callback.result()}
    except CallbackError as error:
        return {"timed_out": type(error).__name__}


@says(callbacks={"partner": (Refused("out of office"),)})
@durable_execution
def a_callback_that_fails(event: Any, context: DurableContext) -> dict:
    callback = context.create_callback("partner", CallbackConfig(timeout=Duration.from_minutes(2)))
    try:
        return {"answer": callback.result()}
    except CallbackError as error:
        return {"failed": str(error)}


@says()
@durable_execution
def a_callback_among_other_operations(event: Any, context: DurableContext) -> dict:
    profile = context.step(lambda _: {"user": 7}, "profile")
    callback = context.create_callback("terms", CallbackConfig(timeout=Duration.from_minutes(5)))
    context.step(lambda _: None, "notify")
    context.wait(Duration.from_seconds(1), "courtesy")
    return {"profile": profile, "answer": callback.result()}


@says()
@durable_execution
def callbacks_side_by_side(event: Any, context: DurableContext) -> list:
    def ask(name: str) -> Any:
        def branch(child: DurableContext) -> str | None:
            callback = child.create_callback(name, CallbackConfig(timeout=Duration.from_minutes(5)))
            return callback.result()

        return branch

    batch = context.parallel([ask("alice"), ask("bob"), ask("carol")], "votes")
    batch.throw_if_error()
    return batch.get_results()


class DateSerDes(SerDes[dict]):
    """Writes dates in a form of its own."""

    def serialize(self, value: dict, _: SerDesContext) -> str:
        return json.dumps({name: {"date": part.isoformat()} for name, part in value.items()})

    def deserialize(self, data: str, _: SerDesContext) -> dict:
        return {name: datetime.fromisoformat(part["date"]) for name, part in json.loads(data).items()}


@says(callbacks={"booking": answered('{"from": {"date": "2031-01-01T00:00:00"}}')})
@durable_execution
def a_callback_with_a_serializer(event: Any, context: DurableContext) -> str:
    config = CallbackConfig(timeout=Duration.from_minutes(5), serdes=DateSerDes())
    booked = context.create_callback("booking", config).result()
    return (booked["from"] + timedelta(days=1)).isoformat()


@says()
@durable_execution
def a_submitter(event: Any, context: DurableContext) -> dict:
    config = WaitForCallbackConfig(timeout=Duration.from_minutes(2), heartbeat_timeout=Duration.from_minutes(1))
    answer = context.wait_for_callback(lambda callback_id, _: None, name="partner", config=config)
    return {"answer": answer}


@durable_wait_for_callback
def submit(callback_id: str, context: Any, to: str) -> None:
    context.logger.info("asking %s", to)


@says()
@durable_execution
def a_submitter_with_arguments(event: Any, context: DurableContext) -> str | None:
    return context.wait_for_callback(submit("bob"), config=WaitForCallbackConfig(timeout=Duration.from_minutes(2)))


@warns("budget")
@durable_execution
def an_anonymous_submitter(event: Any, context: DurableContext) -> dict:
    return {"answer": context.wait_for_callback(lambda callback_id, _: None)}


@says()
@durable_execution
def a_submitter_that_fails(event: Any, context: DurableContext) -> dict:
    def fail(callback_id: str, _context: Any) -> None:
        raise ConnectionError("no line")

    config = WaitForCallbackConfig(timeout=Duration.from_minutes(2), retry_strategy=SOON)
    try:
        return {"answer": context.wait_for_callback(fail, "partner", config)}
    except CallbackSubmitterError:
        return {"failed": "the partner could not be asked"}


@says(callbacks={"payment": answered('{"paid": 40}')})
@durable_execution
def a_submitter_with_a_serializer(event: Any, context: DurableContext) -> int:
    config = WaitForCallbackConfig(timeout=Duration.from_minutes(2), serdes=JsonSerDes())
    return context.wait_for_callback(lambda callback_id, _: None, "payment", config)["paid"]


@says()
@durable_execution
def submitters_in_child_contexts(event: Any, context: DurableContext) -> dict:
    config = WaitForCallbackConfig(timeout=Duration.from_hours(1))

    def inner(child: DurableContext) -> str | None:
        child.step(lambda _: None, "prepare")
        return child.wait_for_callback(lambda callback_id, _: None, "inner", config)

    def outer(child: DurableContext) -> list:
        first = child.wait_for_callback(lambda callback_id, _: None, "outer", config)
        return [first, child.run_in_child_context(inner, "inner-context")]

    return {"answers": context.run_in_child_context(outer, "outer-context")}


@says()
@durable_execution
def submitters_over_several_invocations(event: Any, context: DurableContext) -> dict:
    config = WaitForCallbackConfig(timeout=Duration.from_hours(1))
    first = context.wait_for_callback(lambda callback_id, _: None, "first", config)
    context.wait(Duration.from_seconds(1), "between")
    stored = context.step(lambda _: {"first": first}, "store")
    second = context.wait_for_callback(lambda callback_id, _: None, "second", config)
    return {**stored, "second": second}


# Child contexts


@durable_with_child_context
def doubled(child: DurableContext, value: int) -> int:
    return child.step(lambda _: value * 2, "double")


@says()
@durable_execution
def a_child_context(event: Any, context: DurableContext) -> int:
    return context.run_in_child_context(doubled(21))


@says()
@durable_execution
def nested_child_contexts(event: Any, context: DurableContext) -> dict:
    def inner(child: DurableContext) -> str:
        child.wait(Duration.from_seconds(1), "pause")
        return "inner"

    def outer(child: DurableContext) -> list:
        return [child.step(lambda _: "step", "step"), child.run_in_child_context(inner, "inner")]

    return {"outer": context.run_in_child_context(outer, "outer")}


@says()
@durable_execution
def a_child_context_with_much_data(event: Any, context: DurableContext) -> dict:
    def much(child: DurableContext) -> list[str]:
        return [child.step(lambda _, n=n: str(n) * 50_000, f"part-{n}") for n in range(6)]

    parts = context.run_in_child_context(much, "much")
    context.wait(Duration.from_seconds(1), "replay")
    return {"parts": len(parts), "size": sum(map(len, parts))}


@says()
@durable_execution
def a_child_context_with_a_summary(event: Any, context: DurableContext) -> dict:
    def much(child: DurableContext) -> list[str]:
        return [child.step(lambda _, n=n: str(n) * 50_000, f"part-{n}") for n in range(6)]

    config = ChildConfig(summary_generator=lambda parts: json.dumps({"parts": len(parts)}))
    parts = context.run_in_child_context(much, "much", config)
    return {"first": parts[0][:3], "parts": len(parts)}


@says()
@durable_execution
def a_child_context_whose_step_fails(event: Any, context: DurableContext) -> dict:
    def fail(_step: StepContext) -> None:
        raise ValueError("refused")

    try:
        context.run_in_child_context(lambda child: child.step(fail, "fail", NEVER), "risky")
    except ChildContextError as error:
        context.wait(Duration.from_seconds(1), "after")
        return {"failed": error.message}
    return {}


# Map and parallel


@says()
@durable_execution
def a_map(event: Any, context: DurableContext) -> list:
    batch = context.map(
        [1, 2, 3], lambda child, item, index, items: child.step(lambda _: item * 2, f"double-{index}"), "double"
    )
    batch.throw_if_error()
    return batch.get_results()


@says()
@durable_execution
def a_map_of_nothing(event: Any, context: DurableContext) -> list:
    names = context.map([], lambda child, item, index, items: item, "none").get_results()
    return [*names, context.step(lambda _: "after", "after")]


@says()
@durable_execution
def a_flat_map(event: Any, context: DurableContext) -> list:
    config = MapConfig(nesting_type=NestingType.FLAT, max_concurrency=2)
    batch = context.map(
        [1, 2, 3], lambda child, item, index, items: child.step(lambda _: item * 2, f"double-{index}"), "double", config
    )
    batch.throw_if_error()
    return batch.get_results()


@says()
@durable_execution
def a_map_with_named_items(event: Any, context: DurableContext) -> list:
    config = MapConfig(max_concurrency=1, item_namer=lambda item, index: f"order-{item}-{index}")
    batch = context.map(["a", "b"], lambda child, item, index, items: item.upper(), "orders", config)
    batch.throw_if_error()
    return batch.get_results()


@says()
@durable_execution
def a_map_of_many(event: Any, context: DurableContext) -> dict:
    batch = context.map(
        list(range(6)),
        lambda child, item, index, items: child.step(lambda _: "x" * 60_000, "make"),
        "many",
        MapConfig(max_concurrency=3),
    )
    batch.throw_if_error()
    context.wait(Duration.from_seconds(1), "replay")
    return {"size": sum(map(len, batch.get_results()))}


@says()
@durable_execution
def a_map_that_tolerates_failures(event: Any, context: DurableContext) -> dict:
    def work(child: DurableContext, item: int, index: int, items: Any) -> int:
        def divide(_step: StepContext) -> int:
            return 12 // item

        return child.step(divide, "divide", NEVER)

    config = MapConfig(completion_config=CompletionConfig(tolerated_failure_count=1))
    batch = context.map([3, 0, 4], work, "divide-all", config)
    return {"results": batch.get_results(), "failed": batch.failure_count, "why": batch.completion_reason.value}


@says(order_matters=True)
@durable_execution
def a_map_that_needs_two(event: Any, context: DurableContext) -> dict:
    config = MapConfig(completion_config=CompletionConfig(min_successful=2), max_concurrency=3)
    batch: BatchResult = context.map(
        [1, 2, 3, 4], lambda child, item, index, items: child.step(lambda _: item, "take"), "take-two", config
    )
    return {"enough": batch.success_count >= 2, "why": batch.completion_reason.value}


class ListSerDes(SerDes[Any]):
    """Wraps whatever it is given, as an item's serializer may."""

    def serialize(self, value: Any, _: SerDesContext) -> str:
        return json.dumps({"wrapped": value})

    def deserialize(self, data: str, _: SerDesContext) -> Any:
        return json.loads(data)["wrapped"]


@says()
@durable_execution
def a_map_with_serializers_for_items(event: Any, context: DurableContext) -> list:
    config = MapConfig(item_serdes=ListSerDes())
    batch = context.map([1, 2], lambda child, item, index, items: {"n": item}, "wrap", config)
    context.wait(Duration.from_seconds(1), "replay")
    return batch.get_results()


class BatchSerDes(SerDes[BatchResult]):
    """A batch as JSON."""

    def serialize(self, value: BatchResult, _: SerDesContext) -> str:
        return json.dumps(value.to_dict())

    def deserialize(self, data: str, _: SerDesContext) -> BatchResult:
        return BatchResult.from_dict(json.loads(data))


@says()
@durable_execution
def a_map_with_a_serializer_for_the_batch(event: Any, context: DurableContext) -> list:
    config = MapConfig(serdes=BatchSerDes(), item_serdes=JsonSerDes())
    batch = context.map([1, 2], lambda child, item, index, items: item + 1, "add", config)
    context.wait(Duration.from_seconds(1), "replay")
    return batch.get_results()


@says()
@durable_execution
def a_parallel(event: Any, context: DurableContext) -> list:
    branches = [
        lambda child: child.step(lambda _: "a", "a"),
        lambda child: child.wait(Duration.from_seconds(1), "b") or "b",
        lambda child: child.run_in_child_context(lambda inner: inner.step(lambda _: "c", "c"), "context"),
    ]
    batch = context.parallel(branches, "three")
    batch.throw_if_error()
    return batch.get_results()


@durable_parallel_branch(name="load-user")
def load_user(child: DurableContext, user: int) -> dict:
    return child.step(lambda _: {"user": user}, "user")


@durable_parallel_branch(name="load-orders")
def load_orders(child: DurableContext, user: int) -> list:
    return child.step(lambda _: [user * 10], "orders")


@says()
@durable_execution
def a_parallel_with_named_branches(event: Any, context: DurableContext) -> list:
    batch = context.parallel([load_user(7), load_orders(7)], "load", ParallelConfig(max_concurrency=1))
    batch.throw_if_error()
    return batch.get_results()


@says()
@durable_execution
def a_parallel_with_waits(event: Any, context: DurableContext) -> str:
    def wait(seconds: int) -> Any:
        return lambda child: child.wait(Duration.from_seconds(seconds), f"wait-{seconds}")

    batch = context.parallel([wait(1), wait(2), wait(5)], "waits")
    batch.throw_if_error()
    return f"{batch.success_count} waits"


@says()
@durable_execution
def a_parallel_that_tolerates_failures(event: Any, context: DurableContext) -> dict:
    def fail(_step: StepContext) -> None:
        raise ValueError("refused")

    config = ParallelConfig(completion_config=CompletionConfig(tolerated_failure_count=1))
    branches = [
        lambda child: child.step(lambda _: 1, "one"),
        lambda child: child.step(fail, "fail", NEVER),
        lambda child: child.step(lambda _: 3, "three"),
    ]
    batch = context.parallel(branches, "some", config)
    return {"results": batch.get_results(), "failed": batch.failure_count}


@says()
@durable_execution
def a_parallel_with_a_serializer(event: Any, context: DurableContext) -> list:
    config = ParallelConfig(item_serdes=ListSerDes())
    batch = context.parallel([lambda child: {"a": 1}, lambda child: {"b": 2}], "pairs", config)
    context.wait(Duration.from_seconds(1), "replay")
    return batch.get_results()


# Other functions, other loops, logs, plugins


@says(invokes={"price": answered('{"total": 40}')})
@durable_execution
def a_chained_invocation(event: Any, context: DurableContext) -> int:
    priced = context.invoke("price-order:live", {"order": 7}, name="price", config=InvokeConfig())
    return context.step(lambda _: priced["total"] + 2, "add-shipping")


@says(invokes={"price": (Refused("sold out"),)})
@durable_execution
def a_chained_invocation_that_fails(event: Any, context: DurableContext) -> dict:
    try:
        return {"total": context.invoke("price-order:live", {"order": 7}, name="price")}
    except InvokeError as error:
        return {"failed": error.message}


@says()
@durable_execution
def a_block_that_is_retried(event: Any, context: DurableContext) -> str:
    def block(child: DurableContext, attempt: int) -> str:
        token = child.step(lambda _: f"token-{attempt}", f"token-{attempt}")
        if attempt == 1:
            raise ConnectionError("the line was cut")
        return token

    return with_retry(context, block, WithRetryConfig(retry_strategy=SOON), "block")


@says(callbacks={"partner": (Refused("busy"), *answered("yes"))})
@durable_execution
def a_callback_that_is_asked_for_again(event: Any, context: DurableContext) -> str | None:
    config = WaitForCallbackConfig(timeout=Duration.from_hours(1))

    def ask(child: DurableContext, attempt: int) -> str | None:
        return child.wait_for_callback(lambda callback_id, _: None, "partner", config)

    return with_retry(context, ask, WithRetryConfig(retry_strategy=SOON), "ask")


@says()
@durable_execution
def logs(event: Any, context: DurableContext) -> str:
    context.logger.info("begins", extra={"event": event})

    def work(step: StepContext) -> str:
        step.logger.warning("works at attempt %s", step.attempt)
        return "done"

    def body(child: DurableContext) -> str:
        child.logger.info("in a child context")
        return child.step(work, "work")

    result = context.run_in_child_context(body, "child")
    context.set_logger(logger)
    context.logger.info("ends")
    return result


class Counter(DurableInstrumentationPlugin):
    """Counts what it is told of, as a metrics plugin does."""

    def __init__(self) -> None:
        self.operations = 0

    def on_operation_start(self, *_args: Any, **_kwargs: Any) -> None:
        self.operations += 1


class Counters:
    def create_plugin(self, _info: Any) -> Counter:
        return Counter()


@says()
@durable_execution(plugins=[Counters()])
def with_a_plugin(event: Any, context: DurableContext) -> str:
    return context.step(lambda _: "done", "work")


@says()
@durable_execution
def everything_at_once(event: Any, context: DurableContext) -> dict:
    number = context.step(lambda _: 3, "number")
    context.wait(Duration.from_seconds(1), "wait")
    squares = context.map(
        list(range(number)), lambda child, item, i, items: child.step(lambda _: item**2, f"square-{i}"), "squares"
    )
    views = context.parallel([lambda child: child.step(lambda _: "a", "a"), lambda child: "b"], "views")
    answer = context.wait_for_callback(
        lambda callback_id, _: None, "partner", WaitForCallbackConfig(timeout=Duration.from_hours(1))
    )
    return {"squares": squares.get_results(), "views": views.get_results(), "answer": answer}
