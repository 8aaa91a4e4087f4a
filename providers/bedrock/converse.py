"""What Bedrock's Converse is asked and what it answers, as the model layer's types. Pure functions: no client, no I/O.

Shapes: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from providers.bedrock.acceptable import acceptable
from providers.bedrock.json_schema import portable, too_much
from providers.errors import ModelOutputError, ModelRequestError
from providers.messages import message_from_converse, message_to_converse, tool_choice_to_converse
from providers.model import (
    JsonObject,
    Message,
    ModelRequest,
    ModelResponse,
    OutputSchema,
    StopReason,
    ToolSpec,
    Usage,
    describe,
)
from providers.stop_reasons import STOP_OUTCOMES, StopOutcome
from providers.text import kept

NOTHING = Message(role="assistant", content=())
"""The message of a reply that holds none."""

USABLE = frozenset({StopOutcome.COMPLETE, StopOutcome.TOOL_USE})

_NAMES = frozenset({"role", "content", "text", "tool_use", "tool_result", "input", "name", "reasoning", "signature"})
"""Names of the message's own parts, which an error may repeat."""


def request_to_converse(request: ModelRequest, model_id: str, *, structured_output: bool = True) -> dict[str, Any]:
    """The keyword arguments of boto3's `converse`.

    Args:
        request: What to ask.
        model_id: The id that the request's tier stands for.
        structured_output: Send `output_schema` as `outputConfig`; off for a model that does not take it.

    Raises:
        ModelRequestError: The service would refuse it (`providers.bedrock.acceptable`), or the output schema asks for
            what Bedrock's structured output cannot express.
    """
    inference: dict[str, Any] = {"maxTokens": request.max_tokens}
    if request.temperature is not None:
        inference["temperature"] = request.temperature
    if request.stop_sequences:
        inference["stopSequences"] = list(request.stop_sequences)
    arguments: dict[str, Any] = {
        "modelId": model_id,
        "messages": [message_to_converse(message) for message in request.messages],
        "inferenceConfig": inference,
    }
    if request.system:
        arguments["system"] = [{"text": request.system}]
    if request.tools:
        arguments["toolConfig"] = {"tools": [_tool_to_converse(tool) for tool in request.tools]}
        if request.tool_choice is not None:
            arguments["toolConfig"]["toolChoice"] = tool_choice_to_converse(request.tool_choice)
    wanted = request.output_schema if structured_output else None
    if wanted is not None and (text_format := _text_format(wanted)) is not None:
        arguments["outputConfig"] = {"textFormat": text_format}
    if request.label:
        arguments["requestMetadata"] = {"label": request.label}
    return acceptable(arguments)


def response_from_converse(raw: Mapping[str, Any], model_id: str) -> ModelResponse:
    """Read what boto3's `converse` returned: why it stopped first, since it may say no more than that.

    Raises:
        ModelOutputError: The service answered with a stop reason that this version does not know, or with a shape that
            it does not know and a stop reason that makes the reply one to use; or with JSON that is nested too deeply.
            The message repeats nothing of the reply.
    """
    try:
        stop_reason = StopReason(raw.get("stopReason", ""))
    except ValueError:
        raise _unreadable(model_id, "its stop reason is missing or unknown") from None  # the cause repeats it
    try:
        message = message_from_converse(kept(raw["output"]["message"]))
    except RecursionError:
        raise ModelOutputError(f"{model_id} answered with JSON that is nested too deeply to be kept.") from None
    except (LookupError, TypeError, ValueError) as error:
        if STOP_OUTCOMES[stop_reason] in USABLE:
            raise _unreadable(model_id, f"it stopped with {stop_reason}, and {_what_is_wrong(error)}") from None
        message = NOTHING  # withheld or cut short: nobody uses it
    usage, metrics = _numbers(raw.get("usage")), _numbers(raw.get("metrics"))
    return ModelResponse(
        message=message,
        stop_reason=stop_reason,
        usage=Usage(
            input_tokens=usage.get("inputTokens", 0),
            output_tokens=usage.get("outputTokens", 0),
            cache_read_input_tokens=usage.get("cacheReadInputTokens", 0),
            cache_write_input_tokens=usage.get("cacheWriteInputTokens", 0),
        ),
        latency_ms=metrics.get("latencyMs", 0),
        model=model_id,
    )


def _numbers(counted: Any) -> Mapping[str, int]:
    """What was counted; bookkeeping that cannot be read is no reason to lose an answer that was paid for."""
    if not isinstance(counted, Mapping):
        return {}
    return {name: number for name, number in counted.items() if isinstance(number, int)}


def _what_is_wrong(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return f"its message does not fit ({describe(error, _NAMES)})"
    return "a content block is of an unknown kind" if isinstance(error, ValueError) else "it holds no message"


def _unreadable(model_id: str, why: str) -> ModelOutputError:
    return ModelOutputError(
        f"{model_id} answered with something this version cannot read ({why}); update durable-ai-patterns and boto3."
    )


def _tool_to_converse(tool: ToolSpec) -> dict[str, Any]:
    described = {"description": tool.description} if tool.description.strip() else {}
    return {"toolSpec": {"name": tool.name, **described, "inputSchema": {"json": tool.input_schema}}}


def _text_format(schema: OutputSchema) -> JsonObject | None:
    """The schema as the service compiles it; None for one that is too much for that: the prompt says what is wanted."""
    try:
        reduced = portable(schema.json_schema, schema.name)
    except ValueError as error:
        raise ModelRequestError(
            f"Bedrock cannot be sent the output schema {schema.name!r}: {error}. "
            "MODEL_STRUCTURED_OUTPUT=off leaves the schema to the prompt."
        ) from error
    if too_much(reduced) is not None:
        return None
    definition: JsonObject = {"name": schema.name, "schema": json.dumps(reduced, sort_keys=True)}
    return {"type": "json_schema", "structure": {"jsonSchema": definition}}
