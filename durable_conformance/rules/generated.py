"""What making up events has found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from durable_conformance.rules.findings import FileCoverage


@dataclass(frozen=True)
class MadeUp:
    """An event, and what people and other functions answer."""

    event: Any  # JSON
    answers: Mapping[str, str] = field(default_factory=dict)  # to callbacks, by name; empty if they answer as usual
    invokes: Mapping[str, str] = field(default_factory=dict)  # what chained invocations come to, by name
    fails: str = ""  # why nothing of its execution can be checked, after its event; empty if it can


@dataclass(frozen=True)
class Generated:
    """The events that were made up for one handler."""

    check: str  # the handler, as people name it
    events: int  # that were made up and run
    kept: tuple[MadeUp, ...]  # those that reach lines which no event before reached
    failing: tuple[MadeUp, ...]  # those whose executions fail at lines which none that is kept reaches
    given: tuple[MadeUp, ...]  # the events that it began with
    before: tuple[FileCoverage, ...]  # what these reach, undisturbed
    after: tuple[FileCoverage, ...]  # what these and those that are kept reach
    could_not_run: tuple[str, ...] = ()
    interrupted: bool = False  # somebody has ended it before its end
