"""Every way an execution of each pattern can go: what the snapshots, the facts and the interruptions run over."""

from tests.patterns.catalogue import (
    agent_with_tools,
    durable_strands_agent,
    human_review,
    llm_as_judge,
    parallel_invocation,
    prompt_chaining,
    structured_output,
)
from tests.patterns.catalogue.pattern import Pattern

CATALOGUE: dict[str, Pattern] = {
    pattern.name: pattern
    for pattern in (
        prompt_chaining.PATTERN,
        human_review.PATTERN,
        llm_as_judge.PATTERN,
        agent_with_tools.PATTERN,
        parallel_invocation.PATTERN,
        structured_output.PATTERN,
        durable_strands_agent.PATTERN,
    )
}
