"""For each pattern, an execution that asks the model and people as often as it can before it ends."""

from __future__ import annotations

from durable_conformance import Answered, Scenario
from patterns.durable.tools import MAX_QUESTIONS
from providers import StopReason
from providers.scripted import Entries, ScriptedProvider, always, reply, stopped, tool_use
from tests.patterns.catalogue.human_review import EXTRACTED

_CUT_SHORT = stopped(StopReason.MAX_TOKENS, "cut short")
_MORE_THAN_ANY = 100
"""More answers from people than any of these executions asks for."""


def _repaired(label: str, *replies: str) -> dict[str, Entries]:
    """Unusable as often as is forgiven, then good: with `label`, `label-1` … for one of several branches."""
    return {label: [_CUT_SHORT, _CUT_SHORT, *map(reply, replies)]}


def _scenario(script: dict[str, Entries], people: tuple[str, ...] = ()) -> Scenario:
    answers = {name: [Answered("?")] * _MORE_THAN_ANY for name in people}
    return Scenario({}, lambda: ScriptedProvider(script), answers)


def _asking(tool: str) -> dict[str, Entries]:
    """In each turn, more questions than a turn may ask."""
    question = tool_use(tool, {"question": "?"})
    return {"*": [always(sum([question] * MAX_QUESTIONS, question))]}


WORST_CASES = {
    "prompt_chaining": _scenario(_repaired("generate-joke", "a joke") | _repaired("review-joke", "a review")),
    "human_review": _scenario(
        {"extract-fields": [_CUT_SHORT, _CUT_SHORT, EXTRACTED]},
        ("human-review", "human-review-2", "human-review-3"),
    ),
    "llm_as_judge": _scenario(
        _repaired("candidate-1", "one")
        | _repaired("candidate-2", "two")
        | _repaired("judge", '{"best": 1, "reasoning": "better"}')
    ),
    "agent_with_tools": _scenario(_asking("wait_for_human_review"), ("human-review",)),
    "parallel_invocation": _scenario(
        _repaired("perspective-1", "one") | _repaired("perspective-2", "two") | _repaired("perspective-3", "three")
    ),
    "structured_output": _scenario(
        _repaired("extract-contact", '{"name": "Ada", "email": "ada@example.com", "company": "Example"}')
    ),
    "durable_strands_agent": _scenario(_asking("ask_person"), ("ask-person",)),
}
