"""What each stop reason means for a workflow: a table, so that a new one cannot go unnoticed."""

from __future__ import annotations

from enum import Enum

from providers.errors import ModelOutputError
from providers.model import ModelResponse, StopReason


class StopOutcome(Enum):
    """What a workflow can do with a reply."""

    COMPLETE = "the reply is whole"
    TOOL_USE = "the model waits for tool results"
    REPAIRABLE = "the reply is unusable, and asking again may give a better one"
    FINAL = "the reply is unusable, and asking again would end the same way"


STOP_OUTCOMES: dict[StopReason, StopOutcome] = {
    StopReason.END_TURN: StopOutcome.COMPLETE,
    StopReason.STOP_SEQUENCE: StopOutcome.COMPLETE,
    StopReason.TOOL_USE: StopOutcome.TOOL_USE,
    StopReason.MAX_TOKENS: StopOutcome.REPAIRABLE,
    StopReason.MALFORMED_MODEL_OUTPUT: StopOutcome.REPAIRABLE,
    StopReason.MALFORMED_TOOL_USE: StopOutcome.REPAIRABLE,
    StopReason.GUARDRAIL_INTERVENED: StopOutcome.FINAL,
    StopReason.CONTENT_FILTERED: StopOutcome.FINAL,
    StopReason.MODEL_CONTEXT_WINDOW_EXCEEDED: StopOutcome.FINAL,
}

_EXPLANATIONS: dict[StopReason, str] = {
    StopReason.TOOL_USE: "it asked for a tool where an answer was expected",
    StopReason.MAX_TOKENS: "it reached max_tokens; ask for a shorter reply or raise max_tokens",
    StopReason.MALFORMED_MODEL_OUTPUT: "the model's output could not be parsed by the service",
    StopReason.MALFORMED_TOOL_USE: "the model's tool call could not be parsed by the service",
    StopReason.GUARDRAIL_INTERVENED: "a guardrail withheld it; see the guardrail's trace in Bedrock",
    StopReason.CONTENT_FILTERED: "a content filter withheld it; reword the prompt",
    StopReason.MODEL_CONTEXT_WINDOW_EXCEEDED: "the conversation no longer fits the model's context window; shorten it",
}


def outcome(response: ModelResponse) -> StopOutcome:
    """What a workflow can do with `response`: one that stops for a tool and names none is whole."""
    told = STOP_OUTCOMES[response.stop_reason]
    return StopOutcome.COMPLETE if told is StopOutcome.TOOL_USE and not response.tool_uses else told


def unusable(response: ModelResponse) -> ModelOutputError:
    """The error that says why `response` cannot be used as an answer."""
    why = _EXPLANATIONS.get(response.stop_reason, "it holds no text")
    if response.stop_reason is StopReason.TOOL_USE and not response.tool_uses:
        why = "it names no tool and holds no text"
    return ModelOutputError(f"{response.model} stopped with {response.stop_reason}: {why}.")
