"""The tap of boto3: what a handler, or a library that it uses, asks of AWS.

Clients that are made after `install_boto_tap` have handlers of botocore's public events; those that are there already
get them by `tap_clients`. They are inert unless an execution is under way (`tapping`). Model calls are answered as the
HTTP response that boto3 parses; other calls by what was given, or by whoever stands in for AWS (moto, a Stubber), and
else by a response that is made up from the output's shape.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from botocore import handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from botocore.model import OperationModel

from durable_conformance.model import bedrock
from durable_conformance.model.aws_answers import OK_STATUS, AwsResponse, kept, plain
from durable_conformance.model.aws_shapes import made_up, reads, streaming
from durable_conformance.model.call import Answer, AnsweredBy, Failure, FaultKind, Request
from durable_conformance.model.tap import AwsGate, AwsQuestion

MODEL_SERVICE = "bedrock-runtime"
MARK = "x-durable-ai-made-up"
"""The header of a response that stands for nobody's answer."""

PROBE = "durable-ai-tapped"
"""An event of ours: whoever hears it is tapped."""

_EMPTY = {"json": b"{}", "rest-json": b"{}", "rest-xml": b"<R/>", "ec2": b"<R/>", "smithy-rpc-v2-cbor": b"\xa0"}
_EMPTY_QUERY = "<R><{0}Result/><ResponseMetadata><RequestId>made-up</RequestId></ResponseMetadata></R>"
"""The shortest bodies that the parsers of the protocols take; nothing at all for others."""

_PARAMETERS = "durable-ai-parameters"
_ASKED = "durable-ai-asked"
"""Keys of a call's context."""

_gates: list[AwsGate] = []


@contextlib.contextmanager
def tapping(gate: AwsGate) -> Iterator[None]:
    """In here, what this process asks of AWS passes `gate`."""
    _gates.append(gate)
    try:
        yield
    finally:
        _gates.pop()


@dataclass(frozen=True)
class BedrockQuestion:
    """What was asked of Bedrock."""

    asked: bedrock.Asked
    resent: int = 0

    @property
    def request(self) -> Request:
        return self.asked.request

    def varied(self, answer: Answer, unique: str) -> Answer:
        return bedrock.varied(self.asked, bedrock.Reply.from_json(answer.text), unique).answer

    def failure(self, kind: FaultKind, message: str) -> Failure:  # as every question
        return Failure(bedrock.CODES[kind], message)


def install_boto_tap() -> None:
    """Have every client that is made from now on tapped. Once is enough."""
    if _HANDLERS[0] not in handlers.BUILTIN_HANDLERS:
        handlers.BUILTIN_HANDLERS.extend(_HANDLERS)


def tap_clients() -> None:
    """The same for the clients that there are: a test has imported its handler before."""
    if not BaseClient.__subclasses__():
        return  # each client has a class of its own: there is none, and no need to look at every object
    for client in [one for one in gc.get_objects() if issubclass(type(one), BaseClient)]:
        events = client.meta.events
        if not events.emit(PROBE):
            for name, handler, order in _HANDLERS:
                register = events.register_first if order is handlers.REGISTER_FIRST else events.register_last
                register(name, handler)


class _Here(threading.local):
    """What this thread is about."""

    empty = b""  # the body that stands for nobody's answer to the call that is under way


_here = _Here()
_answering: ContextVar[bool] = ContextVar("durable-ai-answering", default=False)
"""Whether whoever answers a call asks: that passes, also in a thread that it has ask with its own context."""


@contextlib.contextmanager
def passing_through() -> Iterator[None]:
    """In here, what this thread asks of AWS passes untouched: a model's provider asks, and no handler."""
    token = _answering.set(True)
    try:
        yield
    finally:
        _answering.reset(token)


def _gate() -> AwsGate | None:
    return _gates[-1] if _gates and not _answering.get() else None


def _is_tapped(**_: object) -> bool:
    return True


