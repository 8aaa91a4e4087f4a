"""A pytest plugin: the fixture `durable_check`, so that a test of a durable handler is three lines.

def test_my_handler_survives_every_crash(durable_check):
durable_check(my_handler, event={"order": 7})
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import pytest

from conformance import answers, report_text
from conformance.exploration import Exploration
from conformance.explore import explore
from conformance.findings import Report
from conformance.scenario import CallbackAnswer, Scenario
from conformance.subject import handler_factory
from providers.script import Script
from providers.scripted import ScriptedProvider


class DurableCheck(Protocol):
    """What the fixture `durable_check` is."""

    def __call__(
        self,
        target: object,
        *,
        event: Any = None,
        script: Script | None = None,
        callbacks: Mapping[str, Sequence[CallbackAnswer]] | None = None,
        pairs: bool = False,
    ) -> Report:
        """Explore `target`, and fail the test with a table of what breaks.

        Args:
            target: A durable handler, or a function `(event, context, model)`.
            event: The execution's input; `{}` unless given.
            script: What the model answers (`providers.script`); without one it answers everything.
            callbacks: What people answer, by callback name; `"ok"` to whatever is not mentioned.
            pairs: Try every pair of crash points, too.
        """
        ...


@pytest.fixture(scope="session")
def durable_check() -> DurableCheck:
    """Explores a durable handler and fails the test if it breaks a rule."""

    def check(
        target: object,
        *,
        event: Any = None,
        script: Script | None = None,
        callbacks: Mapping[str, Sequence[CallbackAnswer]] | None = None,
        pairs: bool = False,
    ) -> Report:
        scenario = Scenario({} if event is None else event, _model(script), callbacks or {}, ask=answers.always('"ok"'))
        report = explore(handler_factory(target), scenario, Exploration(pairs=pairs))
        if not report.conforms:
            pytest.fail(
                f"{getattr(target, '__name__', target)} is not durable.\n{report_text.plain(report)}", pytrace=False
            )
        return report

    return check


def _model(script: Script | None) -> Callable[[], ScriptedProvider]:
    return lambda: ScriptedProvider(script)
