"""Handlers whose result depends on which branch happens to finish first."""

from __future__ import annotations

from typing import Any

from aws_durable_execution_sdk_python import DurableContext, durable_execution

from providers import ModelProvider
from tests.conformance.corpus.asking import say_in_step
from tests.conformance.corpus.entry import Shelf

SHELF = Shelf()
CITIES = ["London", "Paris", "Rome"]


@SHELF.broken("completion-order")
def results_collected_as_they_arrive() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[str]:
        arrived: list[str] = []

        def visit(branch: DurableContext, city: str, _index: int, _all: Any) -> None:
            arrived.append(branch.step(lambda _: city.upper(), "visit"))  # the fault

        context.map(CITIES, visit, "visits")
        return arrived

    return handler


@SHELF.broken("completion-order")
def first_answer_to_arrive_is_reported() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        first: list[str] = []

        def ask(branch: DurableContext, city: str, _index: int, _all: Any) -> str:
            answer = say_in_step(branch, model, "ask", f"What about {city}?")
            first.append(city)  # the fault
            return answer

        context.map(CITIES, ask, "answers")
        return first[0]

    return workflow


@SHELF.broken("completion-order")
def prompt_built_in_the_order_of_arrival() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        notes: list[str] = []

        def look(branch: DurableContext, city: str, _index: int, _all: Any) -> None:
            notes.append(branch.step(lambda _: f"{city} is fine.", "look"))  # the fault

        context.map(CITIES, look, "looks")
        return say_in_step(context, model, "sum-up", " ".join(notes))

    return workflow


@SHELF.broken("completion-order")
def last_branch_overwrites_the_others() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        latest = {}

        def check(name: str) -> Any:
            def branch(child: DurableContext) -> None:
                latest["winner"] = child.step(lambda _: name, "check")  # the fault

            return branch

        context.parallel([check("fast"), check("slow")], "checks")
        return latest["winner"]

    return handler
