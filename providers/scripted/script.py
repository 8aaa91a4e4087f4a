"""Scripts for `ScriptedProvider`: what a model will answer, written down beforehand, in code or in a JSON file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, JsonValue, Tag, TypeAdapter, ValidationError

from providers.errors import (
    ModelAccessDeniedError,
    ModelError,
    ModelNotFoundError,
    ModelRequestError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
    PermanentModelError,
)
from providers.model import ContentBlock, JsonObject, ModelRequest, StopReason, TextBlock, ToolUseBlock, describe


class ScriptError(PermanentModelError):
    """A script cannot be read: the message says which file, where in it and why."""


@dataclass(frozen=True)
class Reply:
    """The model answers. `+` puts two replies into one turn, such as two tool uses."""

    content: tuple[ContentBlock, ...]
    stop_reason: StopReason = StopReason.END_TURN

    def __add__(self, other: Reply) -> Reply:
        return Reply(self.content + other.content, other.stop_reason)


@dataclass(frozen=True)
class Failure:
    """The call fails."""

    error: type[ModelError]
    message: str


type Entry = Reply | Failure


@dataclass(frozen=True)
class Always:
    """From here on, the same entry for every call."""

    entry: Entry


type Entries = Sequence[Entry | Always]
type Answerer = Callable[[ModelRequest, int], Entry]
type Script = Entries | Mapping[str, Entries] | Answerer

ANY_LABEL = "*"


def reply(content: str | JsonObject, *more: ContentBlock) -> Reply:
    """A whole answer: a text, or an object that is sent as JSON."""
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return Reply((TextBlock(text=text), *more))


def stopped(reason: StopReason | str, text: str = "") -> Reply:
    """An answer that ends for `reason`."""
    return Reply((TextBlock(text=text),) if text else (), StopReason(reason))


def tool_use(name: str, arguments: JsonValue, *, text: str = "") -> Reply:
    """A turn that asks for a tool. The provider gives the tool use its id."""
    said = (TextBlock(text=text),) if text else ()
    return Reply((*said, ToolUseBlock(tool_use_id="", name=name, input=arguments)), StopReason.TOOL_USE)


def throttled() -> Failure:
    """The service refuses for now."""
    return Failure(ModelThrottledError, "Scripted: too many requests.")


def unavailable() -> Failure:
    """The service or the connection fails."""
    return Failure(ModelUnavailableError, "Scripted: the service is unavailable.")


def timed_out() -> Failure:
    """No answer comes in time."""
    return Failure(ModelTimeoutError, "Scripted: no answer in time.")


def access_denied() -> Failure:
    """The credentials may not use the model."""
    return Failure(ModelAccessDeniedError, "Scripted: access to the model is denied.")


def bad_request() -> Failure:
    """The service does not accept the request."""
    return Failure(ModelRequestError, "Scripted: the request is not valid.")


def not_found() -> Failure:
    """There is no such model."""
    return Failure(ModelNotFoundError, "Scripted: there is no such model.")


def always(entry: Entry) -> Always:
    """`entry` for this call and every later one."""
    return Always(entry)


def entry_for(script: Script, request: ModelRequest, position: int) -> Entry | None:
    """The entry that answers `request`, or None where the script has run out.

    `position` is how many calls were answered before: of the same label if the script goes by label, else of any.
    """
    if callable(script):
        return script(request, position)
    entries = script.get(request.label, script.get(ANY_LABEL, ())) if isinstance(script, Mapping) else script
    if position < len(entries):
        entry = entries[position]
        return entry.entry if isinstance(entry, Always) else entry
    if entries and isinstance(last := entries[-1], Always):
        return last.entry
    return None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


_FAILURES: dict[str, Callable[[], Failure]] = {
    factory.__name__: factory for factory in (throttled, unavailable, timed_out, access_denied, bad_request, not_found)
}


class _JsonEntry(_Strict):
    json_: JsonObject
    model_config = ConfigDict(extra="forbid", alias_generator=lambda name: name.rstrip("_"))

    def entry(self) -> Entry:
        return reply(self.json_)


class _ToolEntry(_Strict):
    tool: str
    input: JsonValue = {}
    text: str = ""

    def entry(self) -> Entry:
        return tool_use(self.tool, self.input, text=self.text)


class _StoppedEntry(_Strict):
    stop_reason: StopReason
    text: str = ""

    def entry(self) -> Entry:
        return stopped(self.stop_reason, self.text)


class _ErrorEntry(_Strict):
    error: Literal["throttled", "unavailable", "timed_out", "access_denied", "bad_request", "not_found"]

    def entry(self) -> Entry:
        return _FAILURES[self.error]()


_KINDS = ("always", "json", "tool", "stop_reason", "error")


def _kind(value: object) -> str | None:
    """What an entry in a file is, told by the key that only such an entry has; None if it is none."""
    if isinstance(value, str):
        return "text"
    return next((kind for kind in _KINDS if isinstance(value, dict) and kind in value), None)


_BY_KIND = Discriminator(
    _kind,
    custom_error_type="no_entry",
    custom_error_message=f"Input should be a text, or an object with one of {', '.join(_KINDS)}",
)

type _FileEntry = Annotated[
    Annotated[str, Tag("text")]
    | Annotated[_AlwaysEntry, Tag("always")]
    | Annotated[_JsonEntry, Tag("json")]
    | Annotated[_ToolEntry, Tag("tool")]
    | Annotated[_StoppedEntry, Tag("stop_reason")]
    | Annotated[_ErrorEntry, Tag("error")],
    _BY_KIND,
]


class _AlwaysEntry(_Strict):
    always: _FileEntry


type _FileEntries = list[_FileEntry]

_LABELLED: TypeAdapter[dict[str, _FileEntries]] = TypeAdapter(dict[str, _FileEntries])
_IN_ORDER: TypeAdapter[_FileEntries] = TypeAdapter(_FileEntries)


def read_script(path: Path) -> Script:
    """Read a script file: an object of labels and their entries, or a list of entries for one call after the other.

    Raises:
        ScriptError: It is missing, is not JSON, or holds something that is no entry.
    """
    try:
        text = path.read_text(encoding="utf-8")
        file = json.loads(text)
        if isinstance(file, list):
            return [_entry(entry) for entry in _IN_ORDER.validate_python(file)]
        labelled = _LABELLED.validate_python(file)
    except OSError as error:
        raise ScriptError(f"Cannot read the script {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ScriptError(f"The script {path} is not UTF-8 text: {error}.") from error
    except json.JSONDecodeError as error:
        raise ScriptError(f"The script {path} is not JSON: {error}.") from error
    except RecursionError as error:
        raise ScriptError(f"The script {path} is not JSON: it is nested too deeply.") from error
    except ValidationError as error:
        raise ScriptError(f"The script {path} is not valid: {describe(error)}.") from error
    return {label: [_entry(entry) for entry in entries] for label, entries in labelled.items()}


def _entry(entry: _FileEntry) -> Entry | Always:
    if isinstance(entry, _AlwaysEntry):
        inner = _entry(entry.always)
        return inner if isinstance(inner, Always) else Always(inner)
    return reply(entry) if isinstance(entry, str) else entry.entry()
