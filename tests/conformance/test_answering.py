"""A model call is answered again as it was answered before, errors included."""

from __future__ import annotations

from typing import Any

from aws_durable_execution_sdk_python import DurableContext, durable_execution

from conformance.answering import raised_again
from conformance.in_process import run_in_process
from conformance.scenario import Handler, Scenario
from providers import Message, ModelError, ModelProvider, ModelRequest, ModelThrottledError
from providers.scripted import ScriptedProvider


class QuotaError(ModelThrottledError):
    """A provider's own error, whose constructor takes more than a message."""

    def __init__(self, quota: str, *, seconds: int) -> None:
        super().__init__(f"{quota} is used up for {seconds} s")


def test_an_error_is_raised_again_whatever_its_constructor_takes() -> None:
    first = QuotaError("tokens", seconds=3)
    again = raised_again("QuotaError", str(first))
    assert (type(again), str(again)) == (QuotaError, "tokens is used up for 3 s")


def test_an_error_that_is_not_loaded_is_still_a_model_error() -> None:
    again = raised_again("UnheardOfError", "no")
    assert (type(again), str(again)) == (ModelError, "UnheardOfError: no")


def test_a_script_that_has_run_out_ends_the_execution_of_any_handler_at_once() -> None:
    def handler_for(model: ModelProvider) -> Handler:
        @durable_execution
        def handler(_event: Any, context: DurableContext) -> str:
            request = ModelRequest(messages=(Message.user("What is there?"),))
            return context.step(lambda _: model.converse(request).text, name="ask")

        return handler

    run = run_in_process(handler_for, Scenario({}, lambda: ScriptedProvider([])))
    assert run.status == "FAILED"
    assert "The script has no answer number 1" in (run.error_message or "")
    assert [call.outcome for call in run.calls] == ["ScriptExhaustedError"]
