"""Handlers whose result depends on what an earlier invocation left behind."""

from __future__ import annotations

import functools
import itertools
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

from aws_durable_execution_sdk_python import DurableContext, durable_execution

from patterns.durable import ask
from providers import ModelProvider
from tests.conformance.corpus.asking import say_in_step
from tests.conformance.corpus.entry import Shelf

SHELF = Shelf()


@SHELF.broken("no-invocation-state")
def counter_in_the_result() -> object:
    served = itertools.count(1)

    @durable_execution
    def handler(event: Any, context: DurableContext) -> dict[str, int]:
        return {"total": context.step(lambda _: 3, "add"), "served": next(served)}  # the fault

    return handler


@SHELF.broken("no-invocation-state")
def answer_cached_in_the_module() -> object:
    """The second execution answers without asking, and its history holds no answer."""
    answers: dict[str, str] = {}

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        if "greet" not in answers:
            answers["greet"] = ask(context, model, "greet", "Greet me").text  # the fault
        return answers["greet"]

    return workflow


@SHELF.broken("no-invocation-state")
def step_behind_functools_cache() -> object:
    @functools.cache  # the fault
    def settings(context_free_key: str) -> list[str]:
        return []

    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[str]:
        known = settings("all")
        known.append(context.step(lambda _: "dark", "read-settings"))  # the fault
        return known

    return handler


@SHELF.broken("no-invocation-state")
def job_popped_from_a_global_list() -> object:
    jobs = [f"job-{number}" for number in range(500)]

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        job = jobs.pop()  # the fault
        context.step(lambda _: None, "work")
        return job

    return handler


@SHELF.broken("no-invocation-state")
def mutable_default_argument() -> object:
    def remember(text: str, notes: list[str] = []) -> list[str]:  # noqa: B006  # the fault
        notes.append(text)
        return notes

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> list[str]:
        return list(remember(say_in_step(context, model, "note", "Note")))

    return workflow


@SHELF.broken("no-invocation-state")
def file_of_an_earlier_invocation() -> object:
    folder = Path(tempfile.mkdtemp())

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        seen = folder / "seen"
        if seen.exists():  # the fault
            return "nothing to do"
        seen.write_text("", encoding="utf-8")  # the fault
        return context.step(lambda _: "worked", "work")

    weakref.finalize(handler, shutil.rmtree, folder)  # the folder lives as long as the module
    return handler


@SHELF.broken("no-invocation-state")
def branches_on_the_length_of_a_module_list() -> object:
    served: list[str] = []

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        served.append("one")  # the fault
        if len(served) > 1:
            return context.step(lambda _: "welcome back", "greet-again")
        return context.step(lambda _: "welcome", "greet")

    return handler
