"""The model layer's types and its one protocol, named after Bedrock's Converse API.

Everything here is a frozen pydantic model that survives a round trip through JSON, because a response is what a
durable step checkpoints and a request is what replay compares.
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from providers.errors import ModelOutputError

type JsonObject = dict[str, JsonValue]

DEFAULT_MAX_TOKENS = 1024
"""Tokens a reply may have unless the request says otherwise: room for about 750 English words."""


class Frozen(BaseModel):
    """Base of every value in the model layer: immutable, unknown fields are an error, and so are numbers JSON lacks."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TextBlock(Frozen):
    """Plain text."""

    type: Literal["text"] = "text"
    text: str


class ToolUseBlock(Frozen):
    """The model asks for a tool. `input` is whatever JSON the model wrote: validate it before use."""

    type: Literal["tool_use"] = "tool_use"
    tool_use_id: str
    name: str
    input: JsonValue


class ReasoningBlock(Frozen):
    """The model's visible reasoning. `signature` lets the service verify it when it is sent back."""

    type: Literal["reasoning"] = "reasoning"
    text: str
    signature: str | None = None


class OpaqueBlock(Frozen):
    """Any other Converse content block, kept as it came so that sending it back loses nothing.

    Bytes stand as `{"$base64": "…"}`; `providers.messages` turns them back.
    """

    type: Literal["opaque"] = "opaque"
    content: JsonObject


class ToolResultBlock(Frozen):
    """What a tool answered. `status` is `error` when the model should see a failure and may try otherwise."""

    type: Literal["tool_result"] = "tool_result"
    tool_use_id: str
    content: tuple[Annotated[TextBlock | OpaqueBlock, Field(discriminator="type")], ...]
    status: Literal["success", "error"] = "success"

    @classmethod
    def success(cls, tool_use_id: str, text: str) -> Self:
        return cls(tool_use_id=tool_use_id, content=(TextBlock(text=text),))

    @classmethod
    def error(cls, tool_use_id: str, text: str) -> Self:
        return cls(tool_use_id=tool_use_id, content=(TextBlock(text=text),), status="error")


ContentBlock = Annotated[
    TextBlock | ToolUseBlock | ToolResultBlock | ReasoningBlock | OpaqueBlock, Field(discriminator="type")
]


class Message(Frozen):
    """One turn of a conversation."""

    role: Literal["user", "assistant", "system"]
    content: tuple[ContentBlock, ...]

    @classmethod
    def user(cls, *content: str | ContentBlock) -> Self:
        """A user turn; strings become text blocks."""
        return cls(role="user", content=_blocks(content))

    @classmethod
    def assistant(cls, *content: str | ContentBlock) -> Self:
        """An assistant turn; strings become text blocks."""
        return cls(role="assistant", content=_blocks(content))

    @property
    def text(self) -> str:
        """The text blocks, joined as they came."""
        return "".join(block.text for block in self.content if isinstance(block, TextBlock))

    @property
    def tool_uses(self) -> tuple[ToolUseBlock, ...]:
        """The tool calls the model asks for, in order."""
        return tuple(block for block in self.content if isinstance(block, ToolUseBlock))


def _blocks(content: tuple[str | ContentBlock, ...]) -> tuple[ContentBlock, ...]:
    return tuple(TextBlock(text=block) if isinstance(block, str) else block for block in content)


class ToolSpec(Frozen):
    """A tool the model may ask for. `input_schema` is JSON Schema for the tool's input object."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    description: str
    input_schema: JsonObject


class ToolChoice(Frozen):
    """`auto`: the model decides; `any`: it must use some tool; `tool`: it must use the named one."""

    type: Literal["auto", "any", "tool"] = "auto"
    name: str | None = None

    @model_validator(mode="after")
    def _named_if_it_is_one_tool(self) -> Self:
        if (self.type == "tool") != (self.name is not None):
            raise ValueError("a name goes with type 'tool', and only with it")
        return self


class OutputSchema(Frozen):
    """The JSON Schema that a reply's text must satisfy. A provider sends what of it its service takes."""

    name: str
    json_schema: JsonObject

    @classmethod
    def of(cls, schema: type[BaseModel]) -> Self:
        return cls(name=schema.__name__, json_schema=schema.model_json_schema())


def _output_schema(value: Any) -> Any:
    return OutputSchema.of(value) if isinstance(value, type) and issubclass(value, BaseModel) else value


Label = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_.:/-]{0,128}$")]
"""Within what Bedrock takes as a `requestMetadata` value (1-256 characters of a small alphabet)."""


