"""Mutants of `parallel_invocation` and `llm_as_judge`."""

from __future__ import annotations

import itertools
import time
from typing import Any

from aws_durable_execution_sdk_python import BatchResult, DurableContext
from aws_durable_execution_sdk_python.config import CompletionConfig, MapConfig

from durable_conformance.rules import Severity
from patterns.durable import EveryBranchFailedError, ask, ask_for, durable_handler, fan_out
from patterns.llm_as_judge import CANDIDATES, LlmAsJudgeEvent, LlmAsJudgeResult, Verdict
from patterns.parallel_invocation import PROMPTS, ParallelInvocationEvent, ParallelInvocationResult, Perspective
from providers import ModelError, ModelProvider
from providers.scripted import always, reply
from tests.conformance.corpus.asking import say, say_in_step
from tests.conformance.corpus.entry import Shelf

SHELF = Shelf()
TOPIC = {"topic": "tides"}
QUESTION = {"question": "Why is the sky blue?"}
JUDGED = {"judge": [always(reply({"best": 1, "reasoning": "r"}))], "*": [always(reply("Rayleigh."))]}


def perspectives(event: ParallelInvocationEvent, answers: list[str]) -> ParallelInvocationResult:
    """The answers as a result that knows of no failure."""
    found = [Perspective(prompt=prompt, response=text) for prompt, text in zip(PROMPTS, answers, strict=False)]
    return ParallelInvocationResult(topic=event.topic, perspectives=found, failed=[])


@SHELF.broken("failure-visible", event=TOPIC)
def parallel_drops_failed_branches() -> object:
    def mutant(
        event: ParallelInvocationEvent, context: DurableContext, model: ModelProvider
    ) -> ParallelInvocationResult:
        config: MapConfig[str] = MapConfig(completion_config=CompletionConfig(tolerated_failure_percentage=100))
        batch: BatchResult[Any] = context.map(
            PROMPTS, lambda branch, prompt, *_: ask(branch, model, "ask", prompt).text, "perspectives", config
        )
        return perspectives(event, batch.get_results())  # the fault

    return durable_handler(mutant)


@SHELF.broken("durable-calls", event=TOPIC)
def parallel_asks_in_the_branch_body() -> object:
    def mutant(
        event: ParallelInvocationEvent, context: DurableContext, model: ModelProvider
    ) -> ParallelInvocationResult:
        def ask_one(branch: DurableContext, prompt: str, number: int) -> str:
            branch.step(lambda _: None, "begin")
            return say(model, f"{prompt} {event.topic}")  # the fault

        answers = fan_out(context, "perspectives", PROMPTS, ask_one)
        return perspectives(event, [answer.value for answer in answers.succeeded])

    return durable_handler(mutant)


@SHELF.broken("retry-policy", event=TOPIC, severity=Severity.WARNING)
def parallel_retries_every_exception() -> object:
    def mutant(
        event: ParallelInvocationEvent, context: DurableContext, model: ModelProvider
    ) -> ParallelInvocationResult:
        def ask_one(branch: DurableContext, prompt: str, number: int) -> str:
            return branch.step(lambda _: say(model, prompt), "ask")  # the fault

        answers = fan_out(context, "perspectives", PROMPTS[:1], ask_one)
        return perspectives(event, [answer.value for answer in answers.succeeded])

    return durable_handler(mutant)


@SHELF.broken("result-stability", event=TOPIC)
def parallel_collects_answers_beside_the_branches() -> object:
    def mutant(
        event: ParallelInvocationEvent, context: DurableContext, model: ModelProvider
    ) -> ParallelInvocationResult:
        collected: dict[int, str] = {}

        def ask_one(branch: DurableContext, prompt: str, number: int) -> None:
            collected[number] = ask(branch, model, "ask", prompt).text  # the fault

        fan_out(context, "perspectives", PROMPTS[:2], ask_one)
        context.step(lambda _: None, "save")
        return perspectives(event, [collected[number] for number in sorted(collected)])

    return durable_handler(mutant)


@SHELF.broken("completion-order", event=TOPIC)
def parallel_lists_answers_as_they_arrive() -> object:
    def mutant(
        event: ParallelInvocationEvent, context: DurableContext, model: ModelProvider
    ) -> ParallelInvocationResult:
        arrived: list[str] = []

        def ask_one(branch: DurableContext, prompt: str, number: int) -> None:
            arrived.append(ask(branch, model, "ask", f"{prompt} {event.topic}", label=str(number)).text)  # the fault

        fan_out(context, "perspectives", PROMPTS, ask_one)
        return perspectives(event, arrived)

    return durable_handler(mutant)


