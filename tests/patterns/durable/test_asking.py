"""The durable model call: what is checkpointed is what was asked, and nothing unusable gets through."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from aws_durable_execution_sdk_python import DurableContext

from durable_conformance import CrashKind, CrashPoint, Scenario
from durable_conformance.execution import MODEL_CALL, Conditions, Run
from durable_conformance.model import request_of
from durable_conformance.runtime import run_in_process
from durable_conformance.subject import HandlerFactory
from patterns.durable import Event, ask, converse, durable_handler, fan_out
from patterns.durable.limits import CHECKPOINT
from providers import (
    Message,
    ModelError,
    ModelProvider,
    ModelRequest,
    ModelRequestError,
    ModelResponse,
    StopReason,
)
from providers.scripted import Failure, Reply, ScriptedProvider, access_denied, reply, stopped, throttled, tool_use

DIES_BETWEEN = CrashPoint("/1:first", "SUCCEED", 0, CrashKind.AFTER_PERSIST)


def handler_for(workflow: Callable[[Event, DurableContext, ModelProvider], str]) -> HandlerFactory:
    return lambda model: durable_handler(workflow, model=model)


def run(workflow: Callable[[Event, DurableContext, ModelProvider], str], *script: object, dies: bool = False) -> Run:
    scenario = Scenario({}, lambda: ScriptedProvider(list(script)))  # type: ignore[arg-type]
    return run_in_process(handler_for(workflow), scenario, Conditions([DIES_BETWEEN] if dies else []))


def drifting(numbers: Iterator[int]) -> Callable[[Event, DurableContext, ModelProvider], str]:
    """A workflow with the bug: its first prompt depends on something that differs from invocation to invocation."""

    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        first = ask(context, model, "first", f"Say {next(numbers)}").text
        return first + ask(context, model, "second", f"Repeat {first}").text

    return workflow


def test_a_prompt_that_changed_on_replay_fails_the_execution_with_both_digests() -> None:
    first, second = (
        ModelRequest(messages=(Message.user(f"Say {number}"),), label="first").digest() for number in (0, 1)
    )
    outcome = run(drifting(count()), reply("zero"), reply("again"), dies=True)
    assert (outcome.status, outcome.error_type) == ("FAILED", "patterns.durable.asking.PromptDriftError")
    assert first in (outcome.error_message or "")
    assert second in (outcome.error_message or "")
    assert "'first'" in (outcome.error_message or "")


def test_the_drift_is_not_noticed_without_a_crash_and_not_raised_without_a_drift() -> None:
    assert run(drifting(count()), reply("zero"), reply("again")).status == "SUCCEEDED"

    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        return ask(context, model, "first", "Say 0").text + ask(context, model, "second", "Say 1").text

    outcome = run(workflow, reply("a"), reply("b"), dies=True)
    assert (outcome.status, outcome.result) == ("SUCCEEDED", "ab")


@pytest.mark.parametrize("kind", ["child", "branch"])
def test_a_drift_inside_another_context_fails_the_execution_too(kind: str) -> None:
    numbers = count()

    def ask_twice(context: DurableContext, model: ModelProvider) -> str:
        text = ask(context, model, "first", f"Say {next(numbers)}").text
        return text + ask(context, model, "second", "Say it again").text

    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        if kind == "child":
            return context.run_in_child_context(lambda child: ask_twice(child, model), "outer")
        return fan_out(context, "outer", ["x"], lambda child, _, __: ask_twice(child, model)).succeeded[0].value

    path = "/1:outer/1:first" if kind == "child" else "/1:outer/0:outer-1/1:first"
    scenario = Scenario({}, lambda: ScriptedProvider([reply("a"), reply("b")]))
    point = CrashPoint(path, "SUCCEED", 0, CrashKind.AFTER_PERSIST)
    outcome = run_in_process(handler_for(workflow), scenario, Conditions([point]))
    assert (outcome.status, outcome.error_type) == ("FAILED", "patterns.durable.asking.PromptDriftError")


def test_a_failure_recorded_for_another_prompt_is_a_drift_too() -> None:
    numbers = count()

    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        try:
            return ask(context, model, "first", f"Say {next(numbers)}").text
        except ModelError as error:
            return ask(context, model, "second", f"Why {error}?").text

    scenario = Scenario({}, lambda: ScriptedProvider([access_denied(), reply("b")]))
    point = CrashPoint("/1:first", "FAIL", 0, CrashKind.AFTER_PERSIST)
    outcome = run_in_process(handler_for(workflow), scenario, Conditions([point]))
    assert (outcome.status, outcome.error_type) == ("FAILED", "patterns.durable.asking.PromptDriftError")


class QuotaError(ModelRequestError):
    """A provider of somebody else's has errors of its own."""


