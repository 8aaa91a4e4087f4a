"""Executions whose timelines tests look at."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console

from durable_conformance import Scenario, Silence
from durable_conformance.commands import typed_point
from durable_conformance.execution import Conditions, Event, Run
from durable_conformance.reporting import PlainTimeline
from durable_conformance.runtime import Narrator, run_in_process
from durable_conformance.subject import CallbackAnswer, Handler, HandlerFactory
from patterns.durable import durable_handler
from providers import ModelProvider
from providers.scripted import ScriptedProvider

type Script = Mapping[str, Sequence[Any]]


def made_by(workflow: Callable[..., Any]) -> HandlerFactory:
    """What makes the handler of a workflow."""

    def handler_for(model: ModelProvider) -> Handler:
        handler: Handler = durable_handler(workflow, model=model)
        return handler

    return handler_for


def executed(
    workflow: Callable[..., Any],
    *crashes: str,
    listener: Callable[[Event], None],
    script: Script | None = None,
    answer: CallbackAnswer | None = None,
) -> Run:
    """An execution that `listener` is told of, of no event, killed at `crashes`."""
    return run_in_process(
        made_by(workflow),
        Scenario({}, lambda: ScriptedProvider(script), ask=lambda _name, _occurrence: answer or Silence()),
        Conditions(crashes=[typed_point(point) for point in crashes]),
        Narrator(listener),
    )


def told(workflow: Callable[..., Any], *crashes: str, **meets: Any) -> tuple[list[str], Run]:
    """The lines that it prints, with every number of tokens as N and without lines of code, and what it did."""
    printed = io.StringIO()
    with PlainTimeline(Console(file=printed)) as timeline:
        run = executed(workflow, *crashes, listener=timeline, **meets)
    lines = re.sub(r"\d+ tokens in, \d+ out", "N tokens", printed.getvalue()).splitlines()
    return [" ".join(without_places(line).split()) for line in lines], run


def without_places(text: str) -> str:
    """`text` without lines of code, which move with their files."""
    return re.sub(r"  [\w/]+\.py:\d+", "", text)
