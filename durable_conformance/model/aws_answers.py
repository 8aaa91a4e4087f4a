"""Responses of AWS services as text that can be kept and sent, and those that a user gives."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import singledispatch
from typing import Any

from botocore.response import StreamingBody

from durable_conformance.errors import CannotRunError
from durable_conformance.model.aws_shapes import streaming
from durable_conformance.model.call import Answer, Failure
from durable_conformance.model.tap import Asking

OK_STATUS = 200
FIRST_ERROR_STATUS = 300
CLIENT_ERROR_STATUS = 400

type Given = Any
"""What an AWS call is answered: a response as boto3 gives it; `{"Error": {"Code": …}}`; a list of these, for one call
after the other, the last again and again; or a function of the parameters."""


@dataclass(frozen=True)
class AwsResponse:
    """What a service answers: the status, and the response as boto3 gives it."""

    response: dict[str, Any]
    status: int = OK_STATUS

    @classmethod
    def of(cls, answer: Answer) -> AwsResponse:
        document = json.loads(answer.text, object_hook=_decoded)
        return cls(document["response"], document["status"])

    @property
    def answer(self) -> Answer:
        return Answer(plain({"status": self.status, "response": self.response}))

    @property
    def failure(self) -> Failure | None:
        """The service's error; None if it is none."""
        if self.status < FIRST_ERROR_STATUS:
            return None
        error = self.response.get("Error", {})
        return Failure(str(error.get("Code", self.status)), str(error.get("Message", "")))


def aws_error(code: str, message: str, status: int = CLIENT_ERROR_STATUS) -> AwsResponse:
    """A service's error."""
    return AwsResponse({"Error": {"Code": code, "Message": message}}, status)


def plain(value: object) -> str:
    """`value` as JSON, keys sorted: bytes, times and streams in a form that `AwsResponse.of` reads back."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=_encoded)


@singledispatch
def _encoded(value: object) -> Any:
    """What JSON has no form for, and nobody reads back."""
    return f"<{type(value).__name__}>"


@_encoded.register(bytes)
@_encoded.register(bytearray)
def _(value: bytes | bytearray) -> Any:
    return {"$bytes": base64.b64encode(value).decode()}


@_encoded.register
def _(value: dt.datetime) -> Any:
    return {"$time": value.isoformat()}


@_encoded.register
def _(value: Decimal) -> Any:
    return {"$number": str(value)}


@_encoded.register(set)
@_encoded.register(frozenset)
def _(value: set[Any]) -> Any:
    return {"$set": sorted(value, key=str)}


@_encoded.register
def _(value: StreamingBody) -> Any:
    """A stream is read once: `kept` has put one in its place that can be read again."""
    return {"$stream": base64.b64encode(getattr(value, "content", b"")).decode()}


def _decoded(document: dict[str, Any]) -> Any:
    if len(document) == 1:
        match document:
            case {"$bytes": str(text)}:
                return base64.b64decode(text)
            case {"$time": str(text)}:
                return dt.datetime.fromisoformat(text)
            case {"$number": str(text)}:
                return Decimal(text)
            case {"$set": list(values)}:
                return set(values)
            case {"$stream": str(text)}:
                return streaming(base64.b64decode(text))
    return document


def kept(response: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """`response` twice: to give to the handler, and to keep. Its streams are read, and can be read again."""
    theirs, ours = dict(response), dict(response)
    for name, value in response.items():
        if isinstance(value, StreamingBody):
            content = value.read()
            theirs[name], ours[name] = streaming(content), _Stream(content)
    return theirs, ours


class _Stream(StreamingBody):
    """One that is only kept."""

    def __init__(self, content: bytes) -> None:
        self.content = content


class GivenAnswers:
    """Answers that a user gave, by name: `dynamodb.GetItem`, or `load-order/dynamodb.GetItem` for one operation's.

    A list answers one call after the other, counted for the execution; with an operation, for that operation.
    """

    def __init__(self, answers: Mapping[str, Given]) -> None:
        self._answers = answers
        self._given: dict[str, int] = {}

    def answer(self, name: str, parameters: Mapping[str, Any], asking: Asking) -> AwsResponse | None:
        """What the call is answered; None if nothing is said about it.

        Raises:
            CannotRunError: What was given is no response.
        """
        value = self.value(name, parameters, asking)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise CannotRunError(f"The answer to {name} is {value!r}: write an object, the response as boto3 gives it.")
        if isinstance(failed := value.get("Error"), Mapping):
            status = int(value.get("ResponseMetadata", {}).get("HTTPStatusCode", CLIENT_ERROR_STATUS))
            return AwsResponse({**value, "Error": {"Message": "", **failed}}, status)
        return AwsResponse(dict(value))

    def value(self, name: str, parameters: Mapping[str, Any], asking: Asking) -> Given:
        """What was given for the call; None if nothing was."""
        key = next((key for key in (f"{asking.operation}/{name}", name) if key in self._answers), None)
        if key is None:
            return None
        value: Given = self._answers[key]
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            if not value:
                return None
            nth = self._given.get(key, 0)
            self._given[key] = nth + 1
            value = value[min(nth, len(value) - 1)]
        if isinstance(value, Callable):  # type: ignore[arg-type]  # a function of the parameters
            value = value(parameters)
        return value