def test_an_error_keeps_its_own_type_and_message() -> None:
    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        return ask(context, model, "first", "Say 0").text

    outcome = run(workflow, Failure(QuotaError, "no more"))
    assert (outcome.error_type, outcome.error_message) == (f"{__name__}.QuotaError", "no more")


class CodedError(ModelRequestError):
    """And they may be made of other things than a message."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code


class Coded:
    """A provider that is refused."""

    def converse(self, request: ModelRequest) -> ModelResponse:
        raise CodedError(7, f"no {request.label}")


def test_an_error_with_a_constructor_of_its_own_keeps_its_type_and_message() -> None:
    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        try:
            return ask(context, model, "first", "Say 0").text
        except CodedError as error:
            return f"caught {error}"

    outcome = run_in_process(handler_for(workflow), Scenario({}, Coded))
    assert (outcome.status, outcome.result) == ("SUCCEEDED", "caught 7: no first")


def test_a_provider_that_fails_with_a_long_message_fails_like_any_other() -> None:
    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        return ask(context, model, "first", "Say 0").text

    outcome = run(workflow, Failure(ModelRequestError, "x" * 1_000_000))
    assert outcome.error_type == "providers.errors.ModelRequestError"
    assert len(outcome.error_message or "") < 3_000


NESTED = json.loads('{"a":' * 210 + "0" + "}" * 210)


@pytest.mark.parametrize(
    ("reply_", "why"),
    [
        (reply("x" * CHECKPOINT.utf8), "is too long"),
        (tool_use("look", {"where": "猫" * (CHECKPOINT.utf8 // 3)}), "is too long"),
        (tool_use("look", NESTED), "nothing that a checkpoint can hold"),
    ],
)
def test_a_reply_that_no_checkpoint_holds_costs_one_call_and_is_an_output_error(reply_: Reply, why: str) -> None:
    """The service would refuse the checkpoint, the invocation would die of it, and the call be made again for ever."""

    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        return converse(context, model, "first", ModelRequest(messages=(Message.user("x"),))).text

    outcome = run(workflow, reply_)
    assert (outcome.status, outcome.error_type) == ("FAILED", "providers.errors.ModelOutputError")
    assert why in (outcome.error_message or "")
    assert len(outcome.calls) == 1
    assert max(update.payload_bytes for update in outcome.updates) < CHECKPOINT.utf8


def test_a_reply_that_just_fits_is_checkpointed() -> None:
    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        return converse(context, model, "first", ModelRequest(messages=(Message.user("x"),))).text[:1]

    outcome = run(workflow, reply("x" * (CHECKPOINT.utf8 - 500)))
    assert (outcome.status, outcome.result) == ("SUCCEEDED", "x")
    assert CHECKPOINT.utf8 - 500 < max(update.payload_bytes for update in outcome.updates) <= CHECKPOINT.utf8


def test_a_call_that_died_is_asked_again_with_the_same_attempt_number() -> None:
    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        return ask(context, model, "first", "Say 0").text

    point = CrashPoint("/1:first", MODEL_CALL, 1, CrashKind.DURING_CALL)
    scenario = Scenario({}, lambda: ScriptedProvider([throttled(), reply("a")]))
    outcome = run_in_process(handler_for(workflow), scenario, Conditions([point]))
    assert (outcome.status, outcome.result, outcome.crashes) == ("SUCCEEDED", "a", (point,))
    made = [(call.attempt, call.outcome) for call in outcome.calls]
    assert made == [(1, "ModelThrottledError"), (2, "died"), (2, "answered")]


@pytest.mark.parametrize(
    ("unusable", "turns"),
    [
        (stopped(StopReason.MAX_TOKENS, "cut of"), ["user", "assistant", "user"]),
        (stopped(StopReason.MALFORMED_MODEL_OUTPUT), ["user"]),
        (stopped(StopReason.END_TURN, "  \n"), ["user"]),
        (tool_use("surprise", {}, text="I need a tool."), ["user"]),
    ],
)
def test_the_repair_keeps_turns_alternating_and_never_sends_an_empty_one(unusable: object, turns: list[str]) -> None:
    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        return ask(context, model, "first", "Say something").text

    outcome = run(workflow, unusable, reply("something"))
    assert outcome.result == "something"
    repair = request_of(outcome.calls[1])
    assert [message.role for message in repair.messages] == turns
    assert "cannot be used" in repair.messages[-1].text
    assert all(message.content for message in repair.messages)
    assert outcome.operations[1].path == "/2:first-repair-1"


def test_one_step_asks_at_most_once_an_attempt() -> None:
    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        return converse(context, model, "first", ModelRequest(messages=(Message.user("x"),))).text

    outcome = run(workflow, throttled(), throttled(), reply("x"))
    assert [(call.path, call.attempt) for call in outcome.calls] == [("/1:first", n) for n in (1, 2, 3)]
