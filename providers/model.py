"""The model layer's types and its one protocol, named after Bedrock's Converse API.

Everything here is a frozen pydantic model that survives a round trip through JSON, because a response is what a
durable step checkpoints and a request is what replay compares.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
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

TIERS = frozenset({"small", "medium", "large"})
"""What a request may name in place of a model: a provider knows which of its models each is."""

DEFAULT_MAX_TOKENS = 1024
"""Tokens a reply may have unless the request says otherwise: room for about 750 English words."""


class Frozen(BaseModel):
    """Base of every value in the model layer: immutable, unknown fields are an error, and so are numbers JSON lacks."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TextBlock(Frozen):
    """Plain text."""

    type: Literal["text"] = "text"
    text: str


class CitedTextBlock(Frozen):
    """Text of the model's with the places that it cites: the content of Converse's `citationsContent`, as it came."""

    type: Literal["cited_text"] = "cited_text"
    content: JsonObject

    @property
    def text(self) -> str:
        """What the model says there; the citations stand beside it."""
        parts = self.content.get("content")
        texts = (part.get("text") for part in parts if isinstance(part, dict)) if isinstance(parts, list) else ()
        return "".join(text for text in texts if isinstance(text, str))


class ToolUseBlock(Frozen):
    """The model asks for a tool. `input` is whatever JSON the model wrote, null also: validate it before use."""

    type: Literal["tool_use"] = "tool_use"
    tool_use_id: str
    name: str
    input: JsonValue = None


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
    TextBlock | CitedTextBlock | ToolUseBlock | ToolResultBlock | ReasoningBlock | OpaqueBlock,
    Field(discriminator="type"),
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
        """The text blocks, cited ones too, joined as they came."""
        return "".join(block.text for block in self.content if isinstance(block, TextBlock | CitedTextBlock))

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
        return parsed(self.text, schema, self.model)


_OBJECT = re.compile(r"\{[ \t\r\n]*[\"}]")
MAX_BRACES = 1_000
"""Where an object may begin, and how many such places are tried: Python counts the lines before each that fails."""

_SCANNER = json.JSONDecoder(parse_int=str, parse_float=str)
"""Finds where an object ends, and leaves numbers to the schema: Python refuses to read long ones."""


def parsed[T: BaseModel](text: str, schema: type[T], model: str, scanner: json.JSONDecoder = _SCANNER) -> T:
    """The first JSON object of `text` as `schema`; see `ModelResponse.parse`. Its time is linear in the text."""
    problem, start = "sent no JSON object", 0
    for _ in range(MAX_BRACES):
        if (brace := _OBJECT.search(text, start)) is None:
            break
        try:
            _, end = scanner.raw_decode(text, brace.start())
            return schema.model_validate_json(text[brace.start() : end])
        except ValidationError as error:
            problem = f"sent JSON that is not a {schema.__name__}: {describe(error, _names(schema))}"
            break  # the first object is the answer; what stands in it is no other one
        except json.JSONDecodeError as error:
            start = max(error.pos, brace.start() + 1)  # in prose, or JSON that goes wrong there: none is read twice
        except RecursionError:
            problem = "sent JSON that is nested too deeply"
            break
    raise ModelOutputError(f"{model} was asked for {schema.__name__} as JSON and {problem}.")


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


MAX_PROBLEMS, MAX_FIELD_CHARS, MAX_PROBLEM_CHARS = 10, 100, 200  # the sender chooses how much is wrong
UNKNOWN_NAME = "…"
"""Stands for a field's name that the sender made up."""


def describe(error: ValidationError, names: Collection[str] | None = None) -> str:
    """The fields at fault and why, in one line, without the offending values (they may be secret).

    Args:
        error: What pydantic found.
        names: The only names that may be repeated, where what was sent is a model's reply; None repeats any.
    """
    details = error.errors(include_url=False, include_input=False, include_context=False)[: MAX_PROBLEMS + 1]
    told = [f"{_field(detail, names)}: {_message(detail)[:MAX_PROBLEM_CHARS]}" for detail in details[:MAX_PROBLEMS]]
    more = [f"and {error.error_count() - MAX_PROBLEMS} more"] if len(details) > MAX_PROBLEMS else []
    return "; ".join(told + more)


def _field(detail: ErrorDetails, names: Collection[str] | None) -> str:
    steps = (
        str(step) if names is None or isinstance(step, int) or step in names else UNKNOWN_NAME for step in detail["loc"]
    )
    return ".".join(steps)[:MAX_FIELD_CHARS] or "value"


def _names(schema: type[BaseModel]) -> set[str]:
    """The names of the schema's own fields, those of models within it, too."""
    found: set[str] = set()
    pending: list[Any] = [schema.model_json_schema()]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            properties = part.get("properties")
            found |= properties.keys() if isinstance(properties, dict) else set()
            pending += part.values()
        elif isinstance(part, list):
            pending += part
    return found


def _message(detail: ErrorDetails) -> str:
    # The one message of pydantic's own that repeats what was sent.
    return "Unknown kind" if detail["type"] == "union_tag_invalid" else detail["msg"]
