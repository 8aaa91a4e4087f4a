"""The answers that a user gave for model calls."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

from durable_conformance.errors import CannotRunError
from durable_conformance.model.bedrock.asked import Asked
from durable_conformance.model.bedrock.converse import CONVERSE
from durable_conformance.model.bedrock.dialect import Dialect, Json, at
from durable_conformance.model.bedrock.families import DIALECTS
from durable_conformance.model.bedrock.making import counted
from durable_conformance.model.bedrock.reply import Reply
from durable_conformance.model.bedrock.wire import Wire, failed


def from_answer(asked: Asked, value: Any) -> Reply | Wire:
    """What `value` answers to the request: a text, a response of Converse, a body of the model's family, or an error.

    An error is written as boto3 has it, `{"Error": {"Code": "ThrottlingException", "Message": …}}`; a
    `ResponseMetadata.HTTPStatusCode` beside it is its status. A body may stand in `body`, as boto3 has that.

    Raises:
        CannotRunError: It is none of these, or cannot be said in the request's dialect.
    """
    where = f"The answer to {asked.operation} of {asked.model}"
    dialect = DIALECTS.get(asked.family)
    if isinstance(value, str):
        if dialect is None or asked.embedding:
            raise CannotRunError(f"{where} is a text, and the model answers with something else: give the whole body.")
        return counted(asked, Reply(value))
    body = _as_sent(value, where)
    if code := at(body, "Error", "Code", of=str):
        message = at(body, "Error", "Message", of=str) or "Given as an answer."
        return failed(asked.operation, code, message, at(body, "ResponseMetadata", "HTTPStatusCode", of=int) or None)
    if dialect is None:
        return Reply(body=body)
    if whole := _whole(asked, dialect, body):
        return whole
    if (other := _whole(asked, CONVERSE, body)) and not asked.embedding:
        return replace(other, body=None)
    keys = ", ".join(sorted(body)) or "nothing"
    raise CannotRunError(
        f"{where} is an object of {keys}, which is neither a response of Converse, nor a body of the model's family "
        f"({dialect.name}), nor an error. Give one of these, or a text; JSON that a model says is a text, too."
    )


def _as_sent(value: Any, where: str) -> Json:
    """`value` as JSON has it, without what boto3 puts around a body."""
    try:
        body = json.loads(json.dumps(value, default=_base64))
        inner = body.get("body") if isinstance(body, dict) else None
        if isinstance(inner, str):
            inner = json.loads(inner)
    except (ValueError, TypeError, RecursionError) as error:
        raise CannotRunError(f"{where} is no JSON: {error}.") from error
    found = inner if isinstance(inner, dict) else body
    if not isinstance(found, dict):
        raise CannotRunError(f"{where} is neither a text nor an object: {json.dumps(found)[:80]}.")
    return found


def _base64(value: object) -> str:
    if isinstance(value, bytes):  # as it is on the wire
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} {value!r}"[:80])


def _whole(asked: Asked, dialect: Dialect, body: Json) -> Reply | None:
    """The reply that `body` is, with what it leaves out; None if it is none in `dialect`."""
    said = dialect.said(body)
    if said is None:
        return None
    guess = counted(asked, Reply("".join(said.texts), said.tool_uses, said.stop_reason))
    reply = replace(
        guess,
        input_tokens=guess.input_tokens if said.input_tokens is None else said.input_tokens,
        output_tokens=guess.output_tokens if said.output_tokens is None else said.output_tokens,
    )
    tokens = {"inputTextTokenCount": reply.input_tokens}
    return replace(reply, body=_filled(body, tokens if asked.embedding else dialect.body(asked, reply)))


def _filled(body: Any, model: Any) -> Any:
    """`body` with what only `model` has."""
    if not (isinstance(body, dict) and isinstance(model, dict)):
        return body
    return {**body, **{key: _filled(body[key], part) if key in body else part for key, part in model.items()}}
