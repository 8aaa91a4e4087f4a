"""Hypothesis strategies for the model layer's values, as varied as services and patterns may make them."""

from __future__ import annotations

import base64

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import JsonValue

from providers import (
    ContentBlock,
    Message,
    ModelRequest,
    ModelResponse,
    OpaqueBlock,
    OutputSchema,
    ReasoningBlock,
    StopReason,
    TextBlock,
    ToolChoice,
    ToolResultBlock,
    ToolSpec,
    ToolUseBlock,
    Usage,
)
from providers.messages import message_from_converse

FINITE = st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True)
LABELS = st.from_regex(r"[a-zA-Z0-9_.:/-]{0,128}", fullmatch=True)

KEYS = st.one_of(st.text(max_size=5), st.sampled_from(["$base64", "$$base64", "text", "SDK_UNKNOWN"]))
JSON: SearchStrategy[JsonValue] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), FINITE, st.text(max_size=10)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=3)

TEXTS = st.builds(TextBlock, text=st.text(max_size=20))
TOOL_USES = st.builds(ToolUseBlock, tool_use_id=NAMES, name=NAMES, input=JSON)
REASONING = st.builds(ReasoningBlock, text=st.text(max_size=10), signature=st.none() | st.text(max_size=10))
BASE64 = st.binary(max_size=8).map(lambda raw: base64.b64encode(raw).decode())
OPAQUE = st.one_of(
    st.builds(
        lambda data: OpaqueBlock(content={"image": {"format": "png", "source": {"bytes": {"$base64": data}}}}), BASE64
    ),
    st.builds(lambda data: OpaqueBlock(content={"reasoningContent": {"redactedContent": {"$base64": data}}}), BASE64),
    st.just(OpaqueBlock(content={"cachePoint": {"type": "default"}})),
)


def _stored(value: JsonValue) -> TextBlock | OpaqueBlock:
    """A JSON part of a tool result as it is stored: a hand-made block could hold what looks like bytes and is not."""
    raw = {"toolResult": {"toolUseId": "use-1", "content": [{"json": value}]}}
    (block,) = message_from_converse({"role": "user", "content": [raw]}).content
    assert isinstance(block, ToolResultBlock)
    return block.content[0]


RESULT_JSON = JSON.map(_stored)
TOOL_RESULTS = st.builds(
    ToolResultBlock,
    tool_use_id=NAMES,
    content=st.lists(TEXTS | RESULT_JSON, max_size=3).map(tuple),
    status=st.sampled_from(["success", "error"]),
)
BLOCKS: SearchStrategy[ContentBlock] = st.one_of(TEXTS, TOOL_USES, TOOL_RESULTS, REASONING, OPAQUE)
MESSAGES = st.builds(
    Message,
    role=st.sampled_from(["user", "assistant", "system"]),
    content=st.lists(BLOCKS, max_size=4).map(tuple),
)
TOOLS = st.builds(ToolSpec, name=NAMES, description=st.text(max_size=10), input_schema=OBJECTS)
TOOL_CHOICES = st.one_of(
    st.builds(ToolChoice, type=st.sampled_from(["auto", "any"])),
    st.builds(lambda name: ToolChoice(type="tool", name=name), NAMES),
)
REQUESTS = st.builds(
    ModelRequest,
    messages=st.lists(MESSAGES, min_size=1, max_size=3).map(tuple),
    model=st.sampled_from(["small", "large", "amazon.nova-lite-v1:0"]),
    system=st.none() | st.text(max_size=10),
    tools=st.lists(TOOLS, max_size=2).map(tuple),
    tool_choice=st.none() | TOOL_CHOICES,
    output_schema=st.none() | st.builds(OutputSchema, name=NAMES, json_schema=OBJECTS),
    max_tokens=st.integers(1, 5),
    temperature=st.none() | st.floats(0, 1),
    stop_sequences=st.lists(st.text(min_size=1, max_size=5), max_size=2).map(tuple),
    label=LABELS,
)
RESPONSES = st.builds(
    ModelResponse,
    message=st.builds(Message, role=st.just("assistant"), content=st.lists(BLOCKS, max_size=4).map(tuple)),
    stop_reason=st.sampled_from(StopReason),
    usage=st.builds(Usage, input_tokens=st.integers(0), output_tokens=st.integers(0)),
    latency_ms=st.integers(0),
    model=NAMES,
)
