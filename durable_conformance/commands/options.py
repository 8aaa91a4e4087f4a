"""What a person types: JSON, files, people's answers; and how a command takes an interruption."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from durable_conformance.choices import OutputFormat
from durable_conformance.errors import CannotRunError, ExitCode

if TYPE_CHECKING:
    from providers import ModelProvider


def _parsed(option: str, text: str) -> Any:
    """The JSON value of `text`, which was typed for `option`.

    Raises:
        CannotRunError: It is not JSON.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        raise CannotRunError(f"{option} is not JSON: {error}.") from error
    except RecursionError as error:
        raise CannotRunError(f"{option} is not JSON: it is nested too deeply.") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON value")


@dataclass(frozen=True)
class Json:
    """JSON as it was typed, and the value that it stands for."""

    text: str
    value: Any
    file: Path | None = None  # that it stands in; None if it was typed

    def __str__(self) -> str:
        """As it is typed."""
        return f"@{self.file}" if self.file else self.text

    def as_it_is_now(self) -> Json:
        """The same, from its file if it stands in one.

        Raises:
            CannotRunError: That cannot be read any more.
        """
        return json_file("--event", self.file) if self.file else self


NO_EVENT = Json("{}", {})
"""What an execution is given where nobody says what."""


def event(text: str) -> Json:
    """The parser of `--event`: JSON, or `@FILE`."""
    if text.startswith("@"):
        return json_file("--event", Path(text.removeprefix("@")))
    return Json(text, _parsed("--event", text))


def event_file(file: str) -> Json:
    """The parser of `--event-file`."""
    return json_file("--event-file", Path(file))


def json_file(option: str, file: Path) -> Json:
    """The JSON that `file`, which `option` names, holds.

    Raises:
        CannotRunError: It cannot be read, or is not JSON.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRunError(f"Cannot read the file {file} of {option}: {error}.") from error
    return Json(text.strip(), _parsed(str(file), text), file)


def answer(text: str) -> Json:
    """The parser of `--answer`."""
    return Json(text, _parsed("--answer", text))


Event = Annotated[Json, typer.Option(parser=event, metavar="TEXT", help="The execution's input, as JSON.")]
TOLD = "What is told"
"""The group, in the help, of what says what is printed and written."""

Format = Annotated[
    OutputFormat | None,
    typer.Option(
        help="What is printed: a document for a program, or for people. full unless given.", rich_help_panel=TOLD
    ),
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write the report to this file, as JSON.", rich_help_panel=TOLD)
]
HtmlFile = Annotated[
    Path | None,
    typer.Option("--html", help="Write a page about the report and every run to this file.", rich_help_panel=TOLD),
]
Script = Annotated[Path | None, typer.Option(help="A JSON script for the model to follow.")]
EMPTY: Any = "{}"
"""The default of `Event`, which is parsed, too."""


def model_of(script: Path | None) -> Callable[[], ModelProvider]:
    """A model that follows `script`; without one, it answers everything.

    Raises:
        CannotRunError: It is no script, or holds a secret.
    """
    from durable_conformance.model import from_script, scripted  # noqa: PLC0415  # help needs no SDK

    if script is None:
        return scripted
    model = from_script(script)
    model()  # a script that is none is told at once
    without_secrets(script, f"The script {script}")
    return model


def without_secrets(file: Path | None, what: str) -> Path | None:
    """`file`, which is to be kept and shared; `what` says in an error what it is.

    Raises:
        CannotRunError: It holds what looks like a secret.
    """
    from durable_conformance.model import secrets_in  # noqa: PLC0415  # as above

    if file and file.is_file() and (found := secrets_in(file.read_text(encoding="utf-8", errors="replace"))):
        raise CannotRunError(f"{what} holds secrets: {'; '.join(found)}. Put something else in their place.")
    return file


def payload_of(*, approve: bool, reject: bool, given: Json | None) -> str | None:
    """What people answer, of the options that say so; None if a person is to be asked.

    Raises:
        CannotRunError: More than one of them is given.
    """
    from durable_conformance.subject import APPROVE, REJECT  # noqa: PLC0415  # as above

    if approve + reject + (given is not None) > 1:
        raise CannotRunError("Use only one of --approve, --reject and --answer.")
    if given is not None:
        return given.text
    return APPROVE if approve else REJECT if reject else None


def can_be_written(option: str, file: Path | None) -> None:
    """See that `file` can be written before an exploration that may be long rather than after it. It stays as it is.

    Raises:
        CannotRunError: It cannot.
    """
    if file is None:
        return
    there = file.exists()
    try:
        file.open("a", encoding="utf-8").close()
        if not there:
            file.unlink()
    except OSError as error:
        raise CannotRunError(f"{option} cannot be written to {file}: {error.strerror}.") from error


class Terminated(KeyboardInterrupt):
    """SIGTERM has come."""


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM ends what goes on here as Ctrl-C does, with an exit code of its own."""

    def terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise Terminated

    usual = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    except Terminated as error:
        raise typer.Exit(ExitCode.TERMINATED) from error
    finally:
        signal.signal(signal.SIGTERM, usual)
