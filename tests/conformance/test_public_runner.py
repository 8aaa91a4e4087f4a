"""The public runner, driven so that nothing can keep it waiting for ever."""

from __future__ import annotations

import threading

from aws_durable_execution_sdk_python import DurableContext

from conformance.observer import CheckpointUpdate
from conformance.public_runner import run_on_public_runner
from conformance.scenario import Scenario
from patterns.durable import Event, ask, durable_handler
from providers import ModelProvider
from providers.scripted import ScriptedProvider


def greet(event: Event, context: DurableContext, model: ModelProvider) -> str:
    return ask(context, model, "greet", "Greet me").text


def test_updates_are_told_on_the_callers_thread_and_in_order() -> None:
    told: list[tuple[str, str, int]] = []

    def on_update(update: CheckpointUpdate) -> None:
        told.append((update.path, update.action, threading.get_ident()))

    run_on_public_runner(
        lambda model: durable_handler(greet, model=model), Scenario({}, ScriptedProvider), on_update=on_update
    )
    here = threading.get_ident()
    assert told == [("/1:greet", "START", here), ("/1:greet", "SUCCEED", here)]
