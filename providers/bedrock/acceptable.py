"""What Converse refuses in a request, and what is done about it before anything is sent: one table, a source for each.

Most of it comes from a model itself: what it sent is sent back with the next turn, and the service refuses there what
its models may write. Such a request is made acceptable. What only the caller can mend is refused here, at no cost, with
the place. A message never repeats what was sent: a conversation holds other people's words.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from providers.errors import ModelRequestError
from providers.text import whole

type Json = dict[str, Any]

_ISSUES = "https://github.com"
_API = "https://docs.aws.amazon.com/bedrock/latest/APIReference"

NO_CONTENT = "(no content)"
"""What stands for an assistant's turn in which nothing is left, and for a tool result that says nothing."""

NO_LONGER = "Was used earlier in this conversation. It is not available any more."
"""How a tool is described that the conversation used and the request does not offer."""

_MAX_NAME_CHARS = 64
_MAX_INTEGER = 2**31 - 1
_MAX_STOP_SEQUENCES = 2_500
_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
_PROPERTY = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_TEXT_APART_FROM_TOOLS = re.compile(r"(?:^|[./])(?:meta|mistral)\.")
"""Models that take no text beside tool uses or tool results: Llama and Mistral, also behind an inference profile."""


@dataclass(frozen=True)
class Rule:
    """One thing that the service refuses.

    Attributes:
        refused: What it refuses.
        sources: Where that is documented or reported.
        apply: Changes the arguments so that they are taken, and yields what is wrong with those that cannot be.
    """

    refused: str
    sources: tuple[str, ...]
    apply: Callable[[Json], Iterator[str]]


RULES: dict[str, Rule] = {}


def acceptable(arguments: Json) -> Json:
    """The arguments of `converse` as the service takes them. Those that it takes as they are stay as they are.

    Args:
        arguments: May be changed; the values of tool inputs and schemas are not.

    Raises:
        ModelRequestError: The service would refuse them, and no change that keeps their meaning would help.
    """
    wrong = [problem for rule in RULES.values() for problem in rule.apply(arguments)]
    if wrong:
        raise ModelRequestError(f"Bedrock would refuse the request: {'; '.join(wrong)}. Correct the request.")
    return arguments


def _rule(refused: str, *sources: str) -> Callable[[Callable[[Json], Iterator[str]]], Callable[[Json], Iterator[str]]]:
    def add(apply: Callable[[Json], Iterator[str]]) -> Callable[[Json], Iterator[str]]:
        RULES[apply.__name__.removeprefix("_")] = Rule(refused, sources, apply)
        return apply

    return add


# The order counts: what is dropped or renamed first is no longer wrong afterwards.


@_rule("half a character, as in text that was cut inside an emoji", f"{_ISSUES}/anthropics/claude-code/issues/3277")
def _whole_characters(arguments: Json) -> Iterator[str]:
    sent = {key: arguments[key] for key in ("messages", "system", "toolConfig", "inferenceConfig") if key in arguments}
    arguments.update(whole(sent))
    yield from ()


@_rule("reasoning without a signature", f"{_ISSUES}/earendil-works/pi/issues/2063")
def _signed_reasoning(arguments: Json) -> Iterator[str]:
    for message in arguments["messages"]:
        message["content"] = [block for block in message["content"] if not _is_unsigned(block)]
    yield from ()


@_rule("blank text", f"{_ISSUES}/langchain-ai/langchain-aws/issues/403")
def _no_blank_text(arguments: Json) -> Iterator[str]:
    for _, _, cited in _blocks(arguments, "citationsContent"):
        cited["content"] = [part for part in cited.get("content", ()) if not _is_blank(part)]
    for message in arguments["messages"]:
        message["content"] = [block for block in message["content"] if not _is_blank(block)]
    if "system" in arguments:
        arguments["system"] = [block for block in arguments["system"] if not _is_blank(block)]
        if not arguments["system"]:
            del arguments["system"]
    yield from ()


@_rule("a tool result that is blank or empty", f"{_ISSUES}/NousResearch/hermes-agent/issues/55092")
def _results_that_say_something(arguments: Json) -> Iterator[str]:
    for _, _, result in _blocks(arguments, "toolResult"):
        result["content"] = [part for part in result.get("content", ()) if not _is_blank(part)] or [
            {"text": NO_CONTENT}
        ]
    yield from ()


@_rule("JSON in a tool result that is no object", f"{_ISSUES}/aws/aws-sdk-js-v3/issues/7330")
def _results_in_objects(arguments: Json) -> Iterator[str]:
    for _, _, result in _blocks(arguments, "toolResult"):
        result["content"] = [_object_or_text(part) for part in result["content"]]
    yield from ()


@_rule("a tool's input that is no object", f"{_ISSUES}/vercel/ai/pull/19023")
def _inputs_are_objects(arguments: Json) -> Iterator[str]:
    for _, _, use in _blocks(arguments, "toolUse"):
        if not isinstance(use.get("input"), dict):
            use["input"] = {} if use.get("input") is None else {"invalid_input": use["input"]}
    yield from ()


