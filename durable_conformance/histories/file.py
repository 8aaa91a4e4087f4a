"""A golden history: one execution as the durable execution service saw it, in a JSON file that people read and compare.

It holds what was recorded and from which handler, the event, every change of an operation's state in the order in which
the service made it, what the model was asked and answered, and how the execution ended. The first `n` changes are a
prefix: the state of an execution that was running when somebody deployed another version of the code.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from aws_durable_execution_sdk_python.lambda_service import ErrorObject, OperationAction, OperationStatus, OperationType
from pydantic import Field, JsonValue, StringConstraints, ValidationError, model_validator

from durable_conformance.errors import CannotRunError
from durable_conformance.histories.payload import Frozen, Payload
from durable_conformance.model import masked, secrets_in

FORMAT: Literal[1] = 1
"""Version of the file format. A change that older versions cannot read gets the next number."""

MAX_PROBLEMS = 5
"""How much of what is wrong with a file is told."""

_MARK = "durable_ai_history"
"""The key that makes a JSON file a history; its value is the format."""

type Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
type Seconds = Annotated[int | float, Field(ge=0)]


class HistoryError(CannotRunError):
    """A file cannot be read or written as a history: which, where in it, why, and what to do."""


class Provenance(Frozen):
    """What was recorded, when and by what.

    Attributes:
        handler: The handler under test: a pattern's name, or `PATH.py:FUNCTION`.
        scenario: What the execution met, in words.
        at: When it was recorded.
        source: `in process`, or `export` for what the service ran.
        versions: Of the libraries that recorded it, by distribution.
    """

    handler: str
    scenario: str
    at: dt.datetime
    source: Literal["in process", "export"] = "in process"
    versions: dict[str, str] = Field(default_factory=dict)


class RecordedError(Frozen):
    """An error as a checkpoint keeps it."""

    type: str | None = None
    message: str | None = None
    data: str | None = None

    @classmethod
    def of(cls, error: ErrorObject | None) -> Self | None:
        """The one that stands for the SDK's."""
        return cls(type=error.type, message=error.message, data=error.data) if error else None

    def restored(self) -> ErrorObject:
        """The SDK's."""
        return ErrorObject(self.message, self.type, self.data, stack_trace=None)


class HistoryOperation(Frozen):
    """What never changes about an operation.

    Attributes:
        path: Where it stands in the tree; the changes name it by this.
        id: The SDK's id, which follows from the position.
        parent: The path of the context it stands in; None for the handler's own.
    """

    path: str
    id: str
    parent: str | None = None
    type: OperationType
    sub_type: str | None = None
    name: str | None = None


class Change(Frozen):
    """One change of one operation: an update that the handler checkpointed, or something that the service did.

    Attributes:
        invocation: In which invocation, from 1; what happened between two belongs to the earlier one.
        at: Seconds since the execution's start.
        action: The update's action; None for what the service did: a timer, an answer to a callback.
        status: The operation's status afterwards.
        attempt: Attempts that ended, for a step.
        due: Seconds since the execution's start at which a wait ends or a step is tried again.
        delay_seconds: How long until then, for a RETRY.
        timeout_seconds: How long a callback waits, for its START; 0 is for ever.
        heartbeat_seconds: How long it waits for a heartbeat.
        function_name: What a chained invocation invokes, for its START.
        replay_children: Whether the payload is a summary only, and the result comes from replaying what is inside.
    """

    invocation: Annotated[int, Field(ge=1)]
    at: Seconds
    path: str
    action: OperationAction | None = None
    status: OperationStatus
    attempt: int | None = None
    due: Seconds | None = None
    delay_seconds: int | None = None
    timeout_seconds: int | None = None
    heartbeat_seconds: int | None = None
    function_name: str | None = None
    result: Payload | None = None
    error: RecordedError | None = None
    replay_children: bool | None = None

    def __str__(self) -> str:
        return f"{self.path} {self.action.value if self.action else self.status.value}"


