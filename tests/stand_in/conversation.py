"""Converse's rules for a conversation, which its service model does not state and the service enforces.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-call.html and, for tools,
https://docs.aws.amazon.com/bedrock/latest/userguide/tool-use-inference-call.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any


def conversation_violations(body: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the conversation of a request that fits the service model."""
    messages = body.get("messages") or []
    if not messages:
        yield "messages: the conversation is empty"
        return
    yield from _turns(messages)
    for position, message in enumerate(messages):
        yield from _content(message["content"], f"messages[{position}].content")
    yield from _tool_results(messages)
    uses_tools = any(ids for message in messages for ids in (_ids(message, "toolUse"), _ids(message, "toolResult")))
    if uses_tools and "toolConfig" not in body:
        yield "toolConfig: is required in a conversation with tool uses or results"


def _turns(messages: list[dict[str, Any]]) -> Iterator[str]:
    speakers = [(position, turn["role"]) for position, turn in enumerate(messages) if turn["role"] != "system"]
    expected = "user"
    for position, role in speakers:
        if role != expected:
            first = position == speakers[0][0]
            rule = "a conversation must start with a user message" if first else "roles must alternate"
            yield f"messages[{position}]: {rule}"
        expected = "user" if role == "assistant" else "assistant"
    if speakers and speakers[-1][1] != "user":
        yield f"messages[{speakers[-1][0]}]: a conversation must end with a user message"


def _content(content: list[dict[str, Any]], path: str) -> Iterator[str]:
    if not content:
        yield f"{path}: is empty; add a content block"
    yield from _blank_texts(content, path)
    for position, block in enumerate(content):
        yield from _blank_texts(
            block.get("toolResult", {}).get("content", []), f"{path}[{position}].toolResult.content"
        )


def _blank_texts(content: list[dict[str, Any]], path: str) -> Iterator[str]:
    for position, block in enumerate(content):
        if "text" in block and not block["text"].strip():
            yield f"{path}[{position}].text: is blank"


def _tool_results(messages: list[dict[str, Any]]) -> Iterator[str]:
    """Each turn's tool results answer the tool uses of the turn before: all of them, and no others."""
    asked: Counter[str] = Counter()
    for position, message in enumerate(messages):
        answered = Counter(_ids(message, "toolResult"))
        if missing := asked - answered:
            yield f"messages[{position}]: lacks tool results for {', '.join(missing)}"
        if surplus := answered - asked:
            yield (
                f"messages[{position}]: has tool results for {', '.join(surplus)}, which no tool use before it asks for"
            )
        asked = Counter(_ids(message, "toolUse"))
        if repeated := [identifier for identifier, count in asked.items() if count > 1]:
            yield f"messages[{position}]: repeats the tool use ids {', '.join(repeated)}"


def _ids(message: dict[str, Any], kind: str) -> list[str]:
    return [block[kind]["toolUseId"] for block in message["content"] if kind in block]
