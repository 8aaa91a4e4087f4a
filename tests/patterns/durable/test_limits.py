"""Whatever is too large, in whatever alphabet, ends in a clear error: the SDK would wait with it for ever."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from aws_durable_execution_sdk_python import CallbackError, DurableContext
from aws_durable_execution_sdk_python.config import Duration
from aws_durable_execution_sdk_python.execution import LAMBDA_RESPONSE_SIZE_LIMIT
from aws_durable_execution_sdk_python.identifier import OperationIdentifier
from aws_durable_execution_sdk_python.lambda_service import (
    ErrorObject,
    OperationSubType,
    OperationType,
    OperationUpdate,
)
from aws_durable_execution_sdk_python.state import CheckpointBatcherConfig

from durable_conformance import Answered, Refused, Scenario
from durable_conformance.execution import Run
from durable_conformance.runtime import run_in_process
from durable_conformance.subject import CallbackAnswer
from patterns.durable import Event, ask, ask_human, durable_handler, fan_out, tool
from patterns.durable.limits import CHECKPOINT, RESULT, excess, shortened
from patterns.durable.recorded_errors import MAX_ERROR_CHARS
from patterns.durable.strands_agent import run_agent
from patterns.durable.tools import MAX_RESULT_CHARS
from providers import ModelProvider
from providers.scripted import Reply, ScriptedProvider, reply, tool_use

ALPHABETS = ["x", "é", "猫", "🎉", '"', "\\", "\n", "\x01"]
ERROR_BYTES = 32_768
"""Longest error that the service takes."""

type Workflow = Callable[[DurableContext, ModelProvider], object]


def run(workflow: Workflow, *script: Reply, answers: tuple[CallbackAnswer, ...] = ()) -> Run:
    """Run a workflow that takes no event."""

    def on_any_event(event: Event, context: DurableContext, model: ModelProvider) -> object:
        return workflow(context, model)

    scenario = Scenario({}, lambda: ScriptedProvider(list(script)), {"approval": list(answers)})
    return run_in_process(lambda model: durable_handler(on_any_event, model=model), scenario)


def update(payload: str) -> OperationUpdate:
    identifier = OperationIdentifier(
        "0" * 64, OperationSubType.STEP, "0" * 64, "n" * 256, operation_type=OperationType.STEP
    )
    return OperationUpdate.create_step_succeed(identifier, payload)


@pytest.mark.parametrize("letter", ALPHABETS)
def test_what_is_let_through_has_room_in_an_empty_batch_and_what_is_not_has_none_somewhere(letter: str) -> None:
    fits, too_long = 0, 1_000_000
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        fits, too_long = (middle, too_long) if excess(letter * middle, CHECKPOINT) is None else (fits, middle)
    text = letter * fits
    assert len(text.encode()) <= 256 * 1024
    assert len(json.dumps(update(text).to_dict())) <= CheckpointBatcherConfig().max_batch_size_bytes
    assert fits > 40_000, "nothing is refused for no reason"


def test_half_a_character_has_a_size_too() -> None:
    assert excess("\ud83d", CHECKPOINT) is None


def test_a_result_is_counted_as_the_sdk_counts_it() -> None:
    assert RESULT.utf8 == LAMBDA_RESPONSE_SIZE_LIMIT


@pytest.mark.parametrize("letter", ALPHABETS)
def test_what_is_cut_fits_in_every_alphabet(letter: str) -> None:
    assert excess(json.dumps(shortened(letter * 1_000_000, MAX_RESULT_CHARS)), CHECKPOINT) is None
    message = shortened(letter * 1_000_000, MAX_ERROR_CHARS) + " [request " + "0" * 64 + "]"
    assert len(json.dumps(ErrorObject.from_exception(ValueError(message)).to_dict())) < ERROR_BYTES


@pytest.mark.parametrize("letter", ["é", "猫", "🎉", "x"])
@pytest.mark.parametrize("strands", [False, True])
def test_a_reply_that_is_too_long_is_an_output_error_and_costs_one_call(letter: str, strands: bool) -> None:
    text = letter * (129_000 if letter == "é" else 270_000)

    def workflow(context: DurableContext, model: ModelProvider) -> str:
        if strands:
            return run_agent(context, model, "agent", "hi", (), system="s", tier="small", max_turns=3)
        return ask(context, model, "ask", "hi").text

    outcome = run(workflow, reply(text))
    assert (outcome.status, outcome.error_type) == ("FAILED", "providers.errors.ModelOutputError")
    assert "a checkpoint holds" in (outcome.error_message or "")
    assert len(outcome.calls) == 1


def loud(letter: str) -> Workflow:
    @tool(repeatable=True)
    def shout(_: Event) -> str:
        """Shout."""
        return letter * 500_000

    return lambda context, model: run_agent(
        context, model, "agent", "hi", (shout,), system="s", tier="small", max_turns=3
    )


@pytest.mark.parametrize("letter", ALPHABETS)
def test_a_strands_agents_tool_result_is_cut(letter: str) -> None:
    outcome = run(loud(letter), tool_use("shout", {}), reply("Done."))
    assert (outcome.status, outcome.result) == ("SUCCEEDED", "Done.")
    assert max(update.payload_bytes for update in outcome.updates) <= CHECKPOINT.utf8


def asking(context: DurableContext, model: ModelProvider) -> list[object]:
    try:
        return ["answered", len(ask_human(context, "approval", Duration.from_days(1)))]
    except CallbackError as error:
        return [type(error).__name__, len(str(error))]


@pytest.mark.parametrize("letter", ALPHABETS)
def test_an_answer_as_long_as_the_service_takes_comes_whole(letter: str) -> None:
    length = 256 * 1024 // len(letter.encode())
    outcome = run(asking, answers=(Answered(letter * length),))
    assert (outcome.status, outcome.result) == ("SUCCEEDED", ["answered", length])
    assert max(update.payload_bytes for update in outcome.updates) <= CHECKPOINT.utf8


@pytest.mark.parametrize("letter", ALPHABETS)
@pytest.mark.parametrize("length", [2_000, 10_000, 32_700, 100_000])
def test_a_callback_that_is_failed_with_a_long_reason_is_failed_with_the_start_of_it(letter: str, length: int) -> None:
    outcome = run(asking, answers=(Refused(letter * length),))
    assert outcome.status == "SUCCEEDED"
    kind, said = outcome.result
    assert kind == "CallbackExternalError"
    assert said <= MAX_ERROR_CHARS + 100


@pytest.mark.parametrize("letter", ALPHABETS)
def test_a_batch_of_long_results_is_kept(letter: str) -> None:
    def workflow(context: DurableContext, model: ModelProvider) -> list[int]:
        results = fan_out(context, "batch", ["a", "b", "c"], lambda _, __, number: letter * 60_000 * number)
        return [len(branch.value) for branch in results.succeeded]

    outcome = run(workflow)
    assert (outcome.status, outcome.result) == ("SUCCEEDED", [60_000, 120_000, 180_000])
    assert max(update.payload_bytes for update in outcome.updates) <= CHECKPOINT.utf8


@pytest.mark.parametrize(("letter", "length"), [("x", 6_300_000), ("é", 1_050_000), ("🎉", 525_000)])
def test_a_result_that_no_function_can_answer_with_is_an_error(letter: str, length: int) -> None:
    outcome = run(lambda *_: {"text": letter * length})
    assert (outcome.status, outcome.error_type) == ("FAILED", "patterns.durable.results.InvalidResultError")
    assert "too large" in (outcome.error_message or "")
    assert len(outcome.error_message or "") < 500
