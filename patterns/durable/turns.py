"""A turn of an agent: its model, which may use tools, asks for some of them or answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aws_durable_execution_sdk_python import DurableContext

from patterns.durable.asking import MAX_REPAIRS, until_usable
from providers import ContentBlock, Message, ModelProvider, ModelRequest, ModelResponse, ToolUseBlock
from providers.stop_reasons import StopOutcome, outcome, unusable


@dataclass(frozen=True)
class Turn:
    """What the model said in its turn.

    Attributes:
        request: What it answers: the request for the turn, and after it what was wrong with the replies before.
        response: It asks for tools, or its text is the agent's answer.
        repairs: How many more replies may be unusable.
    """

    request: ModelRequest
    response: ModelResponse
    repairs: int

    def continued(self, message: Message) -> ModelRequest:
        """The request for the next turn: the conversation so far, and what the model is told now."""
        messages = (*self.request.messages, self.response.message, message)
        return self.request.model_copy(update={"messages": messages})


def ask_turn(
    context: DurableContext,
    model: ModelProvider,
    names: Iterable[str],
    request: ModelRequest,
    *,
    repairs: int = MAX_REPAIRS,
) -> Turn | None:
    """Ask for a turn, durably; a reply that neither names a tool nor says something is asked for again.

    Each question, repairs included, is an operation named by the next of `names`, which may be an iterator that the
    turns of an agent share, and labelled so unless the request has a label. None if there is no other name.

    Raises:
        ModelError: See `converse`; `ModelOutputError` when no repairs are left, or where another cannot help.
    """
    usable = until_usable(context, model, names, request, _turn, repairs=repairs)
    return Turn(usable.request, usable.value, usable.repairs) if usable else None


def _turn(response: ModelResponse) -> ModelResponse:
    """A reply that an agent can go on with: whatever the stop reason, tools that a whole reply names are wanted."""
    match outcome(response):
        case StopOutcome.TOOL_USE | StopOutcome.COMPLETE if response.tool_uses:
            return _answerable(response)
        case StopOutcome.COMPLETE if response.text.strip():
            return response
        case _:
            raise unusable(response)


def _answerable(response: ModelResponse) -> ModelResponse:
    """`response`, in which every tool use has an id of its own: models leave ids out, and send one twice."""
    ids = [use.tool_use_id for use in response.tool_uses]
    if all(ids) and len(set(ids)) == len(ids):
        return response
    taken = set(ids)
    content: list[ContentBlock] = []
    for position, block in enumerate(response.message.content):
        if isinstance(block, ToolUseBlock) and (not block.tool_use_id or ids.count(block.tool_use_id) > 1):
            ids.remove(block.tool_use_id)  # the last of several keeps the id
            identifier = f"tool-{position}"
            while identifier in taken:
                identifier += "_"
            taken.add(identifier)
            content.append(block.model_copy(update={"tool_use_id": identifier}))
        else:
            content.append(block)
    return response.model_copy(update={"message": response.message.model_copy(update={"content": tuple(content)})})
