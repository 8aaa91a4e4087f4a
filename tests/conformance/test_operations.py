"""Operations under their paths: whatever their names hold."""

from __future__ import annotations

import pytest
from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration

from durable_conformance import Answered, CrashKind, CrashPoint, Scenario, explore, handler_factory
from durable_conformance.execution import Conditions, OperationPaths, OperationRecord, comes_later, path_order, place
from durable_conformance.runtime import run_in_process
from patterns.durable import ask
from providers import ModelProvider
from providers.scripted import ScriptedProvider

NAMES = ["GET /users", "50% off", "a%2Fb", "a%252Fb", "a/b", "one:two", "//", "plain"]


def path_of(name: str) -> str:
    """Of an operation that stands in a context of that name, too."""
    paths = OperationPaths()
    paths.register("outer", None, name)
    return paths.register("inner", "outer", name)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_one_part_of_a_path_whatever_it_holds(name: str) -> None:
    path = path_of(name)
    assert place(path) == "/?/?"
    assert len(path_order(path)) == 2
    record = OperationRecord(path, "STEP", "Step", "SUCCEEDED")
    assert (record.name, record.depth) == (name, 1)


def test_names_that_differ_have_paths_that_differ() -> None:
    assert len({path_of(name) for name in NAMES}) == len(NAMES)


def test_a_name_without_a_slash_stands_in_its_path_as_it_is() -> None:
    assert path_of("50% off") == "/?:50% off/?:50% off"


def routes(event: object, context: DurableContext, model: ModelProvider) -> str:
    """A workflow whose operations are named after routes."""

    def inner(child: DurableContext) -> str:
        return ask(child, model, "post/greet", "Greet me").text

    context.step(lambda _: None, "GET /users/1")
    greeting = context.run_in_child_context(inner, "api/v1")
    approval = context.create_callback("approve/it", CallbackConfig(timeout=Duration.from_days(1))).result()
    context.step(lambda _: None, "PUT /users/1")
    return f"{greeting}, {approval}"


SCENARIO = Scenario({}, ScriptedProvider, {"approve/it": [Answered("yes")]})


def test_operations_named_after_routes_are_interrupted_like_any() -> None:
    crash = CrashPoint("/2:api%2Fv1/1:post%2Fgreet", "SUCCEED", 0, CrashKind.BEFORE_PERSIST)
    run = run_in_process(handler_factory(routes), SCENARIO, Conditions(crashes=(crash,)))
    assert run.crashes == (crash,)
    assert run.operation("post/greet").status == "SUCCEEDED"
    report = explore(handler_factory(routes), SCENARIO)
    assert (report.findings, report.could_not_run) == ((), ())


def test_operations_named_after_routes_come_one_after_the_other() -> None:
    run = run_in_process(handler_factory(routes), SCENARIO)
    first, *_, last = (operation.path for operation in run.operations)
    assert comes_later(last, first)
