"""Suites 8 and 9: parallel branches, and maps. One after the other, unless a requirement says otherwise."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from aws_durable_execution_sdk_python import BatchItemStatus, BatchResult, DurableContext, ParallelBranch
from aws_durable_execution_sdk_python.concurrency.models import BatchItem
from aws_durable_execution_sdk_python.config import CompletionConfig, MapConfig, NestingType, ParallelConfig

from tests.oracle.handlers.registry import SECOND, SECONDS, WRAPPED, Mapped, fail, requirement


def branches(
    context: DurableContext,
    functions: Sequence[Callable[[DurableContext], Any] | ParallelBranch[Any]],
    name: str | None = "parallel",
    **config: Any,
) -> BatchResult[Any]:
    """Branches, one after the other."""
    return context.parallel(functions, name=name, config=ParallelConfig(**{"max_concurrency": 1, **config}))


def items(
    context: DurableContext,
    inputs: Sequence[Any],
    function: Callable[[DurableContext, Any, int], Any],
    name: str | None = "map",
    **config: Any,
) -> BatchResult[Any]:
    """Items, one after the other."""
    return context.map(
        inputs,
        lambda child, item, index, _: function(child, item, index),
        name=name,
        config=MapConfig(**{"max_concurrency": 1, **config}),
    )


def returning(value: Any) -> Callable[[DurableContext], Any]:
    return lambda _: value


def stepping(value: Any) -> Callable[[DurableContext], Any]:
    return lambda context: context.step(lambda _: value)


def tolerating(**limits: Any) -> CompletionConfig:
    return CompletionConfig(**limits)


def projected(batch: BatchResult[Any], *keys: str) -> dict[str, Any]:
    """What the requirements look at."""
    facts = {
        "completionReason": batch.completion_reason.value,
        "status": batch.status.value,
        "successCount": batch.success_count,
        "failureCount": batch.failure_count,
        "totalCount": batch.total_count,
    }
    return {key: facts[key] for key in keys or facts}


COUNTS = ("completionReason", "successCount", "failureCount", "totalCount")
EARLY = ("completionReason", "successCount", "totalCount")


# Parallel -------------------------------------------------------------------------------------------------------------


@requirement("8-1")
def parallel_basic(_event: Any, context: DurableContext) -> Any:
    return branches(context, [stepping("task-1"), stepping("task-2")]).get_results()


@requirement("8-2")
def parallel_unnamed(_event: Any, context: DurableContext) -> Any:
    return branches(context, [returning("alpha"), returning("beta")], name=None).get_results()


@requirement("8-3")
def parallel_named_branches(_event: Any, context: DurableContext) -> Any:
    named: list[ParallelBranch[Any]] = [
        ParallelBranch(returning("one"), "first"),
        ParallelBranch(returning("two"), "second"),
    ]
    return branches(context, named).get_results()


@requirement("8-4")
def parallel_types(_event: Any, context: DurableContext) -> Any:
    return branches(context, [returning("hello"), returning(42), returning({"k": "v"})]).get_results()


@requirement("8-5")
def parallel_empty(_event: Any, context: DurableContext) -> Any:
    return branches(context, []).get_results()


@requirement("8-6")
def parallel_fail_fast(_event: Any, context: DurableContext) -> Any:
    functions = [returning("ok"), fail, returning("never")]
    return projected(branches(context, functions, completion_config=tolerating(tolerated_failure_count=0)))


@requirement("8-7")
def parallel_rethrown(_event: Any, context: DurableContext) -> Any:
    config = tolerating(tolerated_failure_count=0)
    batch = branches(context, [fail, returning("never")], completion_config=config)
    batch.throw_if_error()
    return batch.get_results()


@requirement("8-8")
def parallel_min_successful(_event: Any, context: DurableContext) -> Any:
    functions = [returning(str(number)) for number in range(4)]
    return projected(branches(context, functions, completion_config=tolerating(min_successful=2)), *EARLY)


@requirement("8-9")
def parallel_tolerated(_event: Any, context: DurableContext) -> Any:
    functions = [returning("a"), fail, returning("c")]
    return projected(branches(context, functions, completion_config=tolerating(tolerated_failure_count=1)))


@requirement("8-10")
def parallel_too_many(_event: Any, context: DurableContext) -> Any:
    functions = [fail, fail, returning("never")]
    return projected(branches(context, functions, completion_config=tolerating(tolerated_failure_count=1)), *COUNTS)


@requirement("8-11")
def parallel_side_by_side(_event: Any, context: DurableContext) -> Any:
    functions = [returning(f"r{number}") for number in range(3)]
    return branches(context, functions, max_concurrency=2).get_results()


@requirement("8-12")
def parallel_flat(_event: Any, context: DurableContext) -> Any:
    return branches(context, [stepping("fa"), stepping("fb")], nesting_type=NestingType.FLAT).get_results()


@requirement("8-13")
def parallel_percentage(_event: Any, context: DurableContext) -> Any:
    functions = [fail, fail, returning("never"), returning("never")]
    config = tolerating(tolerated_failure_percentage=25)
    return projected(branches(context, functions, completion_config=config), *COUNTS)


@requirement("8-14")
def parallel_wait(_event: Any, context: DurableContext) -> Any:
    def waiting(child: DurableContext) -> Any:
        child.wait(SECONDS(2))
        return "b1"

    return branches(context, [stepping("b0"), waiting]).get_results()


@requirement("8-15")
def parallel_item_serdes(_event: Any, context: DurableContext) -> Any:
    return branches(context, [returning("x"), returning("y")], item_serdes=WRAPPED).get_results()


@requirement("8-16")
def parallel_all_fail(_event: Any, context: DurableContext) -> Any:
    config = tolerating(tolerated_failure_count=3)
    return projected(branches(context, [fail, fail, fail], completion_config=config))


@requirement("8-17")
def parallel_never_enough(_event: Any, context: DurableContext) -> Any:
    functions = [returning("a"), fail, returning("c")]
    return projected(branches(context, functions, completion_config=tolerating(min_successful=3)))


@requirement("8-18")
def parallel_both_limits(_event: Any, context: DurableContext) -> Any:
    functions = [fail, fail, returning("never"), returning("never")]
    config = tolerating(min_successful=3, tolerated_failure_count=1)
    return projected(branches(context, functions, completion_config=config), *COUNTS)


@requirement("8-19")
def parallel_no_concurrency(_event: Any, context: DurableContext) -> Any:
    return branches(context, [returning("a"), returning("b")], max_concurrency=0).get_results()


@requirement("8-20")
def parallel_accessors(_event: Any, context: DurableContext) -> Any:
    config = tolerating(tolerated_failure_count=1)
    batch = branches(context, [returning("a"), fail, returning("c")], completion_config=config)
    return {
        "hasFailure": batch.has_failure,
        "successCount": len(batch.succeeded()),
        "failureCount": len(batch.failed()),
        "errorCount": len(batch.get_errors()),
    }


@requirement("8-21")
def parallel_nested(_event: Any, context: DurableContext) -> Any:
    def inner(child: DurableContext) -> Any:
        return branches(child, [stepping("i1"), stepping("i2")], name="inner").get_results()

    return branches(context, [inner]).get_results()


@requirement("8-22")
def parallel_percentage_reached(_event: Any, context: DurableContext) -> Any:
    functions = [fail, returning("b"), returning("c"), returning("d")]
    return projected(branches(context, functions, completion_config=tolerating(tolerated_failure_percentage=25)))


# Map ------------------------------------------------------------------------------------------------------------------


def itself(_context: DurableContext, item: Any, _index: int) -> Any:
    return item


def upper(_context: DurableContext, item: Any, _index: int) -> Any:
    return item.upper()


def failing_at(*indices: int) -> Callable[[DurableContext, Any, int], Any]:
    """A function that fails for some items, and returns the others."""
    return lambda _, item, index: fail() if index in indices else item


@requirement("9-1")
def map_basic(event: Any, context: DurableContext) -> Any:
    return items(context, event, lambda child, item, _: child.step(lambda _: f"Hello, {item}!")).get_results()


@requirement("9-2")
def map_unnamed(event: Any, context: DurableContext) -> Any:
    return items(context, event, lambda _, item, __: item * 2, name=None).get_results()


@requirement("9-3")
def map_index(event: Any, context: DurableContext) -> Any:
    return items(context, event, lambda _, item, index: item + index).get_results()


@requirement("9-4")
def map_empty(event: Any, context: DurableContext) -> Any:
    return items(context, event, itself).get_results()


@requirement("9-5")
def map_fail_fast(_event: Any, context: DurableContext) -> Any:
    config = tolerating(tolerated_failure_count=0)
    return projected(items(context, ["ok", "b", "c"], failing_at(1), completion_config=config))


@requirement("9-6")
def map_rethrown(_event: Any, context: DurableContext) -> Any:
    config = tolerating(tolerated_failure_count=0)
    batch = items(context, ["a", "b"], failing_at(0), completion_config=config)
    batch.throw_if_error()
    return batch.get_results()


@requirement("9-7")
def map_min_successful(_event: Any, context: DurableContext) -> Any:
    batch = items(context, list("abcd"), itself, completion_config=tolerating(min_successful=2))
    return projected(batch, *EARLY)


@requirement("9-8")
def map_tolerated(_event: Any, context: DurableContext) -> Any:
    config = tolerating(tolerated_failure_count=1)
    return projected(items(context, list("abc"), failing_at(1), completion_config=config))


@requirement("9-9")
def map_too_many(_event: Any, context: DurableContext) -> Any:
    config = tolerating(tolerated_failure_count=1)
    return projected(items(context, list("abc"), failing_at(0, 1), completion_config=config), *COUNTS)


@requirement("9-10")
def map_percentage(_event: Any, context: DurableContext) -> Any:
    config = tolerating(tolerated_failure_percentage=25)
    return projected(items(context, list("abcd"), failing_at(0, 1), completion_config=config), *COUNTS)


@requirement("9-11")
def map_side_by_side(_event: Any, context: DurableContext) -> Any:
    return items(context, ["r0", "r1", "r2"], itself, max_concurrency=2).get_results()


@requirement("9-12")
def map_flat(_event: Any, context: DurableContext) -> Any:
    batch = items(
        context, ["fa", "fb"], lambda child, item, _: child.step(lambda _: item), nesting_type=NestingType.FLAT
    )
    return batch.get_results()


@requirement("9-13")
def map_named_items(event: Any, context: DurableContext) -> Any:
    batch = items(context, event, lambda _, item, __: item * 10, item_namer=lambda item, _: f"item-{item}")
    return batch.get_results()


@requirement("9-14")
def map_item_serdes(_event: Any, context: DurableContext) -> Any:
    prefixed = Mapped(lambda value: f"wrapped:{value}", lambda data: data.removeprefix("wrapped:"))
    return items(context, ["x", "y"], upper, item_serdes=prefixed).get_results()


@requirement("9-15")
def map_wait(_event: Any, context: DurableContext) -> Any:
    def function(child: DurableContext, item: Any, index: int) -> Any:
        if index:
            child.wait(SECOND)
        return child.step(lambda _: item)

    return items(context, ["r0", "r1"], function).get_results()


@requirement("9-16")
def map_large(_event: Any, context: DurableContext) -> Any:
    return projected(items(context, ["x" * 70_000] * 4, itself), "successCount", "totalCount")


@requirement("9-17")
def map_then_wait(_event: Any, context: DurableContext) -> Any:
    batch = items(context, ["a", "b"], upper)
    context.wait(SECOND)
    return batch.get_results()


@requirement("9-18")
def map_failure_then_wait(_event: Any, context: DurableContext) -> Any:
    config = tolerating(tolerated_failure_count=1)
    batch = items(context, ["ok", "b"], failing_at(1), completion_config=config)
    context.wait(SECOND)
    return projected(batch)


def _joined(batch: Any) -> str:
    return "OPSERDE:" + ",".join(batch.get_results())


def _split(data: str) -> Any:
    values = data.removeprefix("OPSERDE:").split(",")
    return BatchResult.from_items(
        [BatchItem(index, BatchItemStatus.SUCCEEDED, value) for index, value in enumerate(values)]
    )


@requirement("9-19")
def map_serdes(_event: Any, context: DurableContext) -> Any:
    # In Python the items have the operation's serializer, too, unless they are given their own.
    serializers: dict[str, Any] = {"serdes": Mapped(_joined, _split), "item_serdes": Mapped(json.dumps)}
    return items(context, ["x", "y"], upper, **serializers).get_results()


@requirement("9-20")
def map_serdes_replayed(event: Any, context: DurableContext) -> Any:
    results = map_serdes(event, context)
    context.wait(SECOND)
    return results
