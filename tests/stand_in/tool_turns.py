"""Which tool a sensible agent would call next, and what it says when it needs no more of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.stand_in.behaviour import JsonObject, Reply, ToolUse

_REVIEW = re.compile(r"\b(review|approv|confirm)", re.IGNORECASE)
_ASK_SOMEBODY = re.compile(r"\b(ask|approv|confirm|check with)", re.IGNORECASE)
_POPULATION = re.compile(r"\b(population|inhabitants|people live)", re.IGNORECASE)
_PLACE = re.compile(r"\b(?:in|of|at) ([A-Z][\w-]+(?: [A-Z][\w-]+)*)")

HUMAN_TOOLS = frozenset({"wait_for_human_review", "ask_person"})


@dataclass(frozen=True)
class ToolAnswer:
    """What a tool call of the conversation so far came to."""

    name: str
    text: str
    succeeded: bool


def tool_answers(body: JsonObject) -> list[ToolAnswer]:
    """The tool results in a conversation, with the names of the tools they come from."""
    blocks = [block for message in body["messages"] for block in message["content"]]
    names = {block["toolUse"]["toolUseId"]: block["toolUse"]["name"] for block in blocks if "toolUse" in block}
    return [_answer(block["toolResult"], names) for block in blocks if "toolResult" in block]


def next_tool_use(prompt: str, body: JsonObject) -> Reply | None:
    """The call that is due, with a word about it; None where the agent can answer."""
    offered = {tool["toolSpec"]["name"] for tool in body.get("toolConfig", {}).get("tools", ()) if "toolSpec" in tool}
    answers = tool_answers(body)
    called = {answer.name for answer in answers}
    due = (step for step in _plan(prompt, answers) if step[0].name in offered - called)
    for use, remark in due:
        return Reply(text=remark, tool_uses=(use,))
    return None


def findings(answers: list[ToolAnswer]) -> str:
    """What the agent tells the user about what its tools said."""
    return " ".join(_finding(answer) for answer in answers if answer.name != "get_location" or not answer.succeeded)


def _plan(prompt: str, answers: list[ToolAnswer]) -> Iterator[tuple[ToolUse, str]]:
    """Every call the prompt asks for and the answers so far allow, in order."""
    place = _place(prompt)
    if "weather" in prompt.lower():
        located = next((answer.text for answer in answers if answer.name == "get_location" and answer.succeeded), None)
        if place is None and located is None:
            yield ToolUse("get_location", {}), "First I need to know where you are."
        if where := place or located:
            yield ToolUse("get_weather", {"location": where}), f"Let me look up the weather in {where}."
    if place is not None and _POPULATION.search(prompt):
        yield ToolUse("get_population", {"city": place}), f"Let me look up how many people live in {place}."
    question = f"I would answer: {findings(answers) or 'that I found nothing.'} Is that all right?"
    if _REVIEW.search(prompt):
        yield ToolUse("wait_for_human_review", {"question": question}), "Before I answer, somebody should look at this."
    if _ASK_SOMEBODY.search(prompt):
        yield ToolUse("ask_person", {"question": question}), "Let me ask about that first."


def _place(prompt: str) -> str | None:
    match = _PLACE.search(prompt)
    return match[1] if match else None


def _answer(result: dict[str, Any], names: dict[str, str]) -> ToolAnswer:
    text = " ".join(part["text"] for part in result["content"] if "text" in part)
    return ToolAnswer(names[result["toolUseId"]], text, succeeded=result.get("status") != "error")


def _finding(answer: ToolAnswer) -> str:
    if not answer.succeeded:
        return f"I could not use {answer.name}: {answer.text}"
    if answer.name in HUMAN_TOOLS:
        return f"I asked, and the answer was: {answer.text}"
    if answer.name == "get_population":
        return f"It has {answer.text} inhabitants."
    return answer.text
