"""The events of an execution, as the service exports them.

Their shape is that of https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecutionHistory.html; what is not
read here is left alone. The testing SDK's own `Event` is not enough to read that: it leaves timestamps as they are,
and checks nothing, and its table of types lacks `ChainedInvokeStopped`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from aws_durable_execution_sdk_python.lambda_service import OperationStatus, OperationType
from pydantic import AliasPath, BaseModel, ConfigDict, Field, JsonValue, model_validator
from pydantic.alias_generators import to_pascal

from durable_conformance.execution import TERMINAL

EVENT_TYPES = {
    to_pascal(f"{type_.value}_{status.value}".lower()): (type_, status)
    for type_ in OperationType
    for status in (OperationStatus.STARTED, *TERMINAL)
}
"""What each type of event says about which type of operation."""

INVOCATION_COMPLETED = "InvocationCompleted"
ABOUT_NO_OPERATION = frozenset({INVOCATION_COMPLETED, "ExecutionPaused", "ExecutionResumed"})


class _Exported(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_pascal, extra="ignore")


class Content[Of](_Exported):
    """An input, a result or an error. `truncated` says that the export leaves the payload out."""

    payload: Of | None = None
    truncated: bool = False


class Details(_Exported):
    """The details of any type of event: each has some of these."""

    input: Content[str] | None = None
    result: Content[str] | None = None
    error: Content[dict[str, JsonValue]] | None = None
    delay: int | None = Field(None, validation_alias=AliasPath("RetryDetails", "NextAttemptDelaySeconds"))
    timeout: int | None = None
    heartbeat_timeout: int | None = None
    function_name: str | None = None
    duration: int | None = None

    @property
    def left_out(self) -> bool:
        """Whether a payload is missing that there was."""
        return any(part and part.truncated and part.payload is None for part in (self.input, self.result, self.error))


class Event(_Exported):
    """One event. Its details stand under a key that is named after its type; here they are `details`."""

    event_type: str
    event_id: int
    event_timestamp: dt.datetime
    id: str | None = None
    parent_id: str | None = None
    name: str | None = None
    sub_type: str | None = None
    details: Details = Details()

    @model_validator(mode="before")
    @classmethod
    def _with_details(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {**data, "Details": data.get(f"{data.get('EventType')}Details") or {}}


class Export(_Exported):
    """The response of GetDurableExecutionHistory."""

    events: list[Event] = Field(min_length=1)
    next_marker: str | None = None
