"""Runs made by hand: each of its calls, updates, effects and deaths is given, and nothing else has happened."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from durable_conformance.execution import EPOCH, Checkpointed, Death, EffectHappened, Event, InvocationBegan, Run
from durable_conformance.model import ANSWERED, Answer, Failure, ModelCall, ProviderTap, Question, Request, text_answer
from providers import ModelRequest

NOTHING = Run("SUCCEEDED", None, None, None, operations=(), events=())


def made_up(*, invocations: int = 1, **given: Any) -> Run:
    """An execution that succeeded with nothing in it but what is `given`, as `changed` takes it."""
    return changed(NOTHING, invocations=invocations, **given)


def changed(  # each is left as it is unless it is named
    run: Run,
    *,
    calls: Sequence[ModelCall] | None = None,
    updates: Sequence[Checkpointed] | None = None,
    effects: Sequence[EffectHappened] | None = None,
    deaths: Sequence[Death] | None = None,
    invocations: int | None = None,
    **fields: Any,
) -> Run:
    """`run` with all that is read off its events, and with its fields, as they are given."""
    events = run.events
    if invocations is not None:
        events = _with(events, InvocationBegan, [began(number) for number in range(1, invocations + 1)])
    for kind, given in ((Checkpointed, updates), (ModelCall, calls), (EffectHappened, effects), (Death, deaths)):
        if given is not None:
            events = _with(events, kind, given)
    return dataclasses.replace(run, events=events, **fields)


def _with(events: Sequence[Event], kind: type[Event], given: Sequence[Event]) -> tuple[Event, ...]:
    """`events`, with those that are `given` in place of all of their kind."""
    return (*(event for event in events if not isinstance(event, kind)), *given)


def began(number: int) -> InvocationBegan:
    """The beginning of an invocation, when nothing is known to have ended."""
    return InvocationBegan(number, EPOCH, frozenset())


def made_call(path: str | None, asked: ModelRequest, answer: str | None) -> ModelCall:
    """The first attempt's call in an execution; None is denied."""
    return ModelCall(
        invocation=1,
        path=path,
        operation_id=path,
        operation_type="STEP" if path else None,
        attempt=1 if path else None,
        request=tapped(asked),
        outcome="ModelAccessDeniedError" if answer is None else ANSWERED,
        answer=None if answer is None else text_answer(answer),
        failure=Failure("providers.errors.ModelAccessDeniedError", "") if answer is None else None,
    )


def tapped(asked: ModelRequest) -> Request:
    """What the tap makes of a request."""
    noted = _Noted()
    ProviderTap(noted).converse(asked)
    return noted.questions[-1].request


class _Noted:
    """A gate that keeps what passes it."""

    def __init__(self) -> None:
        self.questions: list[Question] = []

    def answer(self, question: Question) -> Answer | Failure:
        self.questions.append(question)
        return text_answer("")
