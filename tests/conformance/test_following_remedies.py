"""Whoever makes the change that the first remedy names has a handler that conforms: pairs, before and after."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration

from durable_conformance import CrashKind, Exploration, Report, Scenario, explore, handler_factory
from durable_conformance.reporting import by_cause
from durable_conformance.subject import Reference
from providers import ModelError, ModelProvider
from providers.scripted import ScriptedProvider
from tests.conformance.corpus.asking import say, say_in_step

REGIONS = {"us-east-1", "eu-west-1", "ap-south-1", "sa-east-1", "af-south-1"}
SEEN: list[str] = []


def names_with_an_id(event: Any, context: DurableContext, model: ModelProvider) -> str:
    order = uuid.uuid4().hex
    return say_in_step(context, model, f"draft-{order}", "Draft")


def names_with_a_recorded_id(event: Any, context: DurableContext, model: ModelProvider) -> str:
    order = context.step(lambda _: uuid.uuid4().hex, "order")
    return say_in_step(context, model, f"draft-{order}", "Draft")


def asks_about_today(event: Any, context: DurableContext, model: ModelProvider) -> str:
    text = say_in_step(context, model, "brief", f"Brief me: it is {dt.datetime.now()}")
    return say_in_step(context, model, "shorten", f"Shorten {text}")


def asks_about_a_recorded_day(event: Any, context: DurableContext, model: ModelProvider) -> str:
    now = context.step(lambda _: str(dt.datetime.now()), "now")
    text = say_in_step(context, model, "brief", f"Brief me: it is {now}")
    return say_in_step(context, model, "shorten", f"Shorten {text}")


@durable_execution
def tosses(event: Any, context: DurableContext) -> str:
    for _ in range(6):
        if random.random() < 0.5:
            context.step(lambda _: None, "heads")
        else:
            context.wait(Duration.from_seconds(5), "tails")
    return "done"


@durable_execution
def tosses_in_steps(event: Any, context: DurableContext) -> str:
    for _ in range(6):
        if context.step(lambda _: random.random(), "toss") < 0.5:
            context.step(lambda _: None, "heads")
        else:
            context.wait(Duration.from_seconds(5), "tails")
    return "done"


@durable_execution
def lists_a_set(event: Any, context: DurableContext) -> str:
    context.step(lambda _: None, "prepare")
    return ", ".join(REGIONS)


@durable_execution
def lists_a_set_in_order(event: Any, context: DurableContext) -> str:
    context.step(lambda _: None, "prepare")
    return ", ".join(sorted(REGIONS))


@durable_execution
def shards_by_hash(event: Any, context: DurableContext) -> int:
    return context.step(lambda _: 10, "offset") + hash("order-7") % 1_000


@durable_execution
def shards_by_digest(event: Any, context: DurableContext) -> int:
    return context.step(lambda _: 10, "offset") + hashlib.sha256(b"order-7").digest()[0]


@durable_execution
def tells_the_request(event: Any, context: DurableContext) -> Any:
    assert context.lambda_context
    return [context.step(lambda _: 1, "work"), context.lambda_context.aws_request_id]


@durable_execution
def tells_the_recorded_request(event: Any, context: DurableContext) -> Any:
    lambda_context = context.lambda_context
    assert lambda_context
    request = context.step(lambda _: lambda_context.aws_request_id, "request")
    return [context.step(lambda _: 1, "work"), request]


def notes_beside_the_step(event: Any, context: DurableContext, model: ModelProvider) -> str:
    notes: list[str] = []
    context.step(lambda _: notes.append("found"), "look")
    return say_in_step(context, model, "sum-up", f"Sum up {notes}")


def notes_from_the_step(event: Any, context: DurableContext, model: ModelProvider) -> str:
    notes = context.step(lambda _: ["found"], "look")
    return say_in_step(context, model, "sum-up", f"Sum up {notes}")


@durable_execution
def counts_in_the_module(event: Any, context: DurableContext) -> int:
    SEEN.append("x")
    context.step(lambda _: 1, "work")
    return len(SEEN)


@durable_execution
def counts_in_the_handler(event: Any, context: DurableContext) -> int:
    seen = ["x"]
    context.step(lambda _: 1, "work")
    return len(seen)


def remembers(text: str, notes: list[str] = []) -> list[str]:  # noqa: B006  # the fault
    notes.append(text)
    return notes


@durable_execution
def keeps_a_default(event: Any, context: DurableContext) -> list[str]:
    return list(remembers(context.step(lambda _: "noted", "note")))


@durable_execution
def gives_a_list(event: Any, context: DurableContext) -> list[str]:
    return list(remembers(context.step(lambda _: "noted", "note"), []))


@durable_execution
def catches_everything(event: Any, context: DurableContext) -> str:
    try:
        context.wait(Duration.from_days(1), "cool-off")
    except BaseException:  # noqa: BLE001  # the fault
        return "no need to wait"
    return "waited"


@durable_execution
def catches_exceptions(event: Any, context: DurableContext) -> str:
    try:
        context.wait(Duration.from_days(1), "cool-off")
    except Exception:  # noqa: BLE001  # as the remedy says
        return "no need to wait"
    return "waited"


def asks_outside_steps(event: Any, context: DurableContext, model: ModelProvider) -> str:
    return context.step(lambda _: "saved ", "save") + say(model, "Write")


def asks_in_a_step(event: Any, context: DurableContext, model: ModelProvider) -> str:
    return context.step(lambda _: "saved ", "save") + say_in_step(context, model, "write", "Write")


def hides_a_failure(event: Any, context: DurableContext, model: ModelProvider) -> dict[str, str]:
    try:
        return {"verdict": say_in_step(context, model, "verdict", "Is it safe?")}
    except Exception:  # noqa: BLE001  # the fault
        return {"verdict": "safe"}


def raises_a_failure(event: Any, context: DurableContext, model: ModelProvider) -> dict[str, str]:
    try:
        return {"verdict": say_in_step(context, model, "verdict", "Is it safe?")}
    except Exception as error:
        raise ModelError("nobody could say whether it is safe") from error


@durable_execution
def lists_as_they_arrive(event: Any, context: DurableContext) -> list[str]:
    arrived: list[str] = []

    def visit(branch: DurableContext, city: str, _index: int, _all: Any) -> None:
        arrived.append(branch.step(lambda _: city.upper(), "visit"))

    context.map(["London", "Paris", "Rome"], visit, "visits")
    return arrived


@durable_execution
def lists_in_order(event: Any, context: DurableContext) -> list[str]:
    def visit(branch: DurableContext, city: str, _index: int, _all: Any) -> str:
        return branch.step(lambda _: city.upper(), "visit")

    batch: Any = context.map(["London", "Paris", "Rome"], visit, "visits")
    batch.throw_if_error()
    visited: list[str] = batch.get_results()
    return visited


@dataclass(frozen=True)
class Pair:
    broken: Any
    mended: Any
    remedy: str  # a part of what is said first about the broken one
    elsewhere: bool = False  # only other sandboxes show it


PAIRS = [
    Pair(names_with_an_id, names_with_a_recorded_id, "read it in a step, `context.step(lambda _: uuid.uuid4().hex)`"),
    Pair(asks_about_today, asks_about_a_recorded_day, "read it in a step, `context.step(lambda _: dt.datetime.now())`"),
    Pair(tosses, tosses_in_steps, "read it in a step, `context.step(lambda _: random.random())`"),
    Pair(lists_a_set, lists_a_set_in_order, "go through `sorted(REGIONS)`", elsewhere=True),
    Pair(shards_by_hash, shards_by_digest, "such as `hashlib.sha256`", elsewhere=True),
    Pair(
        tells_the_request,
        tells_the_recorded_request,
        "read it in a step, `context.step(lambda _: context.lambda_context.aws_request_id)`",
    ),
    Pair(notes_beside_the_step, notes_from_the_step, "return what it holds from the operation"),
    Pair(counts_in_the_module, counts_in_the_handler, "make `SEEN` anew in the handler"),
    Pair(keeps_a_default, gives_a_list, "make `notes` anew in the handler"),
    Pair(catches_everything, catches_exceptions, "catch `Exception` at most"),
    Pair(asks_outside_steps, asks_in_a_step, "call it in a step of its own"),
    Pair(hides_a_failure, raises_a_failure, "raise it, or put what failed into the result"),
    Pair(lists_as_they_arrive, lists_in_order, "make `arrived` from the batch's results"),
]


def report_of(handler: Any, *, elsewhere: bool) -> Report:
    kinds = (CrashKind.AFTER_PERSIST, CrashKind.DURING_CALL)
    reference = Reference(f"{__name__}:{handler.__name__}") if elsewhere else None
    scenario = Scenario({}, ScriptedProvider)
    return explore(handler_factory(handler), scenario, Exploration(kinds=kinds, side_by_side=2), elsewhere=reference)


@pytest.mark.xdist_group("fresh-interpreters")
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.broken.__name__)
def test_the_change_that_the_first_remedy_names_mends_the_handler(pair: Pair) -> None:
    report = report_of(pair.broken, elsewhere=pair.elsewhere)
    assert report.errors
    headline, _ = next(iter(by_cause(report.findings)))
    assert pair.remedy in headline
    mended = report_of(pair.mended, elsewhere=pair.elsewhere)
    assert mended.conforms, mended.findings
    assert mended.points > 0


def test_there_are_a_dozen() -> None:
    assert len(PAIRS) >= 12
