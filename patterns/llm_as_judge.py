"""LLM as judge: several models answer the same question, another call picks the best answer.

    candidates -> candidates-1: ask ─┐
               -> candidates-2: ask ─┴─> judge -> (judge-repair-1 -> judge-repair-2)

What durability gives it: the judge always judges the answers that are returned. They are checkpointed before it sees
them, so no crash can pair its reasoning with an answer it never read. A candidate that failed is named in
`failedCandidates`; a verdict that names no candidate is asked for again, never guessed.

Invoke it with `{"question": "…"}`; it returns the best answer, its model, the reasoning and the failed candidates.
"""

from typing import Annotated

from aws_durable_execution_sdk_python import DurableContext
from pydantic import BaseModel, ConfigDict, Field

from patterns.durable import Event, Result, Text, ask, ask_for, durable_handler, fan_out, quoted
from providers import ModelProvider

CANDIDATES = ("small", "medium")
JUDGE = "large"


class LlmAsJudgeEvent(Event):
    """What to answer."""

    question: Text = "Write a 100-word summary on the great fire of London"


class Verdict(BaseModel):
    """What the judge is asked for: `best` counts the answers from 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    best: Annotated[int, Field(ge=1)]
    reasoning: str


class FailedCandidate(Result):
    """A tier that gave no answer, and why."""

    model: str
    error: str


class LlmAsJudgeResult(Result):
    """The answer the judge chose, and the model id that wrote it."""

    question: str
    best_answer: str
    reasoning: str
    source_model: str
    failed_candidates: list[FailedCandidate]


def llm_as_judge(event: LlmAsJudgeEvent, context: DurableContext, model: ModelProvider) -> LlmAsJudgeResult:
    """Have every candidate answer the question, and a judge choose."""

    def answer(branch: DurableContext, tier: str, number: int) -> list[str]:
        response = ask(branch, model, "ask", event.question, tier=tier, label=f"candidate-{number}")
        return [response.model, response.text]

    candidates = fan_out(context, "candidates", CANDIDATES, answer)
    answers = [candidate.value for candidate in candidates.succeeded]

    def names_an_answer(verdict: Verdict) -> None:
        if verdict.best > len(answers):
            raise ValueError(f"best must be 1 to {len(answers)}, the number of an answer.")

    # Quoted, no answer can pass for two, or for the question.
    listing = "\n\n".join(f"Answer {number}: {quoted(text)}" for number, (_, text) in enumerate(answers, 1))
    prompt = f"Question: {quoted(event.question)}\n\n{listing}\n\nWhich answer is best (its number), and why?"
    verdict = ask_for(context, model, "judge", prompt, Verdict, tier=JUDGE, check=names_an_answer)

    source_model, best_answer = answers[verdict.best - 1]
    return LlmAsJudgeResult(
        question=event.question,
        best_answer=best_answer,
        reasoning=verdict.reasoning,
        source_model=source_model,
        failed_candidates=[FailedCandidate(model=failure.item, error=failure.error) for failure in candidates.failed],
    )


handler = durable_handler(llm_as_judge)
