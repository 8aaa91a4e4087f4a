"""Recordings: what makes two of them alike, who answers an execution that goes on, and what code must come by."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

import pytest
from aws_durable_execution_sdk_python import CallbackError, DurableContext
from aws_durable_execution_sdk_python.config import Duration, WaitForCallbackConfig
from aws_durable_execution_sdk_python.lambda_service import OperationAction, OperationStatus

from durable_conformance import Answered, CannotRunError, Refused, Scenario, Silence, handler_factory
from durable_conformance.execution import EPOCH, Awaited
from durable_conformance.histories import (
    Change,
    Golden,
    History,
    HistorySource,
    NotInHistoryError,
    Payload,
    RecordedError,
    Subject,
    alike,
    load_history,
    provenance,
    record,
    recorded_scenario,
    replay,
)
from durable_conformance.model import Answer, Asking, Failure, ProviderTap, Question
from durable_conformance.runtime import Observer, Service
from durable_conformance.subject import CALLBACK_SUFFIX
from providers import Message, ModelAccessDeniedError, ModelRequest, ModelThrottledError
from providers.scripted import ScriptedProvider
from tests.histories import selection
from tests.patterns.catalogue import CATALOGUE

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def golden(pattern: str, scenario: str) -> History:
    return load_history(selection.Golden(pattern, scenario).path)


def test_recordings_are_alike_whenever_they_were_made_and_whoever_came_first() -> None:
    history = golden("parallel_invocation", "answered")
    of = {path: [change for change in history.changes if change.path == path] for path in paths(history)}
    later = {"at": 9, "invocation": 2}
    one_by_one = tuple(change.model_copy(update=later) for changes in of.values() for change in changes)
    assert one_by_one != history.changes
    anew = history.recorded.model_copy(update={"at": NOW})
    assert alike(history, history.model_copy(update={"changes": one_by_one, "recorded": anew}))


def paths(history: History) -> list[str]:
    return [operation.path for operation in history.operations]


@pytest.mark.parametrize("field", ["event", "result", "changes", "calls"])
def test_recordings_that_say_something_else_are_not_alike(field: str) -> None:
    history = golden("parallel_invocation", "answered")
    other = golden("parallel_invocation", "one branch filtered")
    different: dict[str, Any] = {"event": None, "result": None, "changes": other.changes, "calls": other.calls}
    assert not alike(history, history.model_copy(update={field: different[field]}))


def test_an_execution_that_does_not_end_cannot_be_recorded() -> None:
    def waits_for_nobody(event: Any, context: DurableContext, model: Any) -> None:
        context.create_callback("never").result()

    scenario = Scenario({}, ScriptedProvider, {"never": [Silence()]})
    with pytest.raises(CannotRunError, match="it cannot be recorded, because it does not end: STUCK"):
        record(handler_factory(waits_for_nobody), scenario, provenance("it", "nobody answers", NOW))


@dataclass(frozen=True)
class Outside:
    """A gate through which code asks the recorded execution's model outside any operation."""

    history: History

    def answer(self, question: Question) -> Answer | Failure:
        return HistorySource(self.history).answer(question, Asking(path=None, attempt=None, position=0))


def asked(history: History, request: ModelRequest) -> str:
    """What the recorded execution's model answers to code that asks outside any operation."""
    return ProviderTap(Outside(history)).converse(request).text


def question(text: str, label: str = "") -> ModelRequest:
    return ModelRequest(messages=(Message.user(text),), label=label)


def test_a_call_that_moved_keeps_its_answer() -> None:
    history = golden("prompt_chaining", "answered")
    joke = question("Make a joke about tea", "generate-joke")
    review = question('Rate this joke 1-10 and explain why: "A tea-se."', "review-joke")
    assert asked(history, review) == "7: steeped in tradition."
    assert asked(history, joke) == "A tea-se."


def test_a_call_that_was_tried_again_ends_as_it_did() -> None:
    history = golden("prompt_chaining", "throttled once")
    with pytest.raises(ModelThrottledError, match="Scripted: too many requests"):
        asked(history, question("Make a joke about tea", "generate-joke"))


