"""Events that are made up for a check, and the file that keeps them: `--generate`, `--event-schema`, `--events`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from durable_conformance import reporting
from durable_conformance.commands import options
from durable_conformance.commands.checks import Check
from durable_conformance.commands.settings import Settings
from durable_conformance.commands.waiting import MakingUp
from durable_conformance.errors import CannotRunError, ExitCode
from durable_conformance.exploring import GenerationInterrupted, checked_schema, generated
from durable_conformance.model import secrets_in
from durable_conformance.rules import Generated, MadeUp
from durable_conformance.workers import PATIENCE_SECONDS, Templates

_EVENT, _ANSWERS, _INVOKES = "$event", "$answers", "$invokes"
"""The keys of an event in a file that has answers beside it; any other event stands there as it is."""


@dataclass(frozen=True)
class EventsFile:
    """The events of a handler that are kept for next time."""

    path: Path
    events: tuple[MadeUp, ...]

    @classmethod
    def read(cls, path: Path) -> EventsFile:
        """The file, which need not be there.

        Raises:
            CannotRunError: It cannot be read or written, is no list of events, or holds what looks like a secret.
        """
        options.can_be_written("--events", path)
        if not path.exists():
            return cls(path, ())
        value = options.json_file("--events", path).value
        options.without_secrets(path, f"The file {path} of --events")
        if not isinstance(value, list):
            raise CannotRunError(f"{path} of --events holds no list of events.")
        return cls(path, tuple(_entry(one, path) for one in value))

    def added_to(self, checks: Sequence[Check]) -> list[Check]:
        """`checks` of one handler, and one for each kept event: instead of that for an event that nobody has given."""
        said = [one for one in checks if one.event is not options.NO_EVENT or not self.events]
        return numbered([*said, *_new_checks(checks[0], self.events, said)])

    def write(self, more: Sequence[MadeUp]) -> list[str]:
        """Write what stood there, and `more` but for what holds a secret; returns why each of those is left out."""
        secrets = [(one, secrets_in(json.dumps(_written(one), ensure_ascii=False))) for one in more]
        entries = {_text(one): _written(one) for one in (*self.events, *(one for one, found in secrets if not found))}
        text = json.dumps(list(entries.values()), indent=2, sort_keys=True, ensure_ascii=False)
        self.path.write_text(f"{text}\n", encoding="utf-8", errors="backslashreplace")  # half a pair has an escape
        return [f"an event holds secrets: {'; '.join(found)}" for _, found in secrets if found]


def events_files(checks: Sequence[Check]) -> dict[str, EventsFile]:
    """The files that the settings of `checks` name, by handler.

    Raises:
        CannotRunError: One of them cannot be used, or several handlers have it.
    """
    files = {one.name: Path(one.settings.events_file) for one in checks if one.settings.events_file}
    for file in files.values():
        if len(names := [name for name, other in files.items() if other == file]) > 1:
            raise CannotRunError(
                f"{file} of --events, or events-file, keeps the events of one handler; say which: {', '.join(names)}."
            )
    return {name: EventsFile.read(file) for name, file in files.items()}


def with_kept(checks: Sequence[Check], files: Mapping[str, EventsFile]) -> list[Check]:
    """`checks`, and those for the events that `files` keep."""
    all_: list[Check] = []
    for name in dict.fromkeys(one.name for one in checks):
        of_handler = [one for one in checks if one.name == name]
        all_ += files[name].added_to(of_handler) if name in files else of_handler
    return all_


def _entry(value: Any, path: Path) -> MadeUp:
    if not isinstance(value, dict) or _EVENT not in value:
        return MadeUp(value)
    answers, invokes = value.get(_ANSWERS, {}), value.get(_INVOKES, {})
    for named in answers, invokes:
        if not isinstance(named, dict) or not all(isinstance(one, str) for one in named.values()):
            raise CannotRunError(f"{path} of --events: {_ANSWERS} and {_INVOKES} are texts by name.")
    if unknown := value.keys() - {_EVENT, _ANSWERS, _INVOKES}:
        raise CannotRunError(
            f"{path} of --events: beside {_EVENT} stand {_ANSWERS} and {_INVOKES}, not {min(unknown)}."
        )
    return MadeUp(value[_EVENT], answers, invokes)


def _written(one: MadeUp) -> Any:
    beside = {key: dict(named) for key, named in ((_ANSWERS, one.answers), (_INVOKES, one.invokes)) if named}
    plain = not beside and not (isinstance(one.event, dict) and _EVENT in one.event)
    return one.event if plain else {_EVENT: one.event, **beside}


def _text(one: MadeUp) -> str:
    return json.dumps(_written(one), sort_keys=True)


def event_schema(file: Path) -> Mapping[str, Any]:
    """What `file` says that events may be.

    Raises:
        CannotRunError: It cannot be read, or is no JSON schema.
    """
    return checked_schema(options.json_file("--event-schema", file).value, str(file))


def numbered(checks: Sequence[Check]) -> list[Check]:
    """`checks` of one handler, which are told apart by their events' names if there are several."""
    several = len(checks) > 1
    return [
        replace(one, event_name=one.event_name or (f"event {number}" if several else ""))
        for number, one in enumerate(checks, 1)
    ]


