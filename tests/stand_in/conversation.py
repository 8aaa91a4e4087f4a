"""What Converse refuses beyond its service model: each rule with the page or the report that tells of it.

Written from the sources, not from what the provider does about them, so that the two can be held against each other.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

type Body = dict[str, Any]
type Check = Callable[[str, Body], Iterator[str]]

_GUIDE = "https://docs.aws.amazon.com/bedrock/latest/userguide"
_PARAMETER = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_MODELS_OF_ONE_KIND_A_TURN = ("meta.", "mistral.")
_MAX_INTEGER = 2**31 - 1


@dataclass(frozen=True)
class Rule:
    """Something that the service refuses, where that is told, and what finds it, as `path: what`."""

    refused: str
    source: str
    violations: Check


RULES: dict[str, Rule] = {}


def conversation_violations(model_id: str, body: Body) -> Iterator[str]:
    """What is wrong with a request that fits the service model."""
    if not body.get("messages"):
        yield "messages: the conversation is empty"
        return
    for rule in RULES.values():
        yield from rule.violations(model_id, body)


def _rule(refused: str, source: str) -> Callable[[Check], Check]:
    def add(check: Check) -> Check:
        RULES[check.__name__.removeprefix("_").replace("_", " ")] = Rule(refused, source, check)
        return check

    return add


@_rule("turns that do not alternate, starting and ending with the user", f"{_GUIDE}/conversation-inference-call.html")
def _turns(_: str, body: Body) -> Iterator[str]:
    messages = body["messages"]
    speakers = [(position, turn["role"]) for position, turn in enumerate(messages) if turn["role"] != "system"]
    expected = "user"
    for position, role in speakers:
        if role != expected:
            first = position == speakers[0][0]
            rule = "a conversation must start with a user message" if first else "roles must alternate"
            yield f"messages[{position}]: {rule}"
        expected = "user" if role == "assistant" else "assistant"
    if not speakers:
        yield "messages: a conversation must start with a user message"
    elif speakers[-1][1] != "user":
        yield f"messages[{speakers[-1][0]}]: a conversation must end with a user message"


@_rule("a turn without content", "https://github.com/earendil-works/pi/pull/3443")
def _empty_turns(_: str, body: Body) -> Iterator[str]:
    for position, message in enumerate(body["messages"]):
        if not message["content"]:
            yield f"messages[{position}].content: is empty; add a content block"


@_rule("blank text", "https://github.com/langchain-ai/langchain-aws/issues/403")
def _blank_text(_: str, body: Body) -> Iterator[str]:
    for path, content in _contents(body):
        yield from (
            f"{path}[{position}].text: is blank"
            for position, block in enumerate(content)
            if "text" in block and not block["text"].strip()
        )


@_rule("a blank tool result", "https://github.com/NousResearch/hermes-agent/issues/55092")
def _blank_results(_: str, body: Body) -> Iterator[str]:
    for path, result in _blocks(body, "toolResult"):
        if not result["content"]:
            yield f"{path}.content: is empty"
        for position, part in enumerate(result["content"]):
            if "text" in part and not part["text"].strip():
                yield f"{path}.content[{position}].text: is blank"


@_rule("JSON in a tool result that is no object", "https://github.com/aws/aws-sdk-js-v3/issues/7330")
def _json_results(_: str, body: Body) -> Iterator[str]:
    for path, result in _blocks(body, "toolResult"):
        for position, part in enumerate(result["content"]):
            if "json" in part and not isinstance(part["json"], dict):
                yield f"{path}.content[{position}].json: provide a json object"


@_rule("a tool's input that is no object", "https://github.com/vercel/ai/pull/19023")
def _tool_inputs(_: str, body: Body) -> Iterator[str]:
    for path, use in _blocks(body, "toolUse"):
        if not isinstance(use["input"], dict):
            yield f"{path}.input: provide a json object"


@_rule("a tool use id twice", "https://github.com/bvcyber/Cyber-AutoAgent-ng/issues/72")
def _repeated_ids(_: str, body: Body) -> Iterator[str]:
    for position, message in enumerate(body["messages"]):
        if repeated := [one for one, count in Counter(_ids(message, "toolUse")).items() if count > 1]:
            yield f"messages[{position}]: repeats the tool use ids {', '.join(repeated)}"


@_rule("the tool use id of an earlier turn", "https://github.com/anthropics/claude-code/issues/28515")
def _ids_of_earlier_turns(_: str, body: Body) -> Iterator[str]:
    earlier: set[str] = set()
    for position, message in enumerate(body["messages"]):
        ids = set(_ids(message, "toolUse"))
        if again := ids & earlier:
            yield f"messages[{position}]: tool use ids must be unique, and {', '.join(sorted(again))} was used before"
        earlier |= ids


@_rule(
    "tool results that are not those of the turn before",
    "https://github.com/strands-agents/harness-sdk/issues/1435",
)
def _tool_results(_: str, body: Body) -> Iterator[str]:
    """Each turn's tool results answer the tool uses of the turn before: all of them, and no others."""
    asked: Counter[str] = Counter()
    for position, message in enumerate(body["messages"]):
        answered = Counter(_ids(message, "toolResult")) - Counter(_own(message))
        if missing := asked - answered:
            yield f"messages[{position}]: lacks tool results for {', '.join(missing)}"
        if surplus := answered - asked:
            yield (
                f"messages[{position}]: has tool results for {', '.join(surplus)}, which no tool use before it asks for"
            )
        asked = Counter(_ids(message, "toolUse")) - Counter(_own(message))


