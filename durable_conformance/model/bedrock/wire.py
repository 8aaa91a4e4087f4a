"""HTTP responses of Bedrock, for boto3 to parse."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zlib import crc32

from durable_conformance.errors import CannotRunError
from durable_conformance.model.bedrock.asked import Asked
from durable_conformance.model.bedrock.dialect import Json
from durable_conformance.model.bedrock.families import DIALECTS
from durable_conformance.model.bedrock.reply import Reply
from durable_conformance.model.call import FaultKind

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse
    from botocore.model import ServiceModel

CODES: Mapping[str, str] = MappingProxyType(
    {
        FaultKind.DENIED: "AccessDeniedException",
        FaultKind.THROTTLED: "ThrottlingException",
        FaultKind.UNAVAILABLE: "ServiceUnavailableException",
        FaultKind.PERMANENT: "ValidationException",
    }
)
"""The service's code for each kind of failure."""

_COMMON: Mapping[str, int] = MappingProxyType(
    {
        "AccessDenied": 403,
        "ExpiredToken": 403,
        "ExpiredTokenException": 403,
        "IncompleteSignature": 403,
        "InternalFailure": 500,
        "InvalidClientTokenId": 403,
        "InvalidSignatureException": 403,
        "MissingAuthenticationToken": 403,
        "NotAuthorized": 403,
        "RequestTimeout": 408,
        "RequestTimeoutException": 408,
        "ServiceUnavailable": 503,
        "TooManyRequestsException": 429,
        "UnrecognizedClientException": 403,
    }
)
"""Status of errors that any AWS service may answer with, and no service model has. Any other is 400.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
"""

_BAD_REQUEST = 400
_STRING = 7  # the type of an event's header
_JSON = "application/json"
_EVENTS = "application/vnd.amazon.eventstream"