def test_what_was_not_asked_has_no_answer() -> None:
    with pytest.raises(NotInHistoryError, match=r"The handler asks the model what was not asked .*: .*Why\?"):
        asked(golden("prompt_chaining", "answered"), question("Why?"))


@pytest.mark.parametrize(
    ("scenario", "answers"),
    [
        ("approved", [Answered('{"approved": true}'), Silence()]),
        ("nobody answers", [Silence(), Silence()]),
        ("nothing extracted every time", [Silence(), Silence()]),
    ],
)
def test_people_answer_as_they_did_and_nobody_else_does(scenario: str, answers: list[Any]) -> None:
    met = recorded_scenario(golden("human_review", scenario))
    assert [met.answer(f"human-review{CALLBACK_SUFFIX}", n) for n in (0, 1)] == answers
    assert met.answer("another", 0) == met.result("human-review", 0) == Silence()


def test_a_callback_that_failed_is_refused_again() -> None:
    history = golden("human_review", "approved")
    failed = [
        change.model_copy(update={"status": OperationStatus.FAILED, "error": RecordedError(message="out of office")})
        if change.status is OperationStatus.SUCCEEDED and change.action is None
        else change
        for change in history.changes
    ]
    met = recorded_scenario(history.model_copy(update={"changes": tuple(failed)}))
    assert met.answer("human-review", 0) == Refused("out of office")


def test_chained_invocations_and_heartbeats_are_recorded_and_come_again() -> None:
    def order(event: Any, context: DurableContext, model: Any) -> list[Any]:
        config = WaitForCallbackConfig(timeout=Duration.from_hours(2), heartbeat_timeout=Duration.from_minutes(5))
        paid: str = context.invoke("pay", {"order": 7}, "payment")
        shipped: str = context.invoke("ship", {"order": 7})
        with contextlib.suppress(CallbackError):
            context.wait_for_callback(lambda *_: None, "signed", config)
        return [paid, shipped]

    invokes = {"payment": [Answered('"paid"')], "ship": [Answered('"shipped"')]}
    scenario = Scenario({}, ScriptedProvider, {"signed": [Silence()]}, invokes=invokes)
    history = record(handler_factory(order), scenario, provenance("it", "invokes", NOW))
    assert history.result == ["paid", "shipped"]
    started = {change.path: change for change in reversed(history.changes) if change.action is OperationAction.START}
    assert [started[path].function_name for path in ("/1:payment", "/2:ChainedInvoke")] == ["pay", "ship"]
    callback = started["/3:signed/1:signed create callback id"]
    assert (callback.timeout_seconds, callback.heartbeat_seconds) == (7200, 300)
    met = recorded_scenario(history)
    assert [met.result("payment", 0), met.result("ship", 0)] == [Answered('"paid"'), Answered('"shipped"')]
    assert replay([Subject("it", history, handler_factory(order))]).replaying == 1


WHOLE_RESPONSE = json.dumps(
    {
        "response": {
            "message": {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]},
            "stop_reason": "end_turn",
            "model": "m",
        }
    }
)


def exported(*changes: Change) -> History:
    """A history that does not know who asked what."""
    history = golden("prompt_chaining", "answered")
    return history.model_copy(update={"changes": changes, "calls": None})


def ended(action: OperationAction, **outcome: Any) -> Change:
    return Change(invocation=1, at=0, path="", action=action, status=OperationStatus.SUCCEEDED, attempt=1, **outcome)


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (WHOLE_RESPONSE, "Hi"),
        ('"Hi"', "Hi"),
        ("Hi", "Hi"),
        ('{"greeting": "Hi"}', '{"greeting": "Hi"}'),
    ],
)
def test_where_calls_are_not_known_the_answer_is_what_the_step_recorded(payload: str, text: str) -> None:
    assert asked(exported(ended(OperationAction.SUCCEED, result=Payload.of(payload))), question("?")) == text


