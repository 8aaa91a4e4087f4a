"""One execution of each pattern, on AWS's local runner with the handler's own plugins, in which a word stands out."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aws_durable_execution_sdk_python_testing import DurableFunctionTestRunner

from patterns.durable import durable_handler
from patterns.durable.execution_log import ExecutionLog
from providers.scripted import Entries, ScriptedProvider, reply, stopped, throttled, tool_use

if TYPE_CHECKING:
    from aws_durable_execution_sdk_python.plugin import DurableInstrumentationPluginFactory

CANARY = "kakapo"
"""Stands in what is asked, answered, decided and returned, and may stand in nothing that is watched."""


@dataclass(frozen=True)
class Watched:
    """An execution: what it is given, what the model and a person answer, and what its line must say."""

    event: Mapping[str, Any]
    script: Mapping[str, Entries]
    calls: int
    by_tier: Mapping[str, int]
    retries: int = 0
    repairs: int = 0
    answers: Mapping[str, str] = field(default_factory=dict)


WATCHED = {
    "prompt_chaining": Watched(
        {"topic": CANARY},
        {"generate-joke": [throttled(), reply(f"A {CANARY}.")], "review-joke": [stopped("end_turn"), reply(CANARY)]},
        calls=3,
        by_tier={"small": 3},
        retries=1,
        repairs=1,
    ),
    "human_review": Watched(
        {"document": CANARY},
        {"*": [reply({"fields": [{"name": CANARY, "value": CANARY}]})]},
        calls=1,
        by_tier={"medium": 1},
        answers={"human-review": json.dumps({"approved": True, "notes": CANARY})},
    ),
    "llm_as_judge": Watched(
        {"question": CANARY},
        {
            "candidate-1": [reply(CANARY)],
            "candidate-2": [reply(CANARY)],
            "judge": [reply({"best": 1, "reasoning": CANARY})],
        },
        calls=3,
        by_tier={"large": 1, "medium": 1, "small": 1},
    ),
    "agent_with_tools": Watched(
        {"prompt": CANARY},
        {"turn-1": [tool_use("get_weather", {"location": CANARY})], "turn-2": [reply(CANARY)]},
        calls=2,
        by_tier={"medium": 2},
    ),
    "parallel_invocation": Watched({"topic": CANARY}, {"*": [reply(CANARY)] * 3}, calls=3, by_tier={"small": 3}),
    "structured_output": Watched(
        {"text": CANARY},
        {"*": [reply({"name": CANARY, "email": f"{CANARY}@example.com", "company": CANARY})]},
        calls=1,
        by_tier={"small": 1},
    ),
    "durable_strands_agent": Watched(
        {"prompt": CANARY},
        {"*": [tool_use("get_population", {"city": "Paris"}, text=CANARY), reply(CANARY)]},
        calls=2,
        by_tier={"medium": 2},
    ),
}


def workflow_of(pattern: str) -> Callable[..., Any]:
    """The pattern's function, whatever SDK it is loaded with."""
    workflow: Callable[..., Any] = getattr(importlib.import_module(f"patterns.{pattern}"), pattern)
    return workflow


def watched_lines(
    pattern: str,
    *,
    plugins: Sequence[DurableInstrumentationPluginFactory] = (),
    watched: Watched | None = None,
    token_budget: int | None = None,
) -> tuple[str, list[str]]:
    """How the execution of a pattern ends, and the lines that are logged of it."""
    watched = watched or WATCHED[pattern]
    lines: list[str] = []
    handler = durable_handler(
        workflow_of(pattern),
        model=ScriptedProvider(watched.script),
        plugins=plugins,
        token_budget=token_budget,
        log=ExecutionLog(lines.append),
    )
    with DurableFunctionTestRunner(handler, poll_interval=0.01) as runner:
        arn = runner.run_async(input=json.dumps(watched.event))
        for name, answer in watched.answers.items():
            callback = runner.wait_for_callback(arn, f"{name} create callback id")
            runner.send_callback_success(callback, answer.encode())
        return runner.wait_for_result(arn).status.value, lines