class Call(Frozen):
    """One model call.

    Attributes:
        path: The operation that made it; None outside any.
        attempt: The operation's attempt, from 1; None where there is none.
        request_digest: Tells the request from any other.
        request: The request itself, so that a difference can be shown; what has its default is left out.
        response: None if the call failed.
    """

    path: str | None
    attempt: int | None = None
    request_digest: Digest
    request: dict[str, JsonValue]
    response: dict[str, JsonValue] | None = None
    error: RecordedError | None = None

    @model_validator(mode="after")
    def _one_outcome(self) -> Self:
        if (self.response is None) == (self.error is None):
            raise ValueError("a call has either a response or an error")
        return self


class History(Frozen):
    """One execution, from its start to its end.

    Attributes:
        durable_ai_history: The file format's version.
        result: The handler's; None unless it succeeded.
        operations: Every operation, a context before what stands in it.
        changes: Every change of their state, in order.
        calls: Every model call; None if they are not known, as in what the service exports.
    """

    durable_ai_history: Literal[1] = FORMAT
    recorded: Provenance
    event: JsonValue
    status: Literal["SUCCEEDED", "FAILED"]
    result: JsonValue = None
    error: RecordedError | None = None
    operations: tuple[HistoryOperation, ...]
    changes: tuple[Change, ...]
    calls: tuple[Call, ...] | None = None

    @model_validator(mode="after")
    def _names_what_it_holds(self) -> Self:
        known: set[str] = set()
        for operation in self.operations:
            if operation.path in known:
                raise ValueError(f"operation {operation.path} is there twice")
            if operation.parent is not None and operation.parent not in known:
                raise ValueError(f"operation {operation.path} stands before its context {operation.parent}")
            known.add(operation.path)
        for change in self.changes:
            if change.path not in known:
                raise ValueError(f"a change names {change.path}, which is not among the operations")
        return self


def by_path(changes: Iterable[Change]) -> Mapping[str, Sequence[Change]]:
    """The changes of each operation, in order."""
    of: dict[str, list[Change]] = {}
    for change in changes:
        of.setdefault(change.path, []).append(change)
    return of


def load_history(path: Path) -> History:
    """Read a history.

    Raises:
        HistoryError: It is missing, is no history, is of another format, or does not hold what it should.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise HistoryError(f"Cannot read the history {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise HistoryError(f"The history {path} is not UTF-8 text: {error}.") from error
    except (ValueError, RecursionError) as error:
        raise HistoryError(f"The history {path} is not JSON: {error}.") from error
    if not isinstance(document, dict) or _MARK not in document:
        raise HistoryError(f"{path} is no history: {_what(document)}")
    if document[_MARK] != FORMAT:
        raise HistoryError(
            f"The history {path} has format {document[_MARK]!r}, and this version reads {FORMAT}: install the version "
            "that wrote it, or record the history anew."
        )
    try:
        return History.model_validate(document)
    except ValidationError as error:
        raise HistoryError(f"The history {path} is not valid: {describe(error)}. Record it anew.") from error


def describe(error: ValidationError) -> str:
    """The fields at fault and why, on one line, without their values."""
    details = error.errors(include_url=False, include_input=False, include_context=False)
    told = [f"{'.'.join(map(str, one['loc'])) or 'value'}: {one['msg']}" for one in details]
    return "; ".join(told[:MAX_PROBLEMS] + [f"and {len(told) - MAX_PROBLEMS} more"] * (len(told) > MAX_PROBLEMS))


def _what(document: Any) -> str:
    if isinstance(document, dict) and "Events" in document:
        return "it is what the service exports; make a history of it with durable-ai record-history --export."
    return f"it has no key {_MARK!r}; durable-ai record-history writes one that has."


def save_history(history: History, path: Path) -> None:
    """Write a history, account ids masked; a file that was there is replaced once the new one is whole.

    Raises:
        HistoryError: It holds what looks like a secret, or the file cannot be written.
    """
    text = text_of(history)
    if secrets := secrets_in(text):
        raise HistoryError(
            f"{path} is not written, because it would hold secrets: {'; '.join(secrets)}. "
            "Record with an event, answers and results that hold none."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.new")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise HistoryError(f"Cannot write the history {path}: {error.strerror}.") from error


def text_of(history: History) -> str:
    """The file's text."""
    document = history.model_dump(mode="json", exclude_none=True)
    document |= {"event": history.event, "result": history.result}  # where null says something
    text = json.dumps(document, indent=2, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can hold and UTF-8 cannot
        text = json.dumps(document, indent=2)
    return masked(text) + "\n"
