"""What a user gives a handler to run with: variables before it is imported, and doubles around each execution."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import moto
import pytest
from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import Duration

from durable_conformance import CannotRunError, CrashKind, Exploration, Report, Scenario, explore, handler_factory
from durable_conformance.durable_check import DurableCheck
from durable_conformance.subject import Reference, reference_to

SHOP = """
import os
from aws_durable_execution_sdk_python.config import Duration

TABLE = os.environ["TABLE"]
SET_UP_BEFORE = "doubles" in __import__("sys").modules

def workflow(event, context, model):
    seen = f"{TABLE} {os.environ['TABLE']} {SET_UP_BEFORE}\\n"
    context.step(lambda _: open(os.environ["SEEN"], "a").write(seen), "put")
    context.wait(Duration.from_minutes(1), "settle")
    return context.step(lambda _: os.environ["AWS_SESSION_TOKEN"], "end") and f"{TABLE}-{os.environ['TABLE']}"
"""
DOUBLES = """
import contextlib, os

@contextlib.contextmanager
def entered():
    with open(os.environ["SEEN"], "a") as seen:
        seen.write("entered\\n")
    yield "ignored"
    with open(os.environ["SEEN"], "a") as seen:
        seen.write("left\\n")

def plain():
    yield from entered.__wrapped__()

def fails():
    raise ValueError("no table")
    yield

def fails_afterwards():
    yield
    raise ValueError("a table is left")

@contextlib.contextmanager
def swallows():
    with contextlib.suppress(BaseException):
        yield

def nothing():
    pass

