"""What is to be checked: each handler with each of its events, by settings, a template, and what is typed."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from durable_conformance.commands import options
from durable_conformance.commands.answers import GivenAnswer, callback_answers, invoke_results
from durable_conformance.commands.made_with import made_with
from durable_conformance.commands.sam_template import SamFunction, durable_functions, events_for
from durable_conformance.commands.settings import (
    FILE,
    TABLE,
    ProjectFile,
    Settings,
    absolute,
    answer_text,
    placed,
)
from durable_conformance.errors import CannotRunError
from durable_conformance.exploring import HORIZON, Exploration
from durable_conformance.reporting import Ignores, shown
from durable_conformance.rules import NAMES, Report, Severity, timed_out
from durable_conformance.subject import Reference, Scenario
from durable_conformance.workers import PATIENCE_SECONDS


@dataclass(frozen=True)
class Check:
    """One handler with one event."""

    name: str  # of the handler, for people
    reference: Reference
    event: options.Json
    settings: Settings
    event_name: str = ""  # where it has several
    event_typed: bool = False
    answered: Mapping[str, str] = field(default_factory=dict)  # with this event, what callbacks are, by name
    resulting: Mapping[str, str] = field(default_factory=dict)  # with this event, what chained invocations come to
    execution_timeout: int | None = None  # seconds; None if nobody says
    notes: tuple[str, ...] = ()  # what of it cannot be checked
    cannot: str = ""  # why none of it can; empty if it can

    @property
    def title(self) -> str:
        return f"{self.name}, {self.event_name}" if self.event_name else self.name

    @property
    def file(self) -> Path:
        """Where its handler stands, or would if it were there. Nothing is imported."""
        place, _ = self.reference.parts()
        if place.endswith(".py"):
            return Path(place).resolve()
        module = Path(*place.split("."))
        roots = [Path(root).resolve() for root in (self.reference.root or "", *sys.path)]
        files = [root / file for root in roots for file in (module.with_suffix(".py"), module / "__init__.py")]
        return next((file for file in files if file.is_file()), files[0])

    @property
    def ignores(self) -> Ignores:
        return Ignores(self.file, frozenset(self.settings.ignore))

    @property
    def everything_answered(self) -> bool:
        """Whether nobody has said what people answer: then they may answer in any way."""
        return self.settings.answer is None and not self.settings.answers

    def timed_out(self, report: Report) -> Report:
        """`report`, which says so if the service would have ended the undisturbed execution, or a wait for a person."""
        return timed_out(report, self.execution_timeout)

    @property
    def made_with(self) -> Mapping[str, str]:
        """By name, what all shards of the check must have in common. A digest stands for what is long or secret."""
        return made_with(self.settings, self.event, self.execution_timeout)

    @property
    def exploration(self) -> Exploration:
        of = self.settings
        return Exploration(
            pairs=bool(of.pairs),
            orders=not of.order_matters,
            patience=of.patience or PATIENCE_SECONDS,
            horizon=None if of.to_the_end else of.horizon or HORIZON,
            until=frozenset(NAMES).difference(self.ignores.may_hide) if of.exit_first else frozenset(),
            until_severities=frozenset({Severity.ERROR, Severity(of.fail_on or Severity.ERROR)}),
        )

    @property
    def scenario(self) -> Scenario:
        """What its executions meet.

        Raises:
            CannotRunError: A file that the settings name is not what it should be.
        """
        of = self.settings
        return Scenario(
            self.event.value,
            options.model_of(Path(of.script) if of.script else None),
            ask=callback_answers(_given(of.answer, of.answers)),
            ask_invokes=invoke_results(_given(of.invoke, of.invokes)),
            answers=_aws_answers(of.aws_answers),
            setup=of.setup,
            environment=of.env,
            live=bool(of.live),
            expect=of.expect or "SUCCEEDED",
        )


def _given(otherwise: Any, named: Mapping[str, Any]) -> Iterator[GivenAnswer]:
    if otherwise is not None:
        yield GivenAnswer("", answer_text(otherwise))
    yield from (GivenAnswer(name, answer_text(value)) for name, value in named.items())


def _aws_answers(file: str | None) -> Mapping[str, Any]:
    if file is None:
        return {}
    answers = options.json_file("--answers", Path(file)).value
    if not isinstance(answers, dict):
        raise CannotRunError(f"{file} holds no answers by name: {{'dynamodb.GetItem': …}}.")
    return answers


def planned(
    target: str | None,
    typed: Settings,
    project: ProjectFile | None,
    *,
    template: Path | None,
    function: str | None,
    events: Sequence[options.Json],
) -> list[Check]:
    """All that is to be checked. What is `typed` goes before what the project's settings say.

    `target` is a handler's reference or the name of its table; None is all that the project describes, or the
    functions of `template`, or its one `function`. `events` are typed; empty leaves them to the settings.

    Raises:
        CannotRunError: There is nothing, or what is named is not there.
    """
    if target is not None and template is not None:
        raise CannotRunError(f"{target!r} and --template are two; name a function of the template with --function.")
    if function is not None and template is None and (project is None or project.project.template is None):
        raise CannotRunError("--function names a function of a template; add --template.")
    if target is not None and ":" in target:
        checks = [_referred(target, project)]
    elif template is not None:
        checks = _of_template(template, function, project)
    elif project is None:
        what = f"{target!r} names nothing; write" if target else "Name what is to be checked:"
        raise CannotRunError(f"{what} PATH.py:FUNCTION, or describe it in [{TABLE}.handlers] of {FILE}.")
    else:
        checks = _of_project(project, target, function)
    over = [replace(one, settings=typed.over(one.settings)) for one in checks]
    return [each for one in over for each in _with_events(one, events)]


def _referred(target: str, project: ProjectFile | None) -> Check:
    """The handler that is named, with the settings of the table that has it, or else with those for all."""
    if project is None:
        return Check(target, Reference(target), options.NO_EVENT, Settings())
    there = {absolute(one.handler, project.folder): one for one in project.project.handlers.values() if one.handler}
    settings = there.get(absolute(target, Path.cwd()), Settings())
    return Check(target, Reference(target), options.NO_EVENT, settings.over(project.project))


def _of_project(project: ProjectFile, target: str | None, function: str | None) -> list[Check]:
    described = project.project.handlers
    checks: list[Check] = []
    if project.project.template is not None:
        checks += _of_template(project.folder / project.project.template, function or project.project.function, project)
    unplaced = {name for name, one in described.items() if one.handler is None} - {one.name for one in checks}
    if unplaced and function is None:
        name = min(unplaced)
        raise CannotRunError(
            f"{project.path}: [{TABLE}.handlers.{name}] has no handler, and no template has that function."
        )
    for name, one in described.items():
        if one.handler is not None and function is None:
            reference = Reference(placed(one.handler, project.folder))
            checks.append(Check(name, reference, options.NO_EVENT, one.over(project.project)))
    chosen = [one for one in checks if target in {None, one.name}]
    if not chosen:
        names = ", ".join(one.name for one in checks) or "none"
        raise CannotRunError(f"{target!r} names nothing; {project.path} describes: {names}. Or write PATH.py:FUNCTION.")
    return chosen


def _of_template(file: Path, function: str | None, project: ProjectFile | None) -> list[Check]:
    functions = durable_functions(file)
    chosen = [one for one in functions if function in {None, one.logical_id, one.name}]
    if not chosen:
        names = ", ".join(one.logical_id for one in functions)
        raise CannotRunError(f"{file} has no durable function {function!r}; it has {names}.")
    return [_of_function(one, functions, file.parent / "events", project) for one in chosen]


def _of_function(
    function: SamFunction, functions: list[SamFunction], events: Path, project: ProjectFile | None
) -> Check:
    found = tuple(str(file) for file in events_for(function, functions, events))
    settings = Settings(env=dict(function.environment))
    if found:
        settings = Settings(events=found).over(settings)
    if project is not None:
        described = project.project.handlers.get(function.logical_id)
        settings = (described or Settings()).over(project.project).over(settings)
    reference = Reference(function.handler, root=str(function.code.absolute()))
    return Check(
        function.logical_id,
        reference,
        options.NO_EVENT,
        settings,
        execution_timeout=function.execution_timeout,
        notes=function.not_checked,
        cannot=function.cannot,
    )


def _event_name(event: options.Json, number: int, names: Mapping[str, int]) -> str:
    """What tells an event from the others: its file's name, or where that is if `names` has several of it."""
    if not event.file:
        return f"event {number}"
    return event.file.name if names[event.file.name] == 1 else shown(event.file, Path.cwd())


def _with_events(check: Check, typed: Sequence[options.Json]) -> Iterator[Check]:
    events = list(typed) or [
        options.json_file("event", Path(one)) if isinstance(one, str) else options.Json(json.dumps(one), one)
        for one in check.settings.events
    ]
    names = Counter(event.file.name for event in events if event.file)
    for number, event in enumerate(events or [options.NO_EVENT], 1):
        name = _event_name(event, number, names) if len(events) > 1 else ""
        yield replace(check, event=event, event_name=name, event_typed=bool(typed))
