"""Which scenarios of the catalogue have a golden history: a few small ones of each pattern, each of another kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

GOLDEN = Path(__file__).parent
BAD = GOLDEN.parent / "bad_histories"

SCENARIOS: Mapping[str, tuple[str, ...]] = {
    "prompt_chaining": (
        "default event",
        "answered",
        "throttled once",
        "empty, then a joke",
        "access denied",
    ),
    "human_review": (
        "approved",
        "rejected",
        "malformed (no JSON), then approved",
        "nobody answers",
        "throttled once",
        "nothing extracted every time",
    ),
    "llm_as_judge": (
        "answered",
        "one candidate throttled once",
        "verdict is prose, then JSON",
        "every candidate denied",
    ),
    "agent_with_tools": (
        "two tools, one after the other",
        "a person answers",
        "throttled once",
        "malformed tool use, then an answer",
        "invalid tool input",
        "access denied",
    ),
    "parallel_invocation": (
        "answered",
        "throttled once",
        "one branch filtered",
        "every branch denied",
    ),
    "structured_output": (
        "answered",
        "throttled once",
        "prose, then good",
        "bad every time",
    ),
    "durable_strands_agent": (
        "one tool",
        "a person answers",
        "throttled in the second turn",
        "invalid tool input",
        "denied in the second turn",
    ),
}


@dataclass(frozen=True)
class Golden:
    """A scenario and its file."""

    pattern: str
    scenario: str

    @property
    def path(self) -> Path:
        return GOLDEN / self.pattern / f"{slug(self.scenario)}.json"


def slug(name: str) -> str:
    """A file's name for a scenario's."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")


def selected() -> list[Golden]:
    return [Golden(pattern, scenario) for pattern, scenarios in SCENARIOS.items() for scenario in scenarios]