async def asynchronous():
    yield
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A handler that reads a variable when it is imported, and set-ups for it."""
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "doubles.py").write_text(DOUBLES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def explored(project: Path, setup: str | None = None, *, elsewhere: bool = False) -> tuple[Report, list[str]]:
    reference = Reference("shop.py:workflow")
    variables = {"TABLE": "orders", "SEEN": str(project / "seen"), "AWS_SESSION_TOKEN": "given"}
    report = explore(
        reference,
        Scenario({}, setup=setup, environment=variables),
        Exploration(never_twice=False),
        elsewhere=reference if elsewhere else None,
    )
    return report, (project / "seen").read_text().splitlines() if (project / "seen").exists() else []


def test_variables_are_there_when_the_handler_is_imported_and_in_every_sandbox(project: Path) -> None:
    report, seen = explored(project, elsewhere=True)
    assert report.conforms, report
    assert set(seen) == {"orders orders False"}
    assert len(seen) > 5
    assert "TABLE" not in os.environ


def test_a_variable_that_cannot_be_set_is_told() -> None:
    with pytest.raises(CannotRunError, match=r"The variable 'A=B' cannot be set"):
        explore(handler_factory(reads_its_variable), Scenario({}, environment={"A=B": "x"}))


@pytest.mark.parametrize("name", ["entered", "plain"])
def test_a_set_up_is_imported_before_the_handler_and_entered_and_left_for_each_execution(
    project: Path, name: str
) -> None:
    report, seen = explored(project, f"doubles.py:{name}")
    assert report.conforms, report
    assert seen.count("entered") == seen.count("left") == report.runs
    assert {line for line in seen if line.startswith("orders")} == {"orders orders True"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("fails", "the set-up doubles.py:fails: ValueError: no table"),
        ("fails_afterwards", "the set-up doubles.py:fails_afterwards: ValueError: a table is left"),
        (
            "nothing",
            "the set-up doubles.py:nothing returns None, which is no context manager; decorate a function that",
        ),
        ("asynchronous", "the set-up doubles.py:asynchronous is asynchronous; it must be an ordinary context manager"),
    ],
)
def test_a_set_up_that_fails_is_told_with_the_users_traceback(project: Path, name: str, why: str) -> None:
    report, _ = explored(project, f"doubles.py:{name}")
    assert why in report.could_not_run[0]
    assert not report.conforms
    if name.startswith("fails"):
        assert "doubles.py" in report.tracebacks[0]
        assert "durable_conformance" not in report.tracebacks[0]


def test_a_set_up_that_is_not_there_is_told_before_anything_runs(project: Path) -> None:
    with pytest.raises(CannotRunError, match=r"the set-up doubles\.py:gone: doubles\.py has no 'gone'"):
        explored(project, "doubles.py:gone")


def test_a_set_up_that_swallows_exceptions_hides_none_of_ours(project: Path) -> None:
    """Whatever ends an execution is told, though the set-up would rather it had not happened."""
    report, seen = explored(project, "doubles.py:swallows")
    assert report.conforms, report
    assert len(seen) >= report.runs - 1


def reads_its_variable(event: object, context: DurableContext, model: object) -> str:
    return context.step(lambda _: os.environ["TABLE"], "read")


@contextlib.contextmanager
def orders() -> Iterator[None]:
    with moto.mock_aws():
        client().create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield


def client() -> Any:
    return boto3.client("dynamodb", region_name="eu-west-1")


def puts_and_gets(event: object, context: DurableContext, model: object) -> str:
    item = {"id": {"S": "7"}, "state": {"S": "new"}}
    context.step(lambda _: client().put_item(TableName="orders", Item=item) and None, "put")
    context.wait(Duration.from_minutes(1), "settle")

    def get(_: object) -> str:
        return str(client().get_item(TableName="orders", Key={"id": {"S": "7"}})["Item"]["state"]["S"])

    return context.step(get, "get")


def test_what_a_handler_has_written_to_a_double_is_there_after_each_interruption(durable_check: DurableCheck) -> None:
    """An execution that went on from a stored state would find an empty table."""
    report = durable_check(puts_and_gets, setup=orders)
    assert report.undisturbed == "SUCCEEDED"
    (left_out,) = report.left_out
    assert left_out.startswith("going on in another sandbox: ")


def test_an_execution_with_a_set_up_dies_where_it_would_have_been_resumed() -> None:
    """The interruption is real: what follows it is what a replay does, and counts as one."""
    report = explore(
        handler_factory(writes_twice), Scenario({}, setup=orders), Exploration(kinds=[CrashKind.AFTER_PERSIST])
    )
    assert {found.rule for found in report.findings} >= {"result-stability"}


def writes_twice(event: object, context: DurableContext, model: object) -> int:
    """An item for each invocation, outside of any step."""
    count = len(client().scan(TableName="orders")["Items"])
    client().put_item(TableName="orders", Item={"id": {"S": str(count)}})
    context.step(lambda _: None, "work")
    return int(client().scan(TableName="orders")["Count"])


def test_a_set_up_of_a_test_is_used_in_its_own_process_and_found_by_others(durable_check: DurableCheck) -> None:
    assert reference_to(orders) is not None
    whole = Exploration(points=(), never_twice=False)
    assert durable_check(puts_and_gets, setup=f"{__name__}:orders", exploration=whole).undisturbed == "SUCCEEDED"
    nowhere = durable_check(puts_and_gets, setup=moto.mock_aws, exploration=whole, expect="FAILED")
    assert "NotFound" in nowhere.undisturbed


def test_a_set_up_that_no_other_process_can_import_leaves_other_sandboxes_out(durable_check: DurableCheck) -> None:
    @contextlib.contextmanager
    def of_the_test() -> Iterator[None]:
        with orders():
            yield

    (left_out,) = durable_check(puts_and_gets, setup=of_the_test).left_out
    assert left_out.startswith("other sandboxes")
    with pytest.raises(ValueError, match="no other process can import"):
        durable_check(puts_and_gets, setup=of_the_test, other_sandboxes=True)


def test_the_fixture_sets_variables(durable_check: DurableCheck) -> None:
    assert durable_check(reads_its_variable, env={"TABLE": "orders"}).undisturbed == "SUCCEEDED"
    assert "TABLE" not in os.environ