class ModelRequest(Frozen):
    """One question to a model.

    Attributes:
        messages: The conversation so far, ending with the turn to answer.
        model: A tier (`small`, `medium`, `large`), which the provider maps to a model id, or an explicit model id.
        system: Instructions that hold for the whole conversation.
        tools: Tools the model may ask for.
        tool_choice: Whether it must; None leaves it to the model.
        output_schema: What the reply's text must parse as. A pydantic class is taken as its JSON Schema.
        max_tokens: Upper bound on the reply, in tokens.
        temperature: 0.0 to 1.0; None is the model's default.
        stop_sequences: Strings that end the reply.
        label: Names the operation that asks. Bedrock gets it as `requestMetadata`, so identical concurrent prompts
            stay distinct in cassettes and can be told apart in invocation logs.
    """

    messages: Annotated[tuple[Message, ...], Field(min_length=1)]
    model: Annotated[str, StringConstraints(min_length=1)] = "small"
    system: str | None = None
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: ToolChoice | None = None
    output_schema: Annotated[OutputSchema | None, BeforeValidator(_output_schema)] = None
    max_tokens: Annotated[int, Field(ge=1)] = DEFAULT_MAX_TOKENS
    temperature: Annotated[float | None, Field(ge=0.0, le=1.0)] = None
    stop_sequences: tuple[str, ...] = ()
    label: Label = ""

    def digest(self) -> str:
        """SHA-256 (hex) of the request as canonical JSON: equal requests, and only those, have equal digests.

        Equal as JSON, that is: the order of an object's keys does not count, and 1, 1.0 and true are three things.
        """
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode(errors="surrogatepass")).hexdigest()


class StopReason(StrEnum):
    """Why the model stopped: Converse's `stopReason` values."""

    END_TURN = "end_turn"
    TOOL_USE = "tool_use"
    MAX_TOKENS = "max_tokens"
    STOP_SEQUENCE = "stop_sequence"
    GUARDRAIL_INTERVENED = "guardrail_intervened"
    CONTENT_FILTERED = "content_filtered"
    MALFORMED_MODEL_OUTPUT = "malformed_model_output"
    MALFORMED_TOOL_USE = "malformed_tool_use"
    MODEL_CONTEXT_WINDOW_EXCEEDED = "model_context_window_exceeded"


class Usage(Frozen):
    """Tokens a call consumed, as the service counted them."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_write_input_tokens: int = 0


class ModelResponse(Frozen):
    """A model's answer.

    Attributes:
        message: The assistant's turn, ready to be appended to the conversation.
        stop_reason: Why it stopped; `providers.stop_reasons` says what each means for a workflow.
        latency_ms: Milliseconds the service reports for the call.
        model: The model id that answered.
    """

    message: Message
    stop_reason: StopReason
    usage: Usage = Usage()
    latency_ms: int = 0
    model: str

    @property
    def text(self) -> str:
        """The reply's text blocks, joined as they came."""
        return self.message.text

    @property
    def tool_uses(self) -> tuple[ToolUseBlock, ...]:
        """The tool calls the model asks for, in order."""
        return self.message.tool_uses

    def parse[T: BaseModel](self, schema: type[T]) -> T:
        """Read the reply's first JSON object as `schema`, whatever prose or code fence stands around it.

        Raises:
            ModelOutputError: The text holds no JSON object, or it does not satisfy the schema; the message names
                the fields at fault and never repeats their values.
        """
        decoder, problem = json.JSONDecoder(), "sent no JSON object"
        for start in (position for position, char in enumerate(self.text) if char == "{"):
            try:
                _, end = decoder.raw_decode(self.text, start)
                return schema.model_validate_json(self.text[start:end])
            except ValidationError as error:
                problem = f"sent JSON that is not a {schema.__name__}: {describe(error)}"
                break  # the first object is the answer; what stands in it is no other one
            except (ValueError, RecursionError):
                continue  # a brace in prose
        raise ModelOutputError(f"{self.model} was asked for {schema.__name__} as JSON and {problem}.")


class ModelProvider(Protocol):
    """Anything that answers a model request.

    Implementations are safe to call from several threads at once: map and parallel branches do.
    """

    def converse(self, request: ModelRequest) -> ModelResponse:
        """Answer `request`.

        Raises:
            ModelError: One of its subclasses in `providers.errors`, whose kind says whether asking again can help.
        """
        ...


MAX_PROBLEMS, MAX_FIELD_CHARS = 10, 100  # the sender chooses the names of fields that a schema does not have


def describe(error: ValidationError) -> str:
    """The fields at fault and why, in one line, without the offending values (they may be secret)."""
    details = error.errors(include_url=False, include_input=False, include_context=False)
    fields = (".".join(map(str, detail["loc"]))[:MAX_FIELD_CHARS] or "value" for detail in details)
    told = [f"{field}: {_message(detail)}" for field, detail in zip(fields, details, strict=True)]
    more = [f"and {len(details) - MAX_PROBLEMS} more"] if len(details) > MAX_PROBLEMS else []
    return "; ".join(told[:MAX_PROBLEMS] + more)


def _message(detail: ErrorDetails) -> str:
    # The one message of pydantic's own that repeats what was sent.
    return "Unknown kind" if detail["type"] == "union_tag_invalid" else detail["msg"]
