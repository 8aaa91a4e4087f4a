"""The handler around a workflow: whom it asks, what it takes and what it returns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aws_durable_execution_sdk_python import DurableContext

from durable_conformance import Scenario
from durable_conformance.runtime import run_in_process
from patterns.durable import Event, Result, Text, ask, durable_handler
from providers import ModelProvider
from providers.scripted import ScriptedProvider
from providers.selection import selected_provider


class Greeting(Event):
    name: Text = "you"


class Greeted(Result):
    said_hello: str


def greet(event: Greeting, context: DurableContext, model: ModelProvider) -> Greeted:
    """Greet somebody."""
    return Greeted(said_hello=ask(context, model, "greet", f"Greet {event.name}").text)


def test_the_environment_chooses_the_provider_at_the_first_invocation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    handler = durable_handler(greet)  # as a module does when it is imported: nothing is chosen yet
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"greet": ["hello", "hello again"]}))
    monkeypatch.setenv("MODEL_PROVIDER", "scripted")
    monkeypatch.setenv("MODEL_SCRIPT", str(script))
    selected_provider.cache_clear()
    try:
        runs = [run_in_process(lambda _: handler, Scenario({}, ScriptedProvider)) for _ in range(2)]
    finally:
        selected_provider.cache_clear()
    assert [run.result for run in runs] == [{"saidHello": "hello"}, {"saidHello": "hello again"}]


def test_results_are_camel_case_json() -> None:
    run = run_in_process(lambda model: durable_handler(greet, model=model), Scenario({}, ScriptedProvider))
    assert list(run.result) == ["saidHello"]


@pytest.mark.parametrize("event", [None, [], "text", 3, True])
def test_an_event_that_is_no_object_is_refused_with_what_is_wanted(event: object) -> None:
    run = run_in_process(lambda model: durable_handler(greet, model=model), Scenario(event, ScriptedProvider))
    assert run.status == "FAILED"
    assert "a JSON object (name) is wanted" in (run.error_message or "")


def test_the_offending_value_is_not_repeated() -> None:
    event = {"name": ["s3cret"], "password": "s3cret"}
    run = run_in_process(lambda model: durable_handler(greet, model=model), Scenario(event, ScriptedProvider))
    assert "name" in (run.error_message or "")
    assert "password" in (run.error_message or "")
    assert "s3cret" not in (run.error_message or "")


def test_the_handler_is_named_and_documented_as_the_workflow() -> None:
    handler = durable_handler(greet)
    assert (handler.__name__, handler.__doc__) == ("greet", "Greet somebody.")
