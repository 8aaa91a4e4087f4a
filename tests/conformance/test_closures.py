"""What an operation's function changes outside itself is told: replay skips the function, and the change with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration, WaitForCallbackConfig

from durable_conformance import Exploration, Scenario, explore, handler_factory
from durable_conformance.execution import VariableChanged
from durable_conformance.runtime import run_in_process
from durable_conformance.subject import OK, Always

CACHE: dict[str, str] = {}
USER = ""
CLIENT: object = None
A_DAY = WaitForCallbackConfig(timeout=Duration.from_days(1))

type Body = Callable[[DurableContext], Any]


@dataclass
class State:
    user: str = ""
    seen: list[str] = field(default_factory=list)


def changes(body: Body) -> list[tuple[str, str]]:
    """The paths and the variables that one execution of `body` tells of."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        return body(context)

    run = run_in_process(handler_factory(handler), Scenario({}, ask=Always(OK)))
    assert run.status == "SUCCEEDED", run.error_message
    return [(event.path, event.name) for event in run.events if isinstance(event, VariableChanged)]


def rebinds(context: DurableContext) -> None:
    user = ""

    def register(_: object) -> None:
        nonlocal user
        user = "user-1"

    context.step(register, "register")
    assert user


def appends(context: DurableContext) -> None:
    users: list[str] = []
    context.step(lambda _: users.append("user-1"), "register")


def fills_deep_inside(context: DurableContext) -> None:
    order: dict[str, Any] = {"lines": [{"price": None}]}

    def price(_: object) -> None:
        order["lines"][0]["price"] = 7

    context.step(price, "register")


def sets_an_attribute(context: DurableContext) -> None:
    state = State()

    def register(_: object) -> None:
        state.user = "user-1"

    context.step(register, "register")


def is_a_method(context: DurableContext) -> None:
    state = State()

    def register(_: object) -> None:
        state.seen.append("user-1")

    context.step(register, "register")


def assigns_a_variable_of_the_module(context: DurableContext) -> None:
    def register(_: object) -> None:
        global USER  # noqa: PLW0603  # the defect
        USER += "user-1"

    context.step(register, "register")


def test_a_steps_function_that_assigns_a_variable_of_its_module() -> None:
    assert changes(assigns_a_variable_of_the_module) == [("/1:register", "USER")]


def test_a_client_that_a_process_keeps_is_usual() -> None:
    def body(context: DurableContext) -> None:
        def look(_: object) -> None:
            global CLIENT  # noqa: PLW0603  # as people do
            CLIENT = object()

        context.step(look, "look")

    assert changes(body) == []


@pytest.mark.parametrize("body", [rebinds, appends, fills_deep_inside, sets_an_attribute, is_a_method])
def test_a_steps_function_that_changes_a_variable(body: Body) -> None:
    ((path, name),) = changes(body)
    assert (path, name) == ("/1:register", body.__code__.co_cellvars[0])


def test_the_function_of_a_context_of_a_branch_and_of_a_submitter() -> None:
    def child(context: DurableContext) -> None:
        found: list[str] = []
        context.run_in_child_context(lambda _: found.append("x"), "child")

    def branch(context: DurableContext) -> None:
        found: list[str] = []
        context.map(["a"], lambda _context, item, _index, _items: found.append(item), "all")

    def submitter(context: DurableContext) -> None:
        ids: list[str] = []
        context.wait_for_callback(lambda id_, _context: ids.append(id_), "approve", A_DAY)

    assert changes(child) == [("/1:child", "found")]
    assert [name for _, name in changes(branch)] == ["found"]
    assert [name for _, name in changes(submitter)] == ["ids"]


def test_the_innermost_operation_is_told_of_alone() -> None:
    def body(context: DurableContext) -> None:
        found: list[str] = []

        def child(inner: DurableContext) -> None:
            inner.step(lambda _: found.append("x"), "step")

        context.run_in_child_context(child, "child")

    assert changes(body) == [("/1:child/1:step", "found")]


def test_what_stays_inside_or_in_the_process_is_not_told_of() -> None:
    def body(context: DurableContext) -> None:
        items, state, unset = ["a"], State("user-1"), object()

        def looks(_: object) -> list[Any]:
            local = list(items)
            local.append(state.user)
            CACHE["client"] = "made once"
            return [local, str(bool(unset))]

        context.step(looks, "look")

    assert changes(body) == []


def test_a_check_warns_of_it_and_names_the_variable() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        user = ""

        def register(_: object) -> None:
            nonlocal user
            user = "user-1"

        context.step(register, "register")
        context.wait(Duration.from_minutes(10), "delay")
        return context.step(lambda _: None if user else "nobody", "tell")

    report = explore(handler_factory(handler), Scenario({}), Exploration(side_by_side=2))
    (warning,) = (one for one in report.warnings if one.rule == "no-invocation-state")
    assert (warning.path, "`user`" in warning.actual) == ("/1:register", True)
    assert f"test_closures.py:{handler.__wrapped__.__code__.co_firstlineno + 4}" in warning.actual  # type: ignore[attr-defined]
