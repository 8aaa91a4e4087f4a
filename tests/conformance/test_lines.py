"""Every operation, call and finding knows the user's line that made it."""

from __future__ import annotations

import concurrent.futures
import inspect
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import (
    CallbackConfig,
    Duration,
    ParallelConfig,
    WaitForCallbackConfig,
)
from aws_durable_execution_sdk_python.waits import WaitForConditionConfig, WaitForConditionDecision

from durable_conformance import Answered, Exploration, Report, Scenario, explore, handler_factory
from durable_conformance.execution import Conditions, CrashKind, CrashPoint, Run
from durable_conformance.workers import Experiment, Pool, not_judged
from providers import ModelProvider
from tests.conformance.corpus.asking import say

HERE = Path(__file__).relative_to(Path.cwd()).as_posix()
SCENARIO = Scenario({}, ask=lambda *_: Answered("yes"))


def lines_of(function: Callable[..., Any], **marked: str) -> dict[str, str]:
    """By name, where the text stands in `function`, as findings have it."""
    source, first = inspect.getsourcelines(function)
    found = {}
    for name, text in marked.items():
        (number,) = [nth for nth, line in enumerate(source) if text in line]
        found[name] = f"{HERE}:{first + number}"
    return found


def run_of(handler: Any) -> Run:
    with Pool(handler_factory(handler), SCENARIO, at_once=1) as pool:
        pool.start()
        ((_, run),) = pool.run([Experiment("run", "", None, Conditions(), not_judged)])
    assert isinstance(run, Run), run
    return run


def helper(context: DurableContext) -> Any:
    return context.step(lambda _: 1, "helped")


def test_each_kind_of_operation_knows_the_line_that_calls_it() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        context.step(lambda _: 1, "one")
        helper(context)
        context.wait(Duration.from_minutes(1), "pause")
        context.create_callback("called", CallbackConfig(timeout=Duration.from_hours(1))).result()
        context.wait_for_callback(lambda *_: None, "asked", WaitForCallbackConfig(timeout=Duration.from_hours(1)))
        context.map([1, 2], lambda branch, item, *_: branch.step(lambda _: item, "item"), "all").get_results()
        context.parallel(
            [
                lambda branch: branch.step(lambda _: 1, "left"),
                lambda branch: branch.step(lambda _: 1, "right"),
            ],
            "both",
            ParallelConfig(),
        ).get_results()
        context.run_in_child_context(
            lambda child: child.step(lambda _: 1, "inner"),
            "child",
        )
        context.wait_for_condition(
            lambda state, _: state + 1,
            WaitForConditionConfig(lambda *_: WaitForConditionDecision.stop_polling(), 0),
            "polled",
        )
        return "done"

    run = run_of(handler)
    expected = lines_of(
        handler,
        one='"one")',
        pause='"pause")',
        called='"called"',
        asked='"asked"',
        all='"all"',
        item='"item"',
        left='"left"',
        right='"right"',
        inner='"inner"',
        both="context.parallel(",
        child="context.run_in_child_context(",
        polled="context.wait_for_condition(",
    )
    expected |= lines_of(helper, helped='"helped"')
    named = {one.name: run.line_of(one.path) for one in run.operations if one.name in expected}
    assert named == expected
    branches = [one for one in run.operations if one.sub_type in {"MapIteration", "ParallelBranch"}]
    assert [run.line_of(one.path) for one in branches] == [expected["all"]] * 2 + [expected["both"]] * 2
    inside = [one for one in run.operations if one.path.startswith("/5:asked/")]
    assert {run.line_of(one.path) for one in inside} == {expected["asked"]}


def test_a_call_of_a_model_or_of_aws_knows_the_line_that_makes_it() -> None:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> Any:
        def work(_: Any) -> Any:
            boto3.client("sns").publish(TopicArn="arn:aws:sns:eu-west-1:000000000000:topic", Message="x")
            client = boto3.client("bedrock-runtime")
            message: Any = {"role": "user", "content": [{"text": "Hi"}]}
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                pool.submit(client.converse, modelId="amazon.nova-lite-v1:0", messages=[message]).result()
            return client.converse(modelId="amazon.nova-lite-v1:0", messages=[message])["stopReason"]

        context.step(work, "work")
        return say(model, "outside")

    run = run_of(workflow)
    expected = lines_of(workflow, sns=".publish(", pooled="pool.submit(", asked="return client.converse(")
    assert [call.line for call in run.aws_calls] == [expected["sns"]]
    assert [call.line for call in run.calls[:2]] == [expected["pooled"], expected["asked"]]
    assert run.calls[2].line.startswith("tests/conformance/corpus/asking.py:")


def report_of(handler: Any, **more: Any) -> Report:
    return explore(handler_factory(handler), SCENARIO, Exploration(**more))


def test_a_finding_names_the_line_of_its_operation() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        context.step(lambda _: 1, "first")
        return context.step(
            lambda _: 2,
            f"later-{uuid.uuid4()}",
        )

    found = [one for one in report_of(handler).findings if one.path.startswith("/2:")]
    assert found
    assert {one.line for one in found} == set(lines_of(handler, later="return context.step(").values())


def test_a_finding_after_an_interruption_names_a_line_that_the_rest_does_not_come_by() -> None:
    """What goes on from a prefix does not begin the operations before it."""

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> Any:
        asked: list[str] = []

        def ask(_: Any) -> str:
            asked.append("x")
            return say(model, f"Number {len(asked)}")

        first = context.step(ask, "first")
        return context.step(lambda _: say(model, f"{first} {len(asked)}"), "later")

    point = CrashPoint("/1:first", "SUCCEED", 0, CrashKind.AFTER_PERSIST)
    found = [one for one in report_of(workflow, points=(point,)).findings if one.rule == "request-stability"]
    assert [(one.path, one.line) for one in found] == [("/2:later", lines_of(workflow, later='"later"')["later"])]


def test_a_call_outside_any_operation_is_found_with_its_line() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        boto3.client("sns").publish(TopicArn="arn:aws:sns:eu-west-1:000000000000:topic", Message="x")
        return context.step(lambda _: 1, "first")

    (found,) = [one for one in report_of(handler).findings if one.rule == "durable-calls"]
    assert found.line == lines_of(handler, call=".publish(")["call"]
