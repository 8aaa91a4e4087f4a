"""Older versions of the patterns, each as it might have been: executions that they left half-way do not go on today.

Their histories are kept in `tests/bad_histories`, with what must be reported about each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import Duration

from durable_conformance import Answered, Scenario
from durable_conformance.subject import CallbackAnswer
from patterns.agent_with_tools import TOOLS, AgentEvent
from patterns.durable import ask, ask_for, ask_human, converse, durable_handler, fan_out, run_tool
from patterns.durable.strands_agent import run_agent
from patterns.durable_strands_agent import (
    MAX_TURNS,
    SYSTEM,
    StrandsAgentEvent,
    StrandsAgentResult,
    ask_person,
    get_population,
)
from patterns.human_review import Extraction, HumanReviewEvent, HumanReviewResult, ReviewDecision
from patterns.llm_as_judge import LlmAsJudgeEvent, LlmAsJudgeResult, Verdict
from patterns.parallel_invocation import PROMPTS, ParallelInvocationEvent, ParallelInvocationResult, Perspective
from patterns.prompt_chaining import PromptChainingEvent, PromptChainingResult
from patterns.structured_output import Contact, StructuredOutputEvent
from providers import Message, ModelProvider, ModelRequest
from providers.scripted import Script, ScriptedProvider, reply, tool_use
from tests.conformance.corpus.asking import say_in_step
from tests.conformance.upgrades.change import Reported
from tests.histories.selection import BAD, slug

APPROVED = {"human-review": [Answered('{"approved": true}')]}


@dataclass(frozen=True)
class Older:
    """An older version of a pattern, the execution of it that was recorded, and what must be reported about that."""

    pattern: str
    workflow: Callable[..., Any]
    event: Mapping[str, Any]
    script: Script
    reported: tuple[Reported, ...]
    callbacks: Mapping[str, Sequence[CallbackAnswer]]

    @property
    def name(self) -> str:
        """What was otherwise."""
        return self.workflow.__name__.replace("_", " ")

    @property
    def path(self) -> Path:
        return BAD / self.pattern / f"{slug(self.name)}.json"

    @property
    def scenario(self) -> Scenario:
        return Scenario(self.event, lambda: ScriptedProvider(self.script), self.callbacks)

    def handler(self, model: ModelProvider) -> Any:
        return durable_handler(self.workflow, model=model)


OLDER: list[Older] = []


def older[W: Callable[..., Any]](
    pattern: str,
    event: Mapping[str, Any],
    script: Script,
    *reported: Reported,
    callbacks: Mapping[str, Sequence[CallbackAnswer]] | None = None,
) -> Callable[[W], W]:
    """Put an older version here."""

    def put(workflow: W) -> W:
        OLDER.append(Older(pattern, workflow, event, script, reported, callbacks or {}))
        return workflow

    return put


@older(
    "prompt_chaining",
    {"topic": "tea"},
    [reply("A tea-se."), reply("7")],
    Reported("/1:generate-joke", 0, '"label": "joke"', '"label": "generate-joke"'),
    Reported("/1:joke", 1, "recorded operations", "checkpoint='joke' current='generate-joke'"),
)
def steps_had_other_names(
    event: PromptChainingEvent, context: DurableContext, model: ModelProvider
) -> PromptChainingResult:
    joke = ask(context, model, "joke", f"Make a joke about {event.topic}")
    review = ask(context, model, "review", f'Rate this joke 1-10 and explain why: "{joke.text}"')
    return PromptChainingResult(joke=joke.text, review=review.text)


@older(
    "prompt_chaining",
    {"topic": "tea"},
    [reply("A tea-se."), reply("7")],
    Reported("/1:generate-joke", 0, "a pun", "a joke"),
    Reported("execution", 2, "SUCCEEDED", "PromptDriftError"),
)
def asked_for_a_pun(event: PromptChainingEvent, context: DurableContext, model: ModelProvider) -> PromptChainingResult:
    joke = ask(context, model, "generate-joke", f"Make a pun about {event.topic}")
    review = ask(context, model, "review-joke", f'Rate this joke 1-10 and explain why: "{joke.text}"')
    return PromptChainingResult(joke=joke.text, review=review.text)


@older(
    "prompt_chaining",
    {"topic": "tea"},
    [reply("A tea-se."), reply("7"), reply("Eine Tee-se.")],
    Reported("/3:translate-joke", 0, "STEP/Step SUCCEEDED", "no such operation"),
    Reported("/3:translate-joke", 5, "as it was recorded", "does not come by it"),
)
def translated_at_the_end(
    event: PromptChainingEvent, context: DurableContext, model: ModelProvider
) -> PromptChainingResult:
    joke = ask(context, model, "generate-joke", f"Make a joke about {event.topic}")
    review = ask(context, model, "review-joke", f'Rate this joke 1-10 and explain why: "{joke.text}"')
    ask(context, model, "translate-joke", f"Translate: {joke.text}")
    return PromptChainingResult(joke=joke.text, review=review.text)


FIELDS = reply({"fields": [{"name": "number", "value": "7"}]})


@older(
    "human_review",
    {"document": "Invoice 7"},
    {"*": [FIELDS]},
    Reported("/1:store-document", 1, "recorded operations", "checkpoint='store-document' current='extract-fields'"),
    callbacks=APPROVED,
)
def document_was_stored_first(
    event: HumanReviewEvent, context: DurableContext, model: ModelProvider
) -> HumanReviewResult:
    context.step(lambda _: "stored", "store-document")
    return _reviewed(event, context, model)


@older(
    "human_review",
    {"document": "Invoice 7"},
    {"*": [FIELDS]},
    Reported("/3:record-decision", 0, "STEP/Step SUCCEEDED", "no such operation"),
    Reported("/3:record-decision", 9, "as it was recorded", "does not come by it"),
    callbacks=APPROVED,
)
def answer_was_recorded(event: HumanReviewEvent, context: DurableContext, model: ModelProvider) -> HumanReviewResult:
    result = _reviewed(event, context, model)
    context.step(lambda _: result.status, "record-decision")
    return result


def _reviewed(event: HumanReviewEvent, context: DurableContext, model: ModelProvider) -> HumanReviewResult:
    prompt = f"Extract the key fields of this document:\n\n{event.document}"
    extraction = ask_for(context, model, "extract-fields", prompt, Extraction, tier="medium")
    decision = ReviewDecision.model_validate_json(ask_human(context, "human-review", Duration.from_days(7)))
    fields = {field.name: field.value for field in extraction.fields}
    status = "approved" if decision.approved else "rejected"
    return HumanReviewResult(status=status, notes=decision.notes, extracted_fields=fields)


VERDICT = reply({"best": 1, "reasoning": "It is shortest."})
CANDIDATES = {f"candidate-{number}": [reply("Because.")] for number in (1, 2, 3)}


@older(
    "llm_as_judge",
    {"question": "Why?"},
    {**CANDIDATES, "judge": [VERDICT]},
    Reported("/2:judge", 0, "Answer 3", "Answer 2"),
    Reported("execution", 14, "SUCCEEDED", "IndexError"),
)
def three_candidates_answered(
    event: LlmAsJudgeEvent, context: DurableContext, model: ModelProvider
) -> LlmAsJudgeResult:
    return _judged(event, context, model, ("small", "medium", "large"), judge="large")


@older(
    "llm_as_judge",
    {"question": "Why?"},
    {**CANDIDATES, "judge": [VERDICT]},
    Reported("/2:judge", 0, '"model": "medium"', '"model": "large"'),
    Reported("execution", 12, "SUCCEEDED", "PromptDriftError"),
)
def a_smaller_model_judged(event: LlmAsJudgeEvent, context: DurableContext, model: ModelProvider) -> LlmAsJudgeResult:
    return _judged(event, context, model, ("small", "medium"), judge="medium")


def _judged(
    event: LlmAsJudgeEvent, context: DurableContext, model: ModelProvider, tiers: Sequence[str], *, judge: str
) -> LlmAsJudgeResult:
    def answer(branch: DurableContext, tier: str, number: int) -> list[str]:
        response = ask(branch, model, "ask", event.question, tier=tier, label=f"candidate-{number}")
        return [response.model, response.text]

    answers = [candidate.value for candidate in fan_out(context, "candidates", tiers, answer).succeeded]
    listing = "\n\n".join(f"Answer {number}:\n{text}" for number, (_, text) in enumerate(answers, 1))
    prompt = f"Question: {event.question}\n\n{listing}\n\nWhich answer is best (its number), and why?"
    verdict = ask_for(context, model, "judge", prompt, Verdict, tier=judge)
    source_model, best_answer = answers[verdict.best - 1]
    return LlmAsJudgeResult(
        question=event.question,
        best_answer=best_answer,
        reasoning=verdict.reasoning,
        source_model=source_model,
        failed_candidates=[],
    )


@older(
    "agent_with_tools",
    {"prompt": "Where am I?"},
    [tool_use("get_location", {}), reply("In London.")],
    Reported("/1:turn-0", 1, "recorded operations", "checkpoint='turn-0' current='turn-1'"),
)
def turns_counted_from_zero(event: AgentEvent, context: DurableContext, model: ModelProvider) -> str:
    return _acted(event, context, model, first=0, tools=3)


@older(
    "agent_with_tools",
    {"prompt": "Where am I?"},
    [tool_use("get_location", {}), reply("In London.")],
    Reported("/1:turn-1", 0, "get_weather", "Ask a person"),
    Reported("execution", 2, "SUCCEEDED", "PromptDriftError"),
)
def nobody_could_be_asked(event: AgentEvent, context: DurableContext, model: ModelProvider) -> str:
    return _acted(event, context, model, first=1, tools=2)


def _acted(event: AgentEvent, context: DurableContext, model: ModelProvider, *, first: int, tools: int) -> str:
    messages: tuple[Message, ...] = (Message.user(event.prompt),)
    for turn in range(first, first + 10):
        specs = tuple(known.spec for known in TOOLS[:tools])
        request = ModelRequest(messages=messages, model="medium", tools=specs, label=f"turn-{turn}")
        response = converse(context, model, f"turn-{turn}", request)
        if not response.tool_uses:
            return response.text
        results = [run_tool(context, TOOLS, call) for call in response.tool_uses]
        messages += (response.message, Message.user(*results))
    raise AssertionError("The script answers before that.")


PERSPECTIVES = {f"perspective-{number}": [reply(f"{number}.")] for number in (1, 2, 3)}


@older(
    "parallel_invocation",
    {"topic": "tides"},
    PERSPECTIVES,
    Reported("/1:perspectives/2:perspectives-3/1:ask", 0, "no request", "Summarize the future"),
)
def two_prompts_were_asked(
    event: ParallelInvocationEvent, context: DurableContext, model: ModelProvider
) -> ParallelInvocationResult:
    def ask_one(branch: DurableContext, prompt: str, number: int) -> str:
        return ask(branch, model, "ask", f"{prompt} {event.topic}", label=f"perspective-{number}").text

    answers = fan_out(context, "perspectives", PROMPTS[:2], ask_one)
    return _perspectives(event, [answer.value for answer in answers.succeeded])


@older(
    "parallel_invocation",
    {"topic": "tides"},
    PERSPECTIVES,
    Reported("/1:ask", 1, "recorded operations", "type checkpoint='STEP' current='CONTEXT'"),
)
def one_after_the_other(
    event: ParallelInvocationEvent, context: DurableContext, model: ModelProvider
) -> ParallelInvocationResult:
    answers = [
        ask(context, model, "ask", f"{prompt} {event.topic}", label=f"perspective-{number}").text
        for number, prompt in enumerate(PROMPTS, 1)
    ]
    return _perspectives(event, answers)


def _perspectives(event: ParallelInvocationEvent, answers: Sequence[str]) -> ParallelInvocationResult:
    perspectives = [
        Perspective(prompt=prompt, response=answer) for prompt, answer in zip(PROMPTS, answers, strict=False)
    ]
    return ParallelInvocationResult(topic=event.topic, perspectives=perspectives, failed=[])


CONTACT = reply({"name": "Ana", "email": "ana@initech.example", "company": "Initech"})


@older("structured_output", {"text": "Ana, Initech"}, [CONTACT], Reported("execution", 2, "SUCCEEDED", "SerDesError"))
def only_the_text_was_stored(event: StructuredOutputEvent, context: DurableContext, model: ModelProvider) -> Contact:
    """No digest stood beside the answer, and no stop reason."""
    prompt = f"Extract the contact details from this text:\n\n{event.text}"
    return Contact.model_validate_json(say_in_step(context, model, "extract-contact", prompt))


@older(
    "structured_output",
    {"text": "Ana, Initech"},
    [CONTACT],
    Reported("/1:extract", 1, "recorded operations", "type checkpoint='CONTEXT' current='STEP'"),
)
def asked_in_a_child_context(event: StructuredOutputEvent, context: DurableContext, model: ModelProvider) -> Contact:
    prompt = f"Extract the contact details from this text:\n\n{event.text}"

    def extract(child: DurableContext) -> dict[str, str]:
        contact: dict[str, str] = ask_for(child, model, "extract-contact", prompt, Contact).model_dump()
        return contact

    return Contact.model_validate(context.run_in_child_context(extract, "extract"))


PARIS = tool_use("get_population", {"city": "Paris"})


@older(
    "durable_strands_agent",
    {"prompt": "How many live in Paris?"},
    [PARIS, reply("2.1 million.")],
    Reported("/1:agent/1:converse", 0, '"system": "Answer briefly."', "Use the tools for facts"),
    Reported("execution", 3, "SUCCEEDED", "PromptDriftError"),
)
def instructions_were_shorter(
    event: StrandsAgentEvent, context: DurableContext, model: ModelProvider
) -> StrandsAgentResult:
    return _agent(event, context, model, name="agent", system="Answer briefly.")


@older(
    "durable_strands_agent",
    {"prompt": "How many live in Paris?"},
    [PARIS, reply("2.1 million.")],
    Reported("/1:assistant", 1, "recorded operations", "checkpoint='assistant' current='agent'"),
)
def the_agent_had_another_name(
    event: StrandsAgentEvent, context: DurableContext, model: ModelProvider
) -> StrandsAgentResult:
    return _agent(event, context, model, name="assistant", system=SYSTEM)


def _agent(
    event: StrandsAgentEvent, context: DurableContext, model: ModelProvider, *, name: str, system: str
) -> StrandsAgentResult:
    tools = (get_population, ask_person)
    response = run_agent(context, model, name, event.prompt, tools, system=system, tier="medium", max_turns=MAX_TURNS)
    return StrandsAgentResult(prompt=event.prompt, response=response)