@pytest.mark.parametrize(
    ("action", "type_", "error"),
    [
        (OperationAction.FAIL, "providers.errors.ModelAccessDeniedError", ModelAccessDeniedError),
        (OperationAction.RETRY, "somebody.ElsesError", "ModelUnavailableError"),
        (OperationAction.FAIL, "somebody.ElsesError", "PermanentModelError"),
    ],
)
def test_where_calls_are_not_known_the_error_is_what_the_step_recorded(
    action: OperationAction, type_: str, error: Any
) -> None:
    history = exported(ended(action, error=RecordedError(type=type_, message="no")))
    with pytest.raises(Exception, match="no") as raised:
        asked(history, question("?"))
    assert type(raised.value).__name__ == (error if isinstance(error, str) else error.__name__)


def test_the_state_after_each_change() -> None:
    history = golden("prompt_chaining", "throttled once")
    states = [
        [(operation.name, operation.status.value) for operation in Golden(history).operations_after(changes)]
        for changes in range(len(history.changes) + 1)
    ]
    assert states == [
        [],
        [("generate-joke", "STARTED")],
        [("generate-joke", "PENDING")],
        [("generate-joke", "READY")],
        [("generate-joke", "STARTED")],
        [("generate-joke", "SUCCEEDED")],
        [("generate-joke", "SUCCEEDED"), ("review-joke", "STARTED")],
        [("generate-joke", "SUCCEEDED"), ("review-joke", "SUCCEEDED")],
    ]


def test_an_execution_goes_on_at_its_time_with_its_timeouts_and_is_told_what_has_ended() -> None:
    history = golden("human_review", "nobody answers")
    fresh = Service(Scenario(history.event, ScriptedProvider), Observer()).start(1)
    ids = {operation.name: operation.id for operation in history.operations}
    ended = [change.status for change in history.changes].index(OperationStatus.TIMED_OUT) + 1
    waiting, over = (Golden(history).prefix(changes, fresh).start for changes in (ended - 1, ended))
    assert (waiting.now, over.now) == (fresh.now, EPOCH + dt.timedelta(days=7))
    assert waiting.awaited == {ids["human-review create callback id"]: Awaited(timeout_seconds=7 * 24 * 3600)}
    assert (waiting.invocation, over.invocation) == (2, 2)
    assert set(over.changed) - set(waiting.changed) == {ids["human-review create callback id"]}
    assert over.completed - waiting.completed == {"/2:human-review/1:human-review create callback id"}
    assert waiting.operations[0] == fresh.operations[0], "the execution itself"


def test_what_happens_while_nobody_runs_belongs_to_the_invocation_before() -> None:
    history = golden("prompt_chaining", "throttled once")
    assert [(change.status.value, change.invocation) for change in history.changes][:4] == [
        ("STARTED", 1),
        ("PENDING", 1),
        ("READY", 1),
        ("STARTED", 2),
    ]
    scenario = CATALOGUE["prompt_chaining"].scenarios["throttled once"]
    again = record(CATALOGUE["prompt_chaining"].handler_for, scenario, provenance("it", "again", NOW))
    assert again.changes == history.changes


def test_what_code_must_come_by_ends_where_the_sdk_stops_telling() -> None:
    """A finished branch is not told of, nor what stands in a finished context or after what has not finished."""
    history = golden("agent_with_tools", "a person answers")
    names = {operation.id: operation.path for operation in history.operations}
    told = [sorted(names[one] for one in Golden(history).met_on_replay(n)) for n in range(len(history.changes) + 1)]
    tool = "/2:tool:wait_for_human_review"
    assert told[0] == []
    assert told[2] == ["/1:turn-1"]
    assert told[6] == [
        "/1:turn-1",
        tool,
        f"{tool}/1:human-review",
        f"{tool}/1:human-review/1:human-review create callback id",
    ]
    assert told[-1] == ["/1:turn-1", tool, "/3:turn-2"]
    batch = golden("parallel_invocation", "answered")
    assert Golden(batch).met_on_replay(len(batch.changes)) == {batch.operations[0].id}