@dataclass(frozen=True)
class Wire:
    """An HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def response(self, url: str) -> AWSResponse:
        """The response as a `before-send` handler returns it. It can be read once."""
        from botocore.awsrequest import AWSResponse  # noqa: PLC0415  # where boto3 is at play, and not before
        from urllib3 import HTTPResponse  # noqa: PLC0415

        raw = HTTPResponse(BytesIO(self.body), self.headers, self.status, preload_content=False)
        return AWSResponse(url, self.status, self.headers, raw)  # type: ignore[arg-type]  # any mapping will do


def rendered(asked: Asked, reply: Reply) -> Wire:
    """The response that boto3 parses into `reply`.

    Raises:
        CannotRunError: The request's dialect has no words for the reply, such as a tool use in Llama's.
    """
    body = _body(asked, reply)
    headers = {"x-amzn-requestid": _request_id(asked)}
    if asked.streams:
        stream = b"".join(_events(asked, reply, body))
        content_type = {} if asked.operation == "ConverseStream" else {"x-amzn-bedrock-content-type": _JSON}
        return Wire(200, {**headers, "content-type": _EVENTS, **content_type}, stream)
    if asked.operation == "InvokeModel":
        headers |= {
            "x-amzn-bedrock-input-token-count": str(reply.input_tokens),
            "x-amzn-bedrock-output-token-count": str(reply.output_tokens),
            "x-amzn-bedrock-invocation-latency": "1",
        }
    return _document(200, headers, body)


def failed(operation: str, kind: FaultKind | str, message: str, status: int | None = None) -> Wire:
    """The error that the service answers with.

    Args:
        operation: The operation that was called.
        kind: What went wrong, or the service's code for it.
        message: What the service says.
        status: The HTTP status; None is the service model's for the code.
    """
    code = CODES.get(kind, kind)
    if status is None:
        status = _statuses(operation).get(code) or _COMMON.get(code, _BAD_REQUEST)
    return _document(status, {"x-amzn-errortype": code}, {"message": message})


def interrupted(asked: Asked, reply: Reply, code: str, message: str) -> Wire:
    """A stream that begins as `reply`, and fails in the midst of it with `code`, such as `ModelStreamErrorException`.

    Raises:
        CannotRunError: The operation's stream cannot fail that way, or the operation does not stream.
    """
    kind = code[:1].lower() + code[1:]
    if kind not in _stream_errors(asked.operation):
        known = ", ".join(_stream_errors(asked.operation)) or "nothing does"
        raise CannotRunError(f"No {code} ends a stream of {asked.operation}: {known}.")
    whole = rendered(asked, reply)
    events = list(_events(asked, reply, _body(asked, reply)))
    failure = _event({":message-type": "exception", ":exception-type": kind}, {"message": message})
    return Wire(whole.status, whole.headers, b"".join([*events[: len(events) // 2], failure]))


def _body(asked: Asked, reply: Reply) -> Json:
    if reply.body is not None:
        return reply.body
    dialect = DIALECTS.get(asked.family)
    if dialect is None:
        raise CannotRunError(asked.unsupported)
    if reply.tool_uses and not dialect.ids:
        raise CannotRunError(f"{asked.model} answers with a body of {dialect.name}, which has no place for a tool use.")
    return dialect.body(asked, reply)


def _events(asked: Asked, reply: Reply, body: Json) -> Iterator[bytes]:
    dialect = DIALECTS.get(asked.family)
    if dialect is None or asked.embedding:
        raise CannotRunError(asked.unsupported)
    chunks = list(dialect.chunks(body))
    if asked.operation == "ConverseStream":
        for chunk in chunks:
            ((kind, payload),) = chunk.items()
            yield _event({":event-type": kind, ":message-type": "event"}, payload)
        return
    chunks[-1] = chunks[-1] | {
        "amazon-bedrock-invocationMetrics": {
            "inputTokenCount": reply.input_tokens,
            "outputTokenCount": reply.output_tokens,
            "invocationLatency": 1,
            "firstByteLatency": 1,
        }
    }
    for chunk in chunks:
        yield _event(
            {":event-type": "chunk", ":message-type": "event"}, {"bytes": base64.b64encode(_as_bytes(chunk)).decode()}
        )


def _event(headers: Mapping[str, str], payload: Json) -> bytes:
    """A message of an event stream: its lengths and their checksum, its headers, its payload, the checksum of all."""
    head = b"".join(_header(name, value) for name, value in {**headers, ":content-type": _JSON}.items())
    content = _as_bytes(payload)
    prelude = struct.pack("!II", 4 * 4 + len(head) + len(content), len(head))
    message = prelude + struct.pack("!I", crc32(prelude)) + head + content
    return message + struct.pack("!I", crc32(message))


def _header(name: str, value: str) -> bytes:
    return struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", _STRING, len(value)) + value.encode()


def _document(status: int, headers: Mapping[str, str], body: Any) -> Wire:
    content = _as_bytes(body)
    return Wire(status, {"content-type": _JSON, "content-length": str(len(content)), **headers}, content)


def _as_bytes(document: Any) -> bytes:
    try:
        return json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a character, which JSON can hold and UTF-8 cannot
        return json.dumps(document).encode()


def _request_id(asked: Asked) -> str:
    """The request's id, which a handler may keep: the same in each run."""
    digits = asked.identity
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


@cache
def _service() -> ServiceModel:
    from botocore.loaders import Loader  # noqa: PLC0415  # where boto3 is at play, and not before
    from botocore.model import ServiceModel  # noqa: PLC0415

    return ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"), "bedrock-runtime")


@cache
def _statuses(operation: str) -> Mapping[str, int]:
    """The HTTP status of each error that the service model gives an operation."""
    shapes = _service().operation_model(operation).error_shapes
    return {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in shapes}


@cache
def _stream_errors(operation: str) -> tuple[str, ...]:
    """The exceptions that may end an operation's stream."""
    stream: Any = _service().operation_model(operation).get_event_stream_output()
    return tuple(name for name, shape in stream.members.items() if shape.metadata.get("exception")) if stream else ()