@_rule("tool uses or results without tools", "https://github.com/langgenius/dify/issues/17545")
def _tools_of_the_conversation(_: str, body: Body) -> Iterator[str]:
    uses_tools = any(_ids(message, kind) for message in body["messages"] for kind in ("toolUse", "toolResult"))
    if uses_tools and "toolConfig" not in body:
        yield "toolConfig: is required in a conversation with tool uses or results"


@_rule("text beside tool results, by some models", "https://github.com/langchain-ai/langchain-aws/issues/141")
def _text_beside_results(model_id: str, body: Body) -> Iterator[str]:
    yield from _beside(model_id, body, "toolResult")


@_rule("text beside tool uses, by some models", "https://github.com/quarkiverse/quarkus-langchain4j/issues/1983")
def _text_beside_uses(model_id: str, body: Body) -> Iterator[str]:
    yield from _beside(model_id, body, "toolUse")


@_rule("reasoning without a signature", "https://github.com/earendil-works/pi/issues/2063")
def _unsigned_reasoning(_: str, body: Body) -> Iterator[str]:
    for path, reasoning in _blocks(body, "reasoningContent"):
        if "reasoningText" in reasoning and not reasoning["reasoningText"].get("signature"):
            yield f"{path}.reasoningText.signature: is required"


@_rule("half a character", "https://github.com/anthropics/claude-code/issues/3277")
def _half_characters(_: str, body: Body) -> Iterator[str]:
    for key, value in body.items():
        if _HALF_CHARACTER.search(json.dumps(value, ensure_ascii=False)):
            yield f"{key}: no low surrogate in string"


@_rule("a tool schema whose type is not object", "https://github.com/earendil-works/pi/issues/8279")
def _tool_schemas(_: str, body: Body) -> Iterator[str]:
    for path, spec in _specs(body):
        schema = spec["inputSchema"]["json"]
        if not isinstance(schema, dict) or schema.get("type") != "object":
            yield f"{path}.inputSchema.json.type: must be one of the following: object"


@_rule(
    "a tool's parameter with a name of other characters",
    "https://github.com/aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws/issues/709",
)
def _parameter_names(_: str, body: Body) -> Iterator[str]:
    for path, spec in _specs(body):
        schema = spec["inputSchema"]["json"]
        properties = schema.get("properties") if isinstance(schema, dict) else None
        for name in properties if isinstance(properties, dict) else ():
            if not _PARAMETER.fullmatch(name):
                yield f"{path}.inputSchema.json.properties: keys should match {_PARAMETER.pattern}"


@_rule("two tools of one name", "https://github.com/dataelement/Clawith/issues/251")
def _tool_names(_: str, body: Body) -> Iterator[str]:
    names = Counter(spec["name"] for _, spec in _specs(body))
    yield from (f"toolConfig.tools: {name} is there {count} times" for name, count in names.items() if count > 1)


@_rule(
    "the choice of a tool that is not offered",
    "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_SpecificToolChoice.html",
)
def _chosen_tool(_: str, body: Body) -> Iterator[str]:
    name = body.get("toolConfig", {}).get("toolChoice", {}).get("tool", {}).get("name")
    if name is not None and name not in {spec["name"] for _, spec in _specs(body)}:
        yield f"toolConfig.toolChoice.tool.name: there is no tool {name}"


@_rule(
    "a blank stop sequence",
    "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html",
)
def _stop_sequences(_: str, body: Body) -> Iterator[str]:
    for position, sequence in enumerate(body.get("inferenceConfig", {}).get("stopSequences") or ()):
        if not sequence.strip():
            yield f"inferenceConfig.stopSequences[{position}]: is blank"


@_rule(
    "an integer of more than 32 bits",
    "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html",
)
def _integers(_: str, body: Body) -> Iterator[str]:
    if body.get("inferenceConfig", {}).get("maxTokens", 0) > _MAX_INTEGER:
        yield "inferenceConfig.maxTokens: is no 32-bit integer"


def _contents(body: Body) -> Iterator[tuple[str, list[Body]]]:
    for position, message in enumerate(body["messages"]):
        yield f"messages[{position}].content", message["content"]
        for number, block in enumerate(message["content"]):
            if "citationsContent" in block:
                path = f"messages[{position}].content[{number}].citationsContent.content"
                yield path, block["citationsContent"].get("content", [])
    yield "system", body.get("system") or []


def _blocks(body: Body, kind: str) -> Iterator[tuple[str, Body]]:
    for position, message in enumerate(body["messages"]):
        for number, block in enumerate(message["content"]):
            if kind in block:
                yield f"messages[{position}].content[{number}].{kind}", block[kind]


def _specs(body: Body) -> Iterator[tuple[str, Body]]:
    for number, tool in enumerate(body.get("toolConfig", {}).get("tools", ())):
        if "toolSpec" in tool:
            yield f"toolConfig.tools[{number}].toolSpec", tool["toolSpec"]


def _beside(model_id: str, body: Body, kind: str) -> Iterator[str]:
    if not any(maker in model_id for maker in _MODELS_OF_ONE_KIND_A_TURN):
        return
    for position, message in enumerate(body["messages"]):
        kinds = {kind in block for block in message["content"]}
        if len(kinds) > 1:
            yield f"messages[{position}].content: conversation blocks and {kind} blocks cannot be in the same turn"


def _ids(message: Body, kind: str) -> list[str]:
    return [block[kind]["toolUseId"] for block in message["content"] if kind in block]


def _own(message: Body) -> list[str]:
    """The ids of the service's own tools, whose results stand in the same turn."""
    uses = (block["toolUse"] for block in message["content"] if "toolUse" in block)
    return [use["toolUseId"] for use in uses if use.get("type") == "server_tool_use"]
