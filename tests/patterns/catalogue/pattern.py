"""A pattern under test, and the scenarios that every pattern shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from durable_conformance import Exploration, Report, Scenario, explore
from durable_conformance.execution import Run
from durable_conformance.runtime import run_in_process
from durable_conformance.subject import CallbackAnswer, HandlerFactory
from patterns.durable import durable_handler
from providers import StopReason
from providers.cassette import CassetteProvider
from providers.scripted import (
    Answerer,
    Entries,
    ScriptedProvider,
    access_denied,
    always,
    bad_request,
    not_found,
    reply,
    stopped,
    throttled,
    timed_out,
    unavailable,
)

CASSETTES = Path(__file__).parents[3] / "cassettes"


@dataclass(frozen=True)
class Pattern:
    """A workflow function and every way its executions can go, by name."""

    workflow: Callable[..., Any]
    scenarios: Mapping[str, Scenario]

    @property
    def name(self) -> str:
        return self.workflow.__name__

    @property
    def handler_for(self) -> HandlerFactory:
        return lambda model: durable_handler(self.workflow, model=model)

    @property
    def happy(self) -> str:
        """The scenario in which everything goes well, for tests that need just one."""
        return next(name for name in ("answered", "approved", "a person answers") if name in self.scenarios)

    def explored(self, scenario: str, exploration: Exploration) -> Report:
        """Explore one of the scenarios, which ends as its snapshot says. A cassette answers what was recorded alone."""
        chosen = replace(self.scenarios[scenario], expect=self.run(scenario).status)
        if isinstance(chosen, Recorded):
            exploration = replace(exploration, pure=True, never_twice=False, faults=False)
        return explore(self.handler_for, chosen, exploration)

    def run(self, scenario: str) -> Run:
        """Run one of the scenarios in process, uninterrupted."""
        return run_in_process(self.handler_for, self.scenarios[scenario])


def scripted(
    event: Any,
    script: Mapping[str, Entries] | Answerer,
    callbacks: Mapping[str, Sequence[CallbackAnswer]] | None = None,
) -> Scenario:
    """A scenario whose model answers from a script by label (or by function)."""
    return Scenario(event, lambda: ScriptedProvider(script), callbacks or {})


@dataclass(frozen=True)
class Recorded(Scenario):
    """A scenario whose model answers from `cassettes/<cassette>.yaml`."""

    cassette: str = field(kw_only=True)


def recorded(cassette: str, event: Any, callbacks: Mapping[str, Sequence[CallbackAnswer]] | None = None) -> Recorded:
    """A scenario whose model answers from `cassettes/<cassette>.yaml`."""
    path = CASSETTES / f"{cassette}.yaml"
    return Recorded(event, lambda: CassetteProvider(path), callbacks or {}, cassette=cassette)


def model_errors(
    event: Any,
    label: str,
    rest: Mapping[str, Entries],
    callbacks: Mapping[str, Sequence[CallbackAnswer]] | None = None,
) -> dict[str, Scenario]:
    """Each way in which the call labelled `label` can fail; `rest` answers it afterwards, and all others."""
    after = rest.get(label, rest.get("*", [reply("unreached")]))
    once = {"throttled": throttled(), "unavailable": unavailable(), "timed out": timed_out()}
    permanent = {"access denied": access_denied(), "bad request": bad_request(), "model not found": not_found()}
    return (
        {f"{name} once": scripted(event, {**rest, label: [entry, *after]}, callbacks) for name, entry in once.items()}
        | {name: scripted(event, {**rest, label: [entry]}) for name, entry in permanent.items()}
        | {"throttled every time": scripted(event, {**rest, label: [always(throttled())]})}
    )


def stop_reasons(
    event: Any, label: str, text: str, callbacks: Mapping[str, Sequence[CallbackAnswer]] | None = None
) -> dict[str, Scenario]:
    """The model always stops for the same reason, each reason once; answers to other labels are the same text."""
    return {
        f"stops with {reason}": scripted(
            event, {label: [always(stopped(reason, text))], "*": [always(reply(text))]}, callbacks
        )
        for reason in StopReason
    }


def bad_inputs(field: str) -> dict[str, Scenario]:
    """Events that no workflow takes, for one whose only field is `field`. No model call may be made for them."""
    events = {
        "a number": {field: 3},
        "null": {field: None},
        "empty": {field: "  "},
        "too long": {field: "x" * 100_001},
        "misspelt": {f"{field}s": "x"},
        "a list": [1],
        "a text": "x",
    }
    return {f"bad input: {name}": scripted(event, {}) for name, event in events.items()}
