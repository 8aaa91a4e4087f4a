"""What began on SDK 2.0 goes on on this SDK, from every point, and asks nothing again."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aws_durable_execution_sdk_python.config import Duration
from aws_durable_execution_sdk_python.lambda_service import OperationSubType

from durable_conformance.histories import Subject, UpgradeReport, import_history, load_history, provenance, replay
from durable_conformance.subject import Reference
from patterns.durable import ask_human

RECORDED = Path(__file__).with_name("histories")

EXPORTS = os.environ.get("OLDER_SDK_EXPORTS", "")
"""The folder of executions that `tox -e older-sdk` has just run on the older SDK."""


def replayed(subjects: list[Subject]) -> UpgradeReport:
    report = replay(subjects)
    assert (report.findings, report.could_not_run) == ({}, {})
    assert report.replaying == len(subjects)
    return report


def test_what_was_recorded_goes_on() -> None:
    histories = [load_history(file) for file in sorted(RECORDED.glob("*.json"))]
    assert len(histories) == 7
    report = replayed([Subject(one.recorded.handler, one, Reference(one.recorded.handler)) for one in histories])
    assert report.runs == report.prefixes > 40


def test_a_changed_step_of_it_is_found() -> None:
    """The histories hold steps that the code must come by: with one renamed, they do not replay."""
    history = load_history(RECORDED / "structured_output.json")
    text = history.model_dump_json().replace("extract-contact", "extract-person")
    changed = type(history).model_validate_json(text)
    assert replay([Subject("renamed", changed, Reference("structured_output"))]).findings


def test_the_subtype_of_a_wait_for_a_person_is_one_that_sdk_2_can_write() -> None:
    """It reads a member's value; text ends its checkpoint thread, and the execution hangs."""
    configured = []

    def run_in_child_context(_function: Any, _name: str, config: Any) -> str:
        configured.append(config.sub_type)
        return ""

    context: Any = SimpleNamespace(
        execution_context=SimpleNamespace(durable_execution_arn="arn"), run_in_child_context=run_in_child_context
    )
    ask_human(context, "review", Duration.from_days(1))
    assert [type(one) for one in configured] == [OperationSubType]


@pytest.mark.skipif(not EXPORTS, reason="tox -e older-sdk runs the executions that it replays")
def test_what_just_ran_on_the_older_sdk_goes_on() -> None:
    files = sorted(Path(EXPORTS).glob("*.json"))
    assert len(files) == 7
    assert all(json.loads(file.read_text())["Events"] for file in files)
    now = dt.datetime.now(dt.UTC)
    replayed(
        [
            Subject(file.stem, import_history(file, provenance(file.stem, "on SDK 2.0", now)), Reference(file.stem))
            for file in files
        ]
    )
