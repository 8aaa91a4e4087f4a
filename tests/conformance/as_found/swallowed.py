"""Handlers that drop the failures of their model calls, and their correct twins."""

import logging
from concurrent.futures import ThreadPoolExecutor

import boto3
from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import CompletionConfig, MapConfig, ParallelConfig, StepConfig
from aws_durable_execution_sdk_python.retries import RetryPresets
from botocore.exceptions import ClientError

from tests.conformance.as_found.says import says

logger = logging.getLogger(__name__)
ONCE = StepConfig(retry_strategy=RetryPresets.none())
CITIES = ["Rome", "Oslo"]


def ask(text):
    bedrock = boto3.client("bedrock-runtime", region_name="us-east-1")
    response = bedrock.converse(
        modelId="amazon.nova-pro-v1:0", messages=[{"role": "user", "content": [{"text": text}]}]
    )
    return response["output"]["message"]["content"][0]["text"]


@says("failure-visible", models=2)
@durable_execution
def results_of_a_map(event, context: DurableContext):
    return {"guides": context.map(CITIES, lambda branch, city, i, all_: ask(city), "guides").get_results()}


@says("failure-visible")
@durable_execution
def results_of_a_map_of_steps(event, context: DurableContext):
    def guide(branch, city, index, cities):
        return branch.step(lambda _: ask(f"A guide to {city}"), "ask", ONCE)

    return context.map(CITIES, guide, "guides").get_results()


@says("failure-visible")
@durable_execution
def results_of_a_map_that_tolerates_everything(event, context: DurableContext):
    config = MapConfig(completion_config=CompletionConfig.all_completed())
    batch = context.map(CITIES, lambda branch, city, i, all_: ask(city), "guides", config)
    return "\n".join(batch.get_results())


@says("failure-visible")
@durable_execution
def results_of_a_parallel(event, context: DurableContext):
    branches = [lambda branch: ask("the benefits"), lambda branch: ask("the dangers")]
    return {"views": context.parallel(branches, "views").get_results()}


@says("failure-visible")
@durable_execution
def results_of_a_parallel_that_tolerates_failures(event, context: DurableContext):
    config = ParallelConfig(completion_config=CompletionConfig(tolerated_failure_count=2))

    def view(on):
        return lambda branch: branch.step(lambda _: ask(on), f"ask-{on}", ONCE)

    results = context.parallel([view("benefits"), view("dangers")], "views", config).get_results()
    return {"views": results, "count": len(results)}


@says("failure-visible")
@durable_execution
def an_empty_list_instead(event, context: DurableContext):
    try:
        return context.step(lambda _: ask("List three rivers").split(","), "rivers", ONCE)
    except Exception:
        return []


@says("failure-visible")
@durable_execution
def an_empty_text_instead(event, context: DurableContext):
    def summary(_):
        try:
            return ask("Sum up the news")
        except ClientError as error:
            logger.warning("no summary: %s", error)
            return ""

    return {"summary": context.step(summary, "summary")}


@says("failure-visible")
@durable_execution
def nothing_from_its_threads(event, context: DurableContext):
    def all_of_them(_):
        with ThreadPoolExecutor() as pool:
            asked = [pool.submit(ask, city) for city in CITIES]
        return [one.result() for one in asked if one.exception() is None]

    return context.step(all_of_them, "guides")


@says(models=2)
@durable_execution
def a_map_that_throws(event, context: DurableContext):
    batch = context.map(CITIES, lambda branch, city, i, all_: ask(city), "guides")
    batch.throw_if_error()
    return batch.get_results()


@says(models=2)
@durable_execution
def a_parallel_that_throws(event, context: DurableContext):
    branches = [
        lambda branch: branch.step(lambda _: ask("benefits"), "benefits"),
        lambda branch: branch.step(lambda _: ask("dangers"), "dangers"),
    ]
    batch = context.parallel(branches, "views")
    batch.throw_if_error()
    return batch.get_results()


@says(models=2)
@durable_execution
def a_map_that_counts_its_failures(event, context: DurableContext):
    config = MapConfig(completion_config=CompletionConfig.all_completed())
    batch = context.map(CITIES, lambda branch, city, i, all_: branch.step(lambda _: ask(city), "ask"), "guides", config)
    return {"guides": batch.get_results(), "failed": batch.failure_count}


@says(models=1)
@durable_execution
def an_error_that_is_told(event, context: DurableContext):
    try:
        return {"status": "ok", "rivers": context.step(lambda _: ask("List three rivers"), "rivers")}
    except Exception as error:
        return {"status": "failed", "why": type(error).__name__}
