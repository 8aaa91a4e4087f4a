"""The seven patterns with a fault seeded in each: what the engine must report about them."""

from collections.abc import Mapping

from tests.conformance.corpus.entry import Shelf
from tests.conformance.mutants import agents, batches, chains, people

MUTANTS: Mapping[str, Shelf] = {
    "chains": chains.SHELF,
    "batches": batches.SHELF,
    "people": people.SHELF,
    "agents": agents.SHELF,
}
PATTERNS = {
    "chaining": "prompt_chaining",
    "structured": "structured_output",
    "parallel": "parallel_invocation",
    "judge": "llm_as_judge",
    "review": "human_review",
    "agent": "agent_with_tools",
    "strands": "durable_strands_agent",
}
"""The first word of a mutant's name, and the pattern it is a mutant of."""
