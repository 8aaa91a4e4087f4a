"""What the fixture `durable_check` does: explore, and fail the test with a table of what breaks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from durable_conformance import reporting
from durable_conformance.evidence import Explored, Records
from durable_conformance.exploring import EVERYTHING, Exploration, explore
from durable_conformance.model import from_script_value, scripted
from durable_conformance.rules import Report
from durable_conformance.subject import OK, Always, CallbackAnswer, Scenario, handler_factory, reference_to

if TYPE_CHECKING:
    from providers.scripted import Script


@dataclass(frozen=True)
class DurableCheck:
    """What the fixture `durable_check` is, in one test."""

    in_other_processes: bool  # what the test checks runs in other processes, too, unless a call says otherwise
    keep: Callable[[Explored], None] | None = None  # given each exploration, with every run; None records no runs

    def __call__(
        self,
        target: object,
        *,
        event: Any = None,
        script: Script | None = None,
        callbacks: Mapping[str, Sequence[CallbackAnswer]] | None = None,
        invokes: Mapping[str, Sequence[CallbackAnswer]] | None = None,
        exploration: Exploration | None = None,
        other_sandboxes: bool | None = None,
    ) -> Report:
        """Explore `target`, and fail the test with a table of what breaks.

        Args:
            target: A durable handler, or a function `(event, context, model)`.
            event: The execution's input; `{}` unless given.
            script: What the model answers (`providers.script`); without one it answers everything.
            callbacks: What people answer, by callback name; `"ok"` to whatever is not mentioned.
            invokes: What chained invocations come to, by operation name; `"ok"` for whatever is not mentioned.
            exploration: How far to go; everywhere, in every variant, unless given.
            other_sandboxes: Whether to run the handler in other processes, too, where it is imported afresh. Unless
                given, it is if it is bound to a name of its module and the test uses no fixture that patches.
        """
        event = {} if event is None else event
        model = scripted if script is None else partial(from_script_value, script)
        scenario = Scenario(event, model, callbacks or {}, ask=Always(OK), invokes=invokes or {})
        elsewhere = self.in_other_processes if other_sandboxes is None else other_sandboxes
        reference = reference_to(target) if elsewhere else None
        if other_sandboxes and reference is None:
            raise ValueError(f"{target!r} is bound to no name of its module, so no other process can import it.")
        name = getattr(target, "__name__", str(target))
        records = Records()
        recorder = records.add if self.keep else None
        how = exploration or EVERYTHING
        report = explore(handler_factory(target), scenario, how, elsewhere=reference, recorder=recorder)
        if self.keep:
            self.keep(Explored(name, f"event {json.dumps(event, ensure_ascii=False)}", report, tuple(records)))
        if not report.conforms:
            pytest.fail(f"{name} is not durable.\n{reporting.plain(report)}", pytrace=False)
        return report