def _new_checks(check: Check, events: Sequence[MadeUp], known: Sequence[Check]) -> Iterator[Check]:
    """Like `check`, but with each of `events` that none of `known` has, as if it had been typed."""
    texts = {_text(_given(one)) for one in known}
    for one in events:
        if _text(one) in texts:
            continue
        texts.add(_text(one))
        settings = Settings.model_validate(
            {name: dict(said) for name, said in (("answers", one.answers), ("invokes", one.invokes)) if said}
        )
        yield replace(
            check,
            event=options.Json(json.dumps(one.event), one.event),
            event_name="",
            event_typed=True,
            settings=settings.over(check.settings),
            answered=one.answers,
            resulting=one.invokes,
        )


def _given(check: Check) -> MadeUp:
    return MadeUp(check.event.value, check.answered, check.resulting)


class Generating:
    """Makes up events for the handlers of checks, and says what they added."""

    def __init__(
        self,
        count: int,
        schema: Mapping[str, Any] | None,
        files: Mapping[str, EventsFile],
        console: Console,
        templates: Templates,
    ) -> None:
        self._count = count
        self._schema = schema
        self._files = files  # by handler
        self._console = console
        self._templates = templates
        self.generated: list[Generated] = []
        self.interrupted: ExitCode | None = None

    def added_to(self, checks: Sequence[Check]) -> list[Check]:
        """`checks`, and one for each event that was kept."""
        more: list[Check] = []
        for name in dict.fromkeys(one.name for one in checks):
            of_handler = [one for one in checks if one.name == name]
            if self.interrupted is None and not of_handler[0].cannot:
                of_handler = self._for(of_handler)
            more += of_handler
        return more

    def _for(self, checks: Sequence[Check]) -> list[Check]:
        try:
            found = self._made_up(checks)
        except CannotRunError:
            return list(checks)  # the check says why
        self.generated.append(found)
        for line in reporting.generated_lines(found):
            self._console.print(Text(line), soft_wrap=True)
        fails = {_text(one): one.fails for one in found.given}
        nobodys = [one for one in checks if one.event is options.NO_EVENT]
        of_no_use = [one for one in nobodys if fails.get(_text(_given(one)), "") and found.kept]
        for one in of_no_use:
            self._console.print(
                Text(f"left out: {one.event.text}, which nobody has given, {fails[_text(_given(one))]}")
            )
        if file := self._files.get(checks[0].name):
            used = [_given(one) for one in nobodys if not fails.get(_text(_given(one)), "not run")]
            for why in file.write([*used, *found.kept]):
                self._console.print(Text(f"not kept in {file.path}: {why}"), soft_wrap=True)
        said = [one for one in checks if one not in of_no_use]
        return numbered([*said, *_new_checks(_unsaid(checks), found.kept, said)])

    def _made_up(self, checks: Sequence[Check]) -> Generated:
        check = _unsaid(checks)
        making = MakingUp(self._count)
        try:
            with options.interruptible(), self._console.status(making):
                return generated(
                    check.reference,
                    check.scenario,
                    [_given(one) for one in checks],
                    self._count,
                    check=check.name,
                    schema=self._schema,
                    answers=check.everything_answered,
                    results=check.settings.invoke is None and not check.settings.invokes,
                    patience=check.settings.patience or PATIENCE_SECONDS,
                    listener=making.heard,
                    templates=self._templates,
                )
        except GenerationInterrupted as stopped:
            terminated = isinstance(stopped.__cause__, options.Terminated)
            self.interrupted = ExitCode.TERMINATED if terminated else ExitCode.INTERRUPTED
            return stopped.generated


def _unsaid(checks: Sequence[Check]) -> Check:
    """One of the handler's checks, without the answers that belong to its event alone."""
    check = next((one for one in checks if not one.answered and not one.resulting), checks[0])
    settings = check.settings
    said = {"answers": check.answered, "invokes": check.resulting}
    rest = {
        key: {name: text for name, text in getattr(settings, key).items() if name not in of}
        for key, of in said.items()
        if of
    }
    return replace(check, settings=settings.model_copy(update=rest), answered={}, resulting={})