@SHELF.broken("request-stability", event=TOPIC)
def parallel_asks_in_a_new_order_every_time() -> object:
    invocations = itertools.count()

    def mutant(
        event: ParallelInvocationEvent, context: DurableContext, model: ModelProvider
    ) -> ParallelInvocationResult:
        first = next(invocations) % len(PROMPTS)  # the fault
        prompts = PROMPTS[first:] + PROMPTS[:first]
        answers = fan_out(
            context, "perspectives", prompts, lambda branch, prompt, _: say_in_step(branch, model, "ask", prompt)
        )
        return perspectives(event, [answer.value for answer in answers.succeeded])

    return durable_handler(mutant)


@SHELF.broken("completion-order", event=QUESTION, script=JUDGED)
def judge_sees_the_answers_as_they_arrive() -> object:
    def mutant(event: LlmAsJudgeEvent, context: DurableContext, model: ModelProvider) -> str:
        listing: list[str] = []

        def answer(branch: DurableContext, tier: str, number: int) -> None:
            response = ask(branch, model, "ask", event.question, tier=tier, label=f"candidate-{number}")
            listing.append(f"{response.model}: {response.text}")  # the fault

        fan_out(context, "candidates", CANDIDATES, answer)
        return say_in_step(context, model, "judge", "; ".join(listing))

    return durable_handler(mutant)


@SHELF.broken("replay-identity", event=QUESTION, script=JUDGED)
def judge_numbers_its_operation() -> object:
    rounds = itertools.count(1)

    def mutant(event: LlmAsJudgeEvent, context: DurableContext, model: ModelProvider) -> str:
        name = f"judge-{next(rounds)}"  # the fault
        verdict = say_in_step(context, model, name, event.question)
        return context.step(lambda _: verdict, "save")

    return durable_handler(mutant)


@SHELF.broken("failure-visible", event=QUESTION, script=JUDGED)
def judge_answers_nothing_when_everybody_failed() -> object:
    def mutant(event: LlmAsJudgeEvent, context: DurableContext, model: ModelProvider) -> LlmAsJudgeResult:
        best, why = "", ""
        try:
            answers = fan_out(
                context,
                "candidates",
                CANDIDATES,
                lambda branch, tier, _: ask(branch, model, "ask", event.question, tier=tier).text,
            )
            verdict = ask_for(context, model, "judge", event.question, Verdict)
            best, why = answers.succeeded[verdict.best - 1].value, verdict.reasoning
        except EveryBranchFailedError:  # the fault
            pass
        return LlmAsJudgeResult(
            question=event.question, best_answer=best, reasoning=why, source_model="", failed_candidates=[]
        )

    return durable_handler(mutant)


@SHELF.broken("durable-calls", event=QUESTION, script=JUDGED)
def judge_judges_outside_a_step() -> object:
    def mutant(event: LlmAsJudgeEvent, context: DurableContext, model: ModelProvider) -> list[str]:
        answer = ask(context, model, "candidate", event.question).text
        return [answer, say(model, f"Is it good? {answer}")]  # the fault

    return durable_handler(mutant)


@SHELF.broken("request-stability", event=QUESTION, script=JUDGED)
def judge_lists_answers_kept_beside_the_branches() -> object:
    def mutant(event: LlmAsJudgeEvent, context: DurableContext, model: ModelProvider) -> str:
        listing: list[str] = []

        def answer(branch: DurableContext, tier: str, number: int) -> None:
            listing.append(ask(branch, model, "ask", event.question, tier=tier).text)  # the fault

        fan_out(context, "candidates", CANDIDATES[:1], answer)
        return say_in_step(context, model, "judge", "; ".join(listing))

    return durable_handler(mutant)


@SHELF.broken("request-stability", event=QUESTION, script=JUDGED)
def judge_is_told_the_time() -> object:
    def mutant(event: LlmAsJudgeEvent, context: DurableContext, model: ModelProvider) -> str:
        try:
            return ask(context, model, "judge", f"{time.time_ns()}: {event.question}").text  # the fault
        except ModelError as error:
            return f"failed: {error}"

    return durable_handler(mutant)