@_rule("a tool use whose name no tool may have", f"{_ISSUES}/vercel/ai/pull/17769")
def _tool_names(arguments: Json) -> Iterator[str]:
    for _, _, use in _blocks(arguments, "toolUse"):
        use["name"] = _NOT_IN_A_NAME.sub("_", use.get("name", ""))[:_MAX_NAME_CHARS] or "_"
    yield from ()


@_rule("two turns of one role in a row", f"{_ISSUES}/langchain-ai/langchain-aws/issues/130")
def _roles_alternate(arguments: Json) -> Iterator[str]:
    merged: list[Json] = []
    for message in arguments["messages"]:
        if merged and merged[-1]["role"] == message["role"]:
            merged[-1]["content"] = [*merged[-1]["content"], *message["content"]]
        else:
            merged.append(message)
    arguments["messages"] = merged
    speakers = _speakers(arguments)
    if any(one == other for one, other in itertools.pairwise(speakers)):
        yield "a system turn stands between two turns of one role"


@_rule("a turn without content", f"{_ISSUES}/earendil-works/pi/pull/3443")
def _turns_have_content(arguments: Json) -> Iterator[str]:
    for position, message in enumerate(arguments["messages"]):
        if not message["content"]:
            if message["role"] == "assistant":  # a model may say nothing; it cannot be made to say it again
                message["content"] = [{"text": NO_CONTENT}]
            else:
                yield f"messages[{position}] says nothing"


@_rule("a conversation that does not start with the user", f"{_ISSUES}/langgenius/dify/issues/12340")
def _the_user_begins(arguments: Json) -> Iterator[str]:
    speakers = _speakers(arguments)
    if not speakers or speakers[0] != "user":
        yield "the conversation must start with a user's turn"


@_rule("a conversation that does not end with the user", f"{_ISSUES}/microsoft/semantic-kernel/issues/10281")
def _the_user_is_last(arguments: Json) -> Iterator[str]:
    speakers = _speakers(arguments)
    if speakers and speakers[-1] != "user":
        yield "the conversation must end with a user's turn"


@_rule(
    "tool use ids that are malformed or repeated, and tool results that are not those of the turn before, each once",
    f"{_ISSUES}/bvcyber/Cyber-AutoAgent-ng/issues/72",
    f"{_ISSUES}/anthropics/claude-code/issues/28515",
    f"{_ISSUES}/strands-agents/harness-sdk/issues/1435",
)
def _every_use_has_its_result(arguments: Json) -> Iterator[str]:
    """Pairs uses and results by id and, of equal ids, by order; a pair whose id will not do gets another."""
    taken: set[str] = set()
    asked: list[_Asked] = []
    for position, message in enumerate(arguments["messages"]):
        assistant = message["role"] == "assistant"
        uses = [block["toolUse"] for block in message["content"] if _is_to_be_answered(block)]
        results = [block["toolResult"] for block in message["content"] if "toolResult" in block]
        if assistant:  # a tool of the service's own has its result in the same turn
            own = {block["toolUse"].get("toolUseId") for block in message["content"] if _is_of_the_service(block)}
            results = [result for result in results if result["toolUseId"] not in own]
        if uses and not assistant:
            yield f"messages[{position}] has a tool use, and is not the assistant's"
        if results and message["role"] != "user":
            yield f"messages[{position}] has a tool result, and is not the user's"
        yield from _answered(asked, results, position)
        asked = [
            _Asked(use, _id_for(use.get("toolUseId", ""), f"tooluse_{position}_{n}", taken))
            for n, use in enumerate(uses)
        ]


@_rule("tool uses or results without tools", f"{_ISSUES}/langgenius/dify/issues/17545")
def _tools_of_the_conversation(arguments: Json) -> Iterator[str]:
    used = dict.fromkeys(use["name"] for _, _, use in _blocks(arguments, "toolUse"))
    if "toolConfig" not in arguments and used:
        arguments["toolConfig"] = {"tools": [_stub(name) for name in used]}
    yield from ()


@_rule("text beside tool uses or results, by Llama and Mistral", f"{_ISSUES}/langchain-ai/langchain-aws/issues/141")
def _text_apart_from_tools(arguments: Json) -> Iterator[str]:
    if _TEXT_APART_FROM_TOOLS.search(arguments["modelId"]):
        arguments["messages"] = [part for message in arguments["messages"] for part in _apart(message)]
    yield from ()


@_rule("a tool schema whose type is not object", f"{_ISSUES}/earendil-works/pi/issues/8279")
def _tool_schemas_are_of_objects(arguments: Json) -> Iterator[str]:
    for _, spec in _specs(arguments):
        schema = spec["inputSchema"]["json"]
        if "type" not in schema:
            spec["inputSchema"] = {"json": {**schema, "type": "object"}}
        elif schema["type"] != "object":
            yield f"the input of tool {spec['name']} must be of type object"


