"""Answers a callback of the service as a scenario has it."""

from __future__ import annotations

from typing import Any, Protocol

from aws_durable_execution_sdk_python.lambda_service import ErrorObject

from durable_conformance import Answered, Refused
from durable_conformance.subject import CallbackAnswer


class Callbacks(Protocol):
    """Takes answers: the testing SDK's runners do."""

    def send_callback_success(self, callback_id: str, result: bytes | None = None) -> Any: ...

    def send_callback_failure(self, callback_id: str, error: ErrorObject | None = None) -> Any: ...


def send(service: Callbacks, callback_id: str, answer: CallbackAnswer) -> bool:
    """Whether there was anything to send: silence is none."""
    match answer:
        case Answered(payload):
            service.send_callback_success(callback_id, None if payload is None else payload.encode())
        case Refused(message, type_):
            service.send_callback_failure(callback_id, ErrorObject(message, type_, data=None, stack_trace=None))
        case _:
            return False
    return True
