"""A model call is answered again as it was answered before, errors included."""

from __future__ import annotations

import dataclasses
from typing import NoReturn

import pytest

from durable_conformance.model import Asking, Failure, ModelCall, ProviderSource, ProviderTap, Question
from durable_conformance.runtime import Crashes, Horizon, ModelGate, Observer
from providers import Message, ModelError, ModelProvider, ModelRequest, ModelResponse, ModelThrottledError
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
        gate = ModelGate(self._observer, Crashes([], self._observer, Horizon(None)), source)
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