@_rule(
    "a tool's parameter with a name of other characters than letters, digits, '_', '.' and '-', or of more than 64",
    f"{_ISSUES}/aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws/issues/709",
)
def _parameter_names(arguments: Json) -> Iterator[str]:
    for _, spec in _specs(arguments):
        properties = spec["inputSchema"]["json"].get("properties")
        for name in properties if isinstance(properties, dict) else ():
            if not _PROPERTY.fullmatch(name):
                yield f"tool {spec['name']} cannot have a parameter named {name[:_MAX_NAME_CHARS]!r}: give it an alias"


@_rule("two tools of one name", f"{_ISSUES}/dataelement/Clawith/issues/251")
def _tools_have_names_of_their_own(arguments: Json) -> Iterator[str]:
    names = [spec["name"] for _, spec in _specs(arguments)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"more than one tool is named {name}"


@_rule("the choice of a tool that is not offered", f"{_API}/API_runtime_SpecificToolChoice.html")
def _the_chosen_tool_is_offered(arguments: Json) -> Iterator[str]:
    chosen = arguments.get("toolConfig", {}).get("toolChoice", {}).get("tool", {}).get("name")
    if chosen is not None and chosen not in {spec["name"] for _, spec in _specs(arguments)}:
        yield f"tool_choice names {chosen}, and tools does not hold it"


@_rule("stop sequences that are blank, or more than 2,500", f"{_API}/API_runtime_InferenceConfiguration.html")
def _stop_sequences(arguments: Json) -> Iterator[str]:
    sequences = arguments["inferenceConfig"].get("stopSequences", ())
    if len(sequences) > _MAX_STOP_SEQUENCES:
        yield f"there are {len(sequences)} stop_sequences, and at most {_MAX_STOP_SEQUENCES} are taken"
    yield from (f"stop_sequences[{n}] is blank" for n, sequence in enumerate(sequences) if not sequence.strip())


@_rule("a max_tokens beyond 32 bits", f"{_API}/API_runtime_InferenceConfiguration.html")
def _max_tokens(arguments: Json) -> Iterator[str]:
    if arguments["inferenceConfig"]["maxTokens"] > _MAX_INTEGER:
        yield f"max_tokens may be {_MAX_INTEGER} at most"


def _is_blank(block: Json) -> bool:
    if "citationsContent" in block:
        return not block["citationsContent"]["content"]
    return "text" in block and not block["text"].strip()


def _is_unsigned(block: Json) -> bool:
    reasoning = block.get("reasoningContent", {})
    return "reasoningText" in reasoning and not reasoning["reasoningText"].get("signature", "").strip()


def _is_to_be_answered(block: Json) -> bool:
    return "toolUse" in block and not _is_of_the_service(block)


def _is_of_the_service(block: Json) -> bool:
    return "toolUse" in block and block["toolUse"].get("type") == "server_tool_use"


def _blocks(arguments: Json, kind: str) -> Iterator[tuple[int, int, Json]]:
    for position, message in enumerate(arguments["messages"]):
        for number, block in enumerate(message["content"]):
            if kind in block:
                yield position, number, block[kind]


def _specs(arguments: Json) -> Iterator[tuple[int, Json]]:
    for number, tool in enumerate(arguments.get("toolConfig", {}).get("tools", ())):
        yield number, tool["toolSpec"]


def _speakers(arguments: Json) -> list[str]:
    return [message["role"] for message in arguments["messages"] if message["role"] != "system"]


def _object_or_text(part: Json) -> Json:
    if "json" not in part or isinstance(part["json"], dict):
        return part
    return {"text": json.dumps(part["json"], ensure_ascii=False)}


@dataclass(frozen=True)
class _Asked:
    """A tool use, and the id that it and its result get."""

    use: Json
    identifier: str


def _answered(asked: list[_Asked], results: list[Json], position: int) -> Iterator[str]:
    waiting = list(asked)
    for result in results:
        one = next((one for one in waiting if one.use.get("toolUseId", "") == result["toolUseId"]), None)
        if one is None:
            yield f"messages[{position}] has a tool result that no tool use of the turn before asks for"
        else:
            waiting.remove(one)
            result["toolUseId"] = one.identifier
    if waiting:
        yield f"messages[{position}] lacks the results of {len(waiting)} tool uses"
    for one in asked:
        one.use["toolUseId"] = one.identifier


def _id_for(identifier: str, otherwise: str, taken: set[str]) -> str:
    """The id itself if it may be one and nobody has it yet."""
    if not _ID.fullmatch(identifier) or identifier in taken:
        identifier = otherwise
        while identifier in taken:
            identifier += "_"
    taken.add(identifier)
    return identifier


def _stub(name: str) -> Json:
    return {"toolSpec": {"name": name, "description": NO_LONGER, "inputSchema": {"json": {"type": "object"}}}}


def _apart(message: Json) -> Iterator[Json]:
    """An assistant's tool uses without their text, and a user's text in a turn after that of the results."""
    content = message["content"]
    tools = [block for block in content if "toolUse" in block or "toolResult" in block]
    rest = [block for block in content if block not in tools]
    if not tools or not rest:
        yield message
        return
    yield {**message, "content": tools}
    if message["role"] == "user":
        yield {"role": "assistant", "content": [{"text": NO_CONTENT}]}
        yield {**message, "content": rest}
