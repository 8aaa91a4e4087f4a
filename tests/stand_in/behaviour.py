"""What the stand-in can do with a request, as values that a test writes down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.loopback import Drop, Stall
from tests.stand_in.service_model import error_statuses

type JsonObject = dict[str, Any]


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as it arrived.

    Attributes:
        model_id: From the path, decoded.
        label: `requestMetadata.label`, or an empty string.
        body: The JSON body; empty if it was no JSON object.
        headers: By lower-case name.
    """

    model_id: str
    label: str
    body: JsonObject
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)


@dataclass(frozen=True)
class ToolUse:
    """A tool the reply asks for. Without an id it gets one that no other request's tool use has."""

    name: str
    input: JsonObject
    tool_use_id: str | None = None


@dataclass(frozen=True)
class Reply:
    """The model answers.

    Attributes:
        text: The first content block; none if empty.
        tool_uses: Further content blocks.
        stop_reason: None is `tool_use` where there are tool uses, else `end_turn`.
        body: The response's JSON, sent as it is instead of all that.
    """

    text: str = ""
    tool_uses: tuple[ToolUse, ...] = ()
    stop_reason: str | None = None
    body: JsonObject | None = None


@dataclass(frozen=True)
class Fail:
    """The service answers with an error.

    Attributes:
        code: The error code; one of the service model's, unless `status` is given.
        message: What the service says.
        status: The HTTP status; None is the service model's for `code`.
    """

    code: str
    message: str = "Refused by the stand-in."
    status: int | None = None

    def __post_init__(self) -> None:
        if self.status is None and self.code not in error_statuses():
            known = ", ".join(sorted(error_statuses()))
            raise ValueError(f"The service model knows no error {self.code!r}: give its status, or use one of {known}.")


@dataclass(frozen=True)
class Malformed:
    """A successful status with a body that is no Converse response."""

    body: bytes = b'{"output": {"message": {"role": "assis'


type Behaviour = Reply | Fail | Stall | Drop | Malformed
type Behave = Callable[[ReceivedRequest], Behaviour]


class Sequenced:
    """Plays a list of behaviours for each label, then leaves it to `then`. Safe from any number of threads.

    Args:
        by_label: Behaviours in order; each request with the label takes the next.
        then: Behaves when a label's list is used up, and for every other label.
    """

    def __init__(self, by_label: Mapping[str, Sequence[Behaviour]], then: Behave) -> None:
        self._left = {label: list(behaviours) for label, behaviours in by_label.items()}
        self._then = then
        self._lock = threading.Lock()

    def __call__(self, request: ReceivedRequest) -> Behaviour:
        with self._lock:
            left = self._left.get(request.label)
            if left:
                return left.pop(0)
        return self._then(request)
