"""How handlers are checked: what `[tool.durable-ai]` of `pyproject.toml` says, and what a person types over it."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from durable_conformance.commands.variables import variables_in
from durable_conformance.errors import CannotRunError
from durable_conformance.reporting import OutputFormat, known_rule

TABLE = "tool.durable-ai"
FILE = "pyproject.toml"


class Settings(BaseModel):
    """How a handler is checked. What is not set is left to whatever stands below it, and to the check's defaults."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, alias_generator=lambda name: name.replace("_", "-")
    )

    events: tuple[JsonValue, ...] = ()  # a text is the name of a file that holds one
    events_file: str | None = None  # of one handler: a list of more events, which what is made up is added to
    env: dict[str, str] = Field(default_factory=dict)
    env_file: str | None = None
    setup: str | None = None
    script: str | None = None
    answer: JsonValue = None  # to callbacks that `answers` does not name; a text is sent as it is, all else as JSON
    answers: dict[str, JsonValue] = Field(default_factory=dict)
    invoke: JsonValue = None  # what chained invocations come to that `invokes` does not name
    invokes: dict[str, JsonValue] = Field(default_factory=dict)
    aws_answers: str | None = None
    live: bool | None = None
    expect: Literal["SUCCEEDED", "FAILED"] | None = None
    fail_on: Literal["error", "warning"] | None = None
    ignore: tuple[Annotated[str, AfterValidator(known_rule)], ...] = ()  # rules
    pairs: bool | None = None
    order_matters: bool | None = None
    exit_first: bool | None = None
    horizon: int | None = Field(default=None, ge=1)
    to_the_end: bool | None = None
    other_sandboxes: bool | None = None
    patience: float | None = Field(default=None, ge=1)

    def over(self, other: Settings) -> Settings:
        """These settings, and those of `other` where these say nothing. Names of both stand side by side."""
        mine, theirs = ({name: getattr(one, name) for name in one.model_fields_set} for one in (self, other))
        both = {
            name: theirs[name] | mine[name] for name in mine.keys() & theirs.keys() if isinstance(mine[name], Mapping)
        }
        known = Settings.model_fields.keys()
        return Settings.model_validate({name: v for name, v in (theirs | mine | both).items() if name in known})

    def standing_in(self, folder: Path) -> Self:
        """The same with every path as it is found from anywhere, and with the variables of its file.

        Raises:
            CannotRunError: The file of variables is none.
        """
        changed: dict[str, Any] = {}
        if self.events:
            changed["events"] = tuple(str(folder / one) if isinstance(one, str) else one for one in self.events)
        for name in ("script", "aws_answers", "events_file"):
            if path := getattr(self, name):
                changed[name] = str(folder / path)
        if self.setup:
            changed["setup"] = placed(self.setup, folder)
        if self.env_file:
            changed |= {"env": variables_in(folder / self.env_file) | self.env, "env_file": None}
        return self.model_copy(update=changed)


class HandlerSettings(Settings):
    """A table of `[tool.durable-ai.handlers]`."""

    handler: str | None = None  # None is that of the template's function of this name


class Project(Settings):
    """The table `[tool.durable-ai]`: what holds for every handler, and the handlers."""

    template: str | None = None
    function: str | None = None
    output_format: OutputFormat | None = None
    handlers: dict[str, HandlerSettings] = Field(default_factory=dict)


@dataclass(frozen=True)
class ProjectFile:
    """Where a project's settings stand."""

    path: Path
    project: Project

    @property
    def folder(self) -> Path:
        return self.path.parent


def placed(reference: str, folder: Path) -> str:
    """`PATH.py:NAME`, found from anywhere; a module's name stays."""
    return reference if folder == Path.cwd() else absolute(reference, folder)


def absolute(reference: str, folder: Path) -> str:
    """The same, whatever the working folder is."""
    place, separator, name = reference.rpartition(":")
    return f"{folder / place}{separator}{name}" if place.endswith(".py") else reference


def project_file(folder: Path) -> ProjectFile | None:
    """The settings of the project that `folder` belongs to; None if it has none.

    Raises:
        CannotRunError: They cannot be read, or hold what is no setting.
    """
    for path in (parent / FILE for parent in (folder, *folder.parents)):
        if not path.is_file():
            continue
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("durable-ai")
        except (OSError, ValueError) as error:
            raise CannotRunError(f"Cannot read {path}: {error}.") from error
        if table is not None:
            return ProjectFile(path, _project(table, path))
    return None


def chosen_format(typed: OutputFormat | None, project: ProjectFile | None) -> OutputFormat:
    """What is printed: as it was typed, or as the project has it."""
    return typed or (project.project.output_format if project else None) or OutputFormat.FULL


def _project(table: object, path: Path) -> Project:
    try:
        project = Project.model_validate(table, by_name=False)
        handlers = {name: one.standing_in(path.parent) for name, one in project.handlers.items()}
        return project.standing_in(path.parent).model_copy(update={"handlers": handlers})
    except CannotRunError as error:  # no rule has that name, or variables cannot be read
        raise CannotRunError(f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise CannotRunError(f"{path}: {_said(first['loc'], first['type'], first['msg'])}") from error


def _said(place: Sequence[int | str], kind: str, message: str) -> str:
    *table, key = place
    if kind != "extra_forbidden":
        hint = "" if key != "answers" else "; those of people by name; AWS calls are answered by aws-answers = FILE"
        return f"[{TABLE}] {'.'.join(map(str, place))}: {message}{hint}."
    model = HandlerSettings if table else Project
    keys = [str(field.alias) for field in model.model_fields.values()]
    near = difflib.get_close_matches(str(key), keys, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join(sorted(keys))}."
    return f"[{'.'.join((TABLE, *map(str, table)))}] has no key {key!r}; {hint}"


def answer_text(value: JsonValue) -> str:
    """An answer of a table as it would be typed."""
    return value if isinstance(value, str) else json.dumps(value)
