"""What the fixture `durable_check` does: explore, and fail the test with a table of what breaks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from conformance import answers, report_text
from conformance.exploration import EVERYTHING, Exploration
from conformance.explore import explore
from conformance.findings import Report
from conformance.html import Explored
from conformance.pytest_plugin import DurableCheck
from conformance.reference import reference_to
from conformance.run_record import Records
from conformance.scenario import CallbackAnswer, Scenario
from conformance.sdk_logs import sdk_logs_quiet
from conformance.subject import handler_factory
from providers.scripted import Script, ScriptedProvider


def checked_by(*, in_other_processes: bool, keep: Callable[[Explored], None] | None = None) -> DurableCheck:
    """A check for one test.

    Args:
        in_other_processes: Whether what the test checks runs in other processes, too, unless a call says otherwise.
        keep: Given each exploration, with a record of every run, whatever was found; None saves the work of recording.
    """

    def check(
        target: object,
        *,
        event: Any = None,
        script: Script | None = None,
        callbacks: Mapping[str, Sequence[CallbackAnswer]] | None = None,
        invokes: Mapping[str, Sequence[CallbackAnswer]] | None = None,
        exploration: Exploration | None = None,
        other_sandboxes: bool | None = None,
    ) -> Report:
        event = {} if event is None else event
        scenario = Scenario(
            event,
            _model(script),
            callbacks or {},
            ask=answers.always('"ok"'),
            invokes=invokes or {},
        )
        elsewhere = in_other_processes if other_sandboxes is None else other_sandboxes
        reference = reference_to(target) if elsewhere else None
        if other_sandboxes and reference is None:
            raise ValueError(f"{target!r} is bound to no name of its module, so no other process can import it.")
        name = getattr(target, "__name__", str(target))
        records = Records()
        with sdk_logs_quiet():
            report = explore(
                handler_factory(target),
                scenario,
                exploration or EVERYTHING,
                reference=reference,
                recorder=records.add if keep else None,
            )
        if keep:
            keep(Explored(name, f"event {json.dumps(event, ensure_ascii=False)}", report, tuple(records)))
        if not report.conforms:
            pytest.fail(f"{name} is not durable.\n{report_text.plain(report)}", pytrace=False)
        return report

    return check


def _model(script: Script | None) -> Callable[[], ScriptedProvider]:
    return lambda: ScriptedProvider(script)
