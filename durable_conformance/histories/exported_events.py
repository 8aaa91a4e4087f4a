"""The events of an execution, as the service exports them.

Their shape is that of https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecutionHistory.html; what is not
read here is left alone.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from aws_durable_execution_sdk_python.lambda_service import OperationStatus, OperationType
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_pascal

_TYPES = {
    "Execution": OperationType.EXECUTION,
    "Context": OperationType.CONTEXT,
    "Step": OperationType.STEP,
    "Wait": OperationType.WAIT,
    "Callback": OperationType.CALLBACK,
    "ChainedInvoke": OperationType.CHAINED_INVOKE,
}
_STATUSES = {
    "Started": OperationStatus.STARTED,
    "Succeeded": OperationStatus.SUCCEEDED,
    "Failed": OperationStatus.FAILED,
    "TimedOut": OperationStatus.TIMED_OUT,
    "Stopped": OperationStatus.STOPPED,
    "Cancelled": OperationStatus.CANCELLED,
}
EVENT_TYPES = {f"{word}{end}": (type_, status) for word, type_ in _TYPES.items() for end, status in _STATUSES.items()}
"""What each type of event says about which type of operation."""

INVOCATION_COMPLETED = "InvocationCompleted"
ABOUT_NO_OPERATION = frozenset({INVOCATION_COMPLETED, "ExecutionPaused", "ExecutionResumed"})


class _Exported(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_pascal, extra="ignore")


class Content(_Exported):
    """An input or a result. `truncated` says that the export leaves the payload out."""

    payload: str | None = None
    truncated: bool = False


class ErrorPayload(_Exported):
    """An error."""

    error_type: str | None = None
    error_message: str | None = None
    error_data: str | None = None


class ErrorContent(_Exported):
    """An error, or that the export leaves it out."""

    payload: ErrorPayload | None = None
    truncated: bool = False


class RetryDetails(_Exported):
    """When a step is tried again."""

    next_attempt_delay_seconds: int | None = None


class Details(_Exported):
    """The details of any type of event: each has some of these."""

    input: Content | None = None
    result: Content | None = None
    error: ErrorContent | None = None
    retry_details: RetryDetails | None = None
    timeout: int | None = None
    heartbeat_timeout: int | None = None
    function_name: str | None = None
    duration: int | None = None

    @property
    def left_out(self) -> bool:
        """Whether a payload is missing that there was."""
        parts: tuple[Content | ErrorContent | None, ...] = (self.input, self.result, self.error)
        return any(part is not None and part.truncated and part.payload is None for part in parts)


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
