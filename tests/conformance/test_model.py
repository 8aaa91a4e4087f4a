"""A model call is answered again as it was answered before, errors included."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import threading
from typing import Any, NoReturn

import pytest
from aws_durable_execution_sdk_python import DurableContext, durable_execution

from durable_conformance import Scenario
from durable_conformance.model import TAG, Asking, Failure, ModelCall, ProviderSource, ProviderTap, Question
from durable_conformance.runtime import CallGate, Crashes, Horizon, Observer, run_in_process
from durable_conformance.subject import Handler
from providers import Message, ModelError, ModelProvider, ModelRequest, ModelResponse, ModelThrottledError
from providers.scripted import ScriptedProvider
from tests.conformance.made_up_runs import made_call

QUESTION = ModelRequest(messages=(Message.user("Hi"),))


class QuotaError(ModelThrottledError):
    """A provider's own error, whose constructor takes more than a message."""

    def __init__(self, quota: str, *, seconds: int) -> None:
        super().__init__(f"{quota} is used up for {seconds} s")


class UsedUp:
    """A provider that answers nobody."""

    def converse(self, request: ModelRequest) -> ModelResponse:  # noqa: ARG002  # it answers nobody
        raise QuotaError("tokens", seconds=3)


class Nobody(ProviderSource):
    """A source that must not be asked."""

    def __init__(self) -> None:
        super().__init__(UsedUp)

    def answer(self, question: Question, asking: Asking) -> NoReturn:
        raise AssertionError(f"{asking} asks {question.request.text}")


class Asked:
    """An execution whose code asks outside any operation, and what is kept of that."""

    def __init__(self, source: ProviderSource, *known: ModelCall) -> None:
        self._observer = Observer()
        gate = CallGate(self._observer, Crashes([], self._observer, Horizon(None)), source)
        gate.know(known)
        self.model: ModelProvider = ProviderTap(gate)

    @property
    def calls(self) -> list[ModelCall]:
        return [event for event in self._observer.events if isinstance(event, ModelCall)]


def test_an_error_is_raised_again_whatever_its_constructor_takes() -> None:
    first = Asked(ProviderSource(UsedUp))
    with pytest.raises(ModelError) as raised:
        first.model.converse(QUESTION)
    assert (type(raised.value), str(raised.value)) == (QuotaError, "tokens is used up for 3 s")
    (call,) = first.calls
    assert (call.outcome, call.error_message) == ("QuotaError", "tokens is used up for 3 s")
    again = Asked(Nobody(), call)
    with pytest.raises(ModelError) as raised:
        again.model.converse(QUESTION)
    assert (type(raised.value), str(raised.value)) == (QuotaError, "tokens is used up for 3 s")
    assert again.calls == [call]


@pytest.mark.parametrize("kind", ["UnheardOfError", "elsewhere.errors.UnheardOfError"])
def test_an_error_that_is_not_loaded_is_still_a_model_error(kind: str) -> None:
    call = dataclasses.replace(made_call(None, QUESTION, None), failure=Failure(kind, "no"))
    with pytest.raises(ModelError) as raised:
        Asked(Nobody(), call).model.converse(QUESTION)
    assert (type(raised.value), str(raised.value)) == (ModelError, "UnheardOfError: no")


def test_who_goes_on_gives_no_answer_the_tag_of_one_that_is_known() -> None:
    """Branches ask side by side: what happened may have the answer to a later call, and not that of an earlier one."""
    observer = Observer()
    gate = CallGate(observer, Crashes([], observer, Horizon(None)), ProviderSource(ScriptedProvider), never_twice=True)
    known = made_call("/1:second", QUESTION, json.dumps({"message": "Hello ~a000002z"}))
    gate.resume([known])
    other = ModelRequest(messages=(Message.user("And now?"),))
    assert TAG.findall(ProviderTap(gate).converse(other).text) == ["000003"]


def test_branches_that_ask_at_once_ask_one_provider() -> None:
    """A script that a second provider began anew would answer twice what it says once."""
    made: list[ScriptedProvider] = []
    both = threading.Barrier(2)

    def make() -> ScriptedProvider:
        made.append(ScriptedProvider())
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.2)  # until another thread makes one, too, if any does
        return made[-1]

    def handler_for(model: ModelProvider) -> Handler:
        @durable_execution
        def handler(_event: Any, context: DurableContext) -> list[str]:
            def branch(inner: DurableContext, item: str, _index: int, _items: object) -> str:
                request = ModelRequest(messages=(Message.user(item),))
                return inner.step(lambda _: model.converse(request).text, "ask")

            return list(context.map(["Ada", "Alan"], branch, "all").get_results())

        return handler

    assert run_in_process(handler_for, Scenario({}, make)).status == "SUCCEEDED"
    assert len(made) == 1


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
