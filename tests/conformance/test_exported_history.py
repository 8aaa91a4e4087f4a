"""Histories that the service exports: made golden ones, and replayed like any other.

The exports here come from the testing SDK's runner, which builds the events that the service's API describes.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import Duration
from aws_durable_execution_sdk_python.identifier import OperationIdNamespace

from durable_conformance import Finding, Scenario, handler_factory
from durable_conformance.histories import (
    History,
    HistoryError,
    Subject,
    import_history,
    load_history,
    provenance,
    replay,
    save_history,
    text_of,
)
from durable_conformance.subject import HandlerFactory, Reference
from providers import ModelProvider
from providers.scripted import ScriptedProvider
from tests.conformance.corpus.asking import say_in_step
from tests.conformance.exporting import exported
from tests.histories.older import OLDER
from tests.patterns.catalogue import CATALOGUE

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

SCENARIOS = [
    ("prompt_chaining", "throttled once"),
    ("prompt_chaining", "access denied"),
    ("human_review", "approved"),
    ("human_review", "refused by the reviewer's system"),
    ("parallel_invocation", "two branches throttled once"),
    ("llm_as_judge", "one candidate denied"),
    ("structured_output", "bad every time"),
    ("agent_with_tools", "a person answers"),
]


def imported(folder: Path, document: object, handler: str = "a handler") -> History:
    """The history of an export, from a file."""
    path = folder / "export.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return import_history(path, provenance(handler, "exported", NOW))


def replayed(history: History, handler: Reference | HandlerFactory) -> tuple[Finding, ...]:
    report = replay([Subject("it", history, handler)])
    assert report.could_not_run == {}
    assert report.runs == len(history.changes) + 1
    return report.findings.get("it", ())


@pytest.mark.parametrize(("pattern", "scenario"), SCENARIOS)
def test_what_ran_elsewhere_replays_here(tmp_path: Path, pattern: str, scenario: str) -> None:
    under_test = CATALOGUE[pattern]
    met = under_test.scenarios[scenario]
    history = imported(tmp_path, exported(under_test.handler_for, met), pattern)
    save_history(history, tmp_path / "history.json")
    assert load_history(tmp_path / "history.json") == history
    expected = under_test.run(scenario)
    assert (history.status, history.result) == (expected.status, expected.result)
    assert history.calls is None
    assert history.recorded.source == "export"
    assert [operation.path for operation in history.operations] == [operation.path for operation in expected.operations]
    assert replayed(history, Reference(pattern)) == ()


def test_what_an_older_version_ran_elsewhere_does_not(tmp_path: Path) -> None:
    older = next(version for version in OLDER if version.name == "asked for a pun")
    history = imported(tmp_path, exported(older.handler, older.scenario), older.pattern)
    found = replayed(history, Reference(older.pattern))
    assert [(finding.path, finding.actual.split(":")[0]) for finding in found] == [
        ("execution", "FAILED patterns.durable.asking.PromptDriftError")
    ], "what was asked shows by the digest that the step recorded"


def letter(event: Any, context: DurableContext, model: ModelProvider) -> str:
    """A recorded value, a wait, and an answer that is stored as its text."""
    number = context.step(lambda _: uuid.uuid4().hex, "number")
    context.wait(Duration.from_days(2), "sleep-on-it")
    return say_in_step(context, model, "write", f"Letter {number} to {event['to']}") + number


def test_values_waits_and_answers_that_are_plain_text(tmp_path: Path) -> None:
    history = imported(tmp_path, exported(handler_factory(letter), Scenario({"to": "Ana"}, ScriptedProvider)))
    assert [str(change) for change in history.changes][2:4] == ["/2:sleep-on-it START", "/2:sleep-on-it SUCCEEDED"]
    assert history.changes[2].due == pytest.approx(2 * 24 * 3600, abs=2)
    assert replayed(history, handler_factory(letter)) == ()


def event(number: int, type_: str, operation: str | None = None, **more: Any) -> dict[str, Any]:
    """An event as the API describes it; `more` are its details, but for what every event has."""
    common: dict[str, Any] = {key: more.pop(key) for key in ("Name", "ParentId", "SubType") if key in more}
    named = {"Id": operation} if operation else {}
    timestamp = f"2026-01-01T00:00:{number:02}+00:00"
    head = {"EventId": number, "EventType": type_, "EventTimestamp": timestamp}
    return {**head, **named, **common, f"{type_}Details": more}


def step_id(number: int, parent: str | None = None) -> str:
    return OperationIdNamespace(parent).create_id_for_step(number)


STARTED = event(1, "ExecutionStarted", "execution-7", Input={"Payload": '{"n": 1}'})
ENDED = event(59, "ExecutionSucceeded", "execution-7", Result={"Payload": "[2]"})


def statuses(history: History) -> list[tuple[str, str | None, str]]:
    return [
        (change.path, change.action.value if change.action else None, change.status.value) for change in history.changes
    ]


def test_every_kind_of_event_becomes_a_change(tmp_path: Path) -> None:
    batch = step_id(3)
    events = [
        STARTED,
        event(2, "StepStarted", step_id(1), Name="poll", SubType="WaitForCondition"),
        event(3, "StepSucceeded", step_id(1), Result={"Payload": "1"}, RetryDetails={"NextAttemptDelaySeconds": 5}),
        event(4, "InvocationCompleted", RequestId="r"),
        event(9, "StepStarted", step_id(1)),
        event(10, "StepSucceeded", step_id(1), Result={"Payload": "2"}),
        event(11, "ChainedInvokeStarted", step_id(2), Name="other", SubType="ChainedInvoke", FunctionName="f"),
        event(12, "ChainedInvokeTimedOut", step_id(2), Error={"Payload": {"ErrorMessage": "too late"}}),
        event(13, "ContextStarted", batch, Name="pages", SubType="Map", ParentId="execution-7"),
        event(14, "ContextStarted", step_id(0, batch), SubType="MapIteration", ParentId=batch),
        event(15, "ContextSucceeded", step_id(0, batch), Result={"Payload": ""}),
        event(16, "ContextSucceeded", batch, Result={"Payload": '{"totalCount": 1, "startedIndexes": []}'}),
        event(17, "WaitStarted", step_id(4), Duration=60),
        event(18, "WaitCancelled", step_id(4)),
        event(19, "CallbackStarted", step_id(5), Name="sure", CallbackId="secret", Timeout=3600),
        event(20, "CallbackTimedOut", step_id(5), Error={"Payload": {"ErrorType": "Callback.Timeout"}}),
        event(21, "ExecutionPaused"),
        event(22, "StepStarted", step_id(6), Name="flaky", SubType="Step"),
        event(23, "StepFailed", step_id(6), Error={"Payload": {"ErrorMessage": "no"}}),
        event(24, "StepStarted", step_id(6)),
        event(25, "StepFailed", step_id(6), Error={"Payload": {"ErrorMessage": "still no"}}),
        ENDED,
    ]
    history = imported(tmp_path, {"Events": list(reversed(events))})
    assert statuses(history) == [
        ("/1:poll", "START", "STARTED"),
        ("/1:poll", "RETRY", "PENDING"),
        ("/1:poll", None, "READY"),
        ("/1:poll", "START", "STARTED"),
        ("/1:poll", "SUCCEED", "SUCCEEDED"),
        ("/2:other", "START", "STARTED"),
        ("/2:other", None, "TIMED_OUT"),
        ("/3:pages", "START", "STARTED"),
        ("/3:pages/0:MapIteration", "START", "STARTED"),
        ("/3:pages/0:MapIteration", "SUCCEED", "SUCCEEDED"),
        ("/3:pages", "SUCCEED", "SUCCEEDED"),
        ("/4:wait", "START", "STARTED"),
        ("/4:wait", "CANCEL", "CANCELLED"),
        ("/5:sure", "START", "STARTED"),
        ("/5:sure", None, "TIMED_OUT"),
        ("/6:flaky", "START", "STARTED"),
        ("/6:flaky", "RETRY", "PENDING"),
        ("/6:flaky", None, "READY"),
        ("/6:flaky", "START", "STARTED"),
        ("/6:flaky", "FAIL", "FAILED"),
    ]
    assert (history.event, history.status, history.result) == ({"n": 1}, "SUCCEEDED", [2])
    by_path = {change.path: change for change in history.changes}
    assert by_path["/1:poll"].attempt == 2
    assert by_path["/3:pages"].replay_children
    assert by_path["/3:pages/0:MapIteration"].replay_children
    assert "secret" not in text_of(history), "the callback's id is made anew"


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("nothing", "is no exported execution history: value: Input should be an object"),
        ({"Events": []}, "Events: List should have at least 1 item"),
        ({"Events": [{"EventId": 1}]}, "Events.0.EventType: Field required"),
        ({"Events": [STARTED, ENDED], "NextMarker": "more"}, "it is one page of several"),
        ({"Events": [ENDED]}, "it has no ExecutionStarted event; export the whole history"),
        ({"Events": [STARTED]}, "it has no ExecutionSucceeded or ExecutionFailed event"),
        ({"Events": [STARTED, event(2, "StepRested", "x"), ENDED]}, "event 2 is of the unknown type 'StepRested'"),
        ({"Events": [STARTED, event(2, "StepStarted"), ENDED]}, "event 2 names no operation"),
        (
            {"Events": [STARTED, event(2, "StepStarted", "x", ParentId="y"), ENDED]},
            "event 2 stands in a context that no event is about",
        ),
        (
            {"Events": [STARTED, event(2, "StepSucceeded", "x", Result={"Truncated": True}), ENDED]},
            "event 2 comes without its payload; export with --include-execution-data",
        ),
        (
            {"Events": [event(1, "ExecutionStarted", "e", Input={"Payload": "{"}), ENDED]},
            "event 1 has a payload that is no JSON",
        ),
    ],
)
def test_what_cannot_be_made_a_history_is_refused(tmp_path: Path, document: object, problem: str) -> None:
    with pytest.raises(HistoryError) as refused:
        imported(tmp_path, document)
    assert problem in str(refused.value)
    assert str(tmp_path / "export.json") in str(refused.value)


def test_an_export_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"Cannot read the export .*gone\.json: No such file"):
        import_history(tmp_path / "gone.json", provenance("a handler", "exported", NOW))
