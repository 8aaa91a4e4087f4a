"""Handlers that go on with whatever comes first: an error, unless the order is said to matter."""

from aws_durable_execution_sdk_python import DurableContext, complete_batch, continue_batch, durable_execution
from aws_durable_execution_sdk_python.config import CompletionConfig, Duration, MapConfig, ParallelConfig

from tests.conformance.as_found.says import says


@says(order_matters=True)
@says("completion-order")
@durable_execution
def first_three_of_a_map(event, context: DurableContext):
    config = MapConfig(max_concurrency=3, completion_config=CompletionConfig(min_successful=3))
    batch = context.map(
        list(range(6)), lambda branch, item, i, all_: branch.step(lambda _: item, "item"), "race", config
    )
    return {"first": sorted(batch.get_results())}


@says(order_matters=True)
@says("completion-order")
@durable_execution
def first_two_of_a_map_without_steps(event, context: DurableContext):
    config = MapConfig(completion_config=CompletionConfig(min_successful=2))
    batch = context.map(["a", "b", "c"], lambda branch, item, i, all_: item.upper(), "race", config)
    return ",".join(batch.get_results()[:2])


@says(order_matters=True)
@says("completion-order")
@durable_execution
def first_of_a_parallel(event, context: DurableContext):
    branches = [lambda branch, n=n: branch.step(lambda _: n, f"branch-{n}") for n in range(3)]
    config = ParallelConfig(completion_config=CompletionConfig.first_successful())
    return context.parallel(branches, "race", config).get_results()[0]


@says(order_matters=True)
@says("completion-order")
@durable_execution
def first_by_a_predicate(event, context: DurableContext):
    def enough(status):
        return complete_batch() if status.success_count >= 1 else continue_batch()

    config = ParallelConfig(completion_config=CompletionConfig(should_complete=enough))
    branches = [
        lambda branch: branch.step(lambda _: "Rome", "rome"),
        lambda branch: branch.step(lambda _: "Oslo", "oslo"),
    ]
    return context.parallel(branches, "race", config).get_results()[0]


@says("completion-order")
@durable_execution
def in_the_order_of_arrival(event, context: DurableContext):
    """All of them are awaited; what is told is who came first."""
    arrived = []

    def branch_for(name):
        def run(branch):
            answer = branch.step(lambda _: name, f"ask-{name}")
            arrived.append(answer)
            return answer

        return run

    context.parallel([branch_for("a"), branch_for("b"), branch_for("c")], "all").throw_if_error()
    return {"winner": arrived[0]}


@says()
@durable_execution
def the_first_of_equals(event, context: DurableContext):
    config = ParallelConfig(completion_config=CompletionConfig.first_successful())
    branches = [lambda branch: branch.step(lambda _: "the file", "fetch") for _ in range(2)]
    return context.parallel(branches, "mirrors", config).get_results()[0]


@says()
@durable_execution
def all_of_a_map(event, context: DurableContext):
    config = MapConfig(max_concurrency=2)
    batch = context.map(
        [3, 1, 2], lambda branch, item, i, all_: branch.step(lambda _: item * 2, "double"), "all", config
    )
    batch.throw_if_error()
    return batch.get_results()


@says()
@durable_execution
def a_wait_against_a_step(event, context: DurableContext):
    """A branch that waits an hour never wins: the time is the service's."""
    config = ParallelConfig(completion_config=CompletionConfig.first_successful())

    def give_up(branch):
        branch.wait(Duration.from_hours(1), "patience")
        return "too late"

    return context.parallel(
        [lambda branch: branch.step(lambda _: "answer", "ask"), give_up], "race", config
    ).status.value