def _before_build(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    if _gates:
        context[_PARAMETERS] = params  # to look at once the call is made: handlers change it


def _before_call(model: OperationModel, context: dict[str, Any], **_: object) -> tuple[AWSResponse, Any] | None:
    gate = _gate()
    if gate is None or _asks_a_model(model):
        return None
    asked = context[_ASKED] = gate.ask(_question(model, context))
    if asked.known is None:
        protocol = model.service_model.resolved_protocol
        _here.empty = _EMPTY_QUERY.format(model.name).encode() if protocol == "query" else _EMPTY.get(protocol, b"")
        return None
    came = AwsResponse.of(asked.known)
    return _http(came.status), _parsed(came, model)


def _asks_a_model(model: OperationModel) -> bool:
    return model.service_model.service_name == MODEL_SERVICE and model.name in bedrock.OPERATIONS


def _question(model: OperationModel, context: dict[str, Any]) -> AwsQuestion:
    name = f"{model.service_model.service_name}.{model.name}"
    parameters = dict(context.get(_PARAMETERS, {}))
    text = plain({name: parameters})
    request = Request(text, hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest(), "")
    return AwsQuestion(name, reads(model.name), parameters, request)


def _before_send(request: AWSPreparedRequest, event_name: str, **_: object) -> AWSResponse | None:
    gate = _gate()
    service, operation = event_name.split(".")[1:3]
    if gate is None or service != MODEL_SERVICE or operation not in bedrock.OPERATIONS:
        return None
    asked = bedrock.asked(operation, bedrock.model_in(request.url), _body(request))
    if asked.unsupported:
        gate.refuse(asked.unsupported)
    outcome = gate.answer(BedrockQuestion(asked, _attempt(request) - 1))
    if isinstance(outcome, Failure):
        return bedrock.failed(operation, outcome.type, outcome.message).response(request.url)
    return bedrock.rendered(asked, bedrock.Reply.from_json(outcome.text)).response(request.url)


def _body(request: AWSPreparedRequest) -> bytes:
    body = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    return body.encode() if isinstance(body, str) else bytes(body)


def _attempt(request: AWSPreparedRequest) -> int:
    """Which time it is, from 1, that botocore sends it: it says so itself."""
    header = request.headers.get("amz-sdk-request", b"")
    found = re.search(r"attempt=(\d+)", header.decode() if isinstance(header, bytes) else header)
    return int(found[1]) if found else 1


def _nobody_answered(request: AWSPreparedRequest, event_name: str, **_: object) -> AWSResponse | None:
    """Whoever stands in for AWS has had its say; botocore takes the first response that there is."""
    gate = _gate()
    service, operation = event_name.split(".")[1:3]
    if gate is None or gate.live or (service == MODEL_SERVICE and operation in bedrock.OPERATIONS):
        return None
    return _http(200, {MARK: "yes"}, _here.empty, request.url)


def _after_call(
    http_response: AWSResponse, parsed: dict[str, Any], model: OperationModel, context: dict[str, Any], **_: object
) -> None:
    gate = _gate()
    if gate is None or _asks_a_model(model):
        return
    # One that never came by `_before_call` was answered before, by a Stubber of the client's.
    asked = context.pop(_ASKED, None) or gate.ask(_question(model, context))
    if asked.known is not None:
        return
    if MARK in http_response.headers:
        by, status = AnsweredBy.MADE_UP, OK_STATUS
        parsed.clear()
        parsed |= _parsed(AwsResponse(made_up(model, asked.unique)), model)
    else:
        by, status = AnsweredBy.LIVE if gate.live else AnsweredBy.SET_UP, http_response.status_code
    theirs, ours = kept(parsed)
    parsed |= theirs
    ours.pop("ResponseMetadata", None)
    asked.came(AwsResponse(ours, status).answer, by)


def _after_call_error(exception: Exception, context: dict[str, Any], **_: object) -> None:
    if asked := context.pop(_ASKED, None):
        asked.failed(exception)


def _http(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"", url: str = "") -> AWSResponse:
    return bedrock.Wire(status, headers or {}, body).response(url)


def _parsed(came: AwsResponse, model: OperationModel) -> dict[str, Any]:
    """A response as botocore's parser would have made it."""
    response = dict(came.response)
    stream = model.get_streaming_output() if came.failure is None else None
    for name, member in model.output_shape.members.items() if stream and model.output_shape else ():
        if member is stream and isinstance(given := response.get(name, b""), str | bytes):
            response[name] = streaming(given.encode() if isinstance(given, str) else given)
    if model.has_event_stream_output and model.output_shape and came.failure is None:
        stream = model.get_event_stream_output()
        response |= {name: () for name, member in model.output_shape.members.items() if member is stream}
    metadata = {"RequestId": "made-up", "HTTPStatusCode": came.status, "HTTPHeaders": {}, "RetryAttempts": 0}
    return response | {"ResponseMetadata": metadata}


_HANDLERS: tuple[tuple[str, Callable[..., Any], object], ...] = (
    (PROBE, _is_tapped, handlers.REGISTER_FIRST),
    ("before-parameter-build", _before_build, handlers.REGISTER_LAST),
    ("before-call", _before_call, handlers.REGISTER_FIRST),
    ("before-send", _before_send, handlers.REGISTER_FIRST),
    ("before-send", _nobody_answered, handlers.REGISTER_LAST),
    ("after-call", _after_call, handlers.REGISTER_FIRST),
    ("after-call-error", _after_call_error, handlers.REGISTER_FIRST),
)
