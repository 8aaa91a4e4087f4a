"""Handlers that take another way on replay: what they do depends on something that no checkpoint holds."""

from __future__ import annotations

import contextlib
import itertools
import random
import time
import uuid
from typing import Any

from aws_durable_execution_sdk_python import DurableContext, StepError, durable_execution
from aws_durable_execution_sdk_python.config import Duration, StepConfig

from patterns.durable import ask
from providers import Message, ModelProvider, ModelResponse
from tests.conformance.corpus.asking import SENSIBLE, question, say, say_in_step
from tests.conformance.corpus.entry import Shelf

SHELF = Shelf()


# replay-identity: another operation stands where one was recorded.


@SHELF.broken("replay-identity")
def name_with_a_uuid() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        draft = say_in_step(context, model, f"draft-{uuid.uuid4()}", "Draft")  # the fault
        return say_in_step(context, model, "edit", f"Edit {draft}")

    return workflow


@SHELF.broken("replay-identity")
def name_with_the_time() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        return context.step(lambda _: "saved", f"save-{time.time_ns()}") + context.step(  # the fault
            lambda _: "told", "tell"
        )

    return handler


@SHELF.broken("replay-identity")
def name_with_the_number_of_invocations() -> object:
    invocations = itertools.count(1)

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        return context.step(lambda _: "done", f"attempt-{next(invocations)}") + context.step(  # the fault
            lambda _: ".", "end"
        )

    return handler


@SHELF.broken("replay-identity")
def name_with_the_number_of_invocations_and_a_wait() -> object:
    """Fails on its own, at the first wait: no crash is needed to show it."""
    invocations = itertools.count(1)

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        name = f"attempt-{next(invocations)}"  # the fault
        done = context.step(lambda _: "done", name)
        context.wait(Duration.from_hours(1), "pause")
        return done

    return handler


@SHELF.broken("replay-identity")
def branches_on_a_coin() -> object:
    """On several: one coin would fall as it did before in every execution of an exploration, once in a hundred."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        for _ in range(4):
            if random.random() < 0.5:  # the fault
                context.step(lambda _: None, "tell-ana")
            else:
                context.wait(Duration.from_seconds(5), "think")
        return context.step(lambda _: "done", "end") + context.step(lambda _: ".", "close")

    return handler


@SHELF.broken("replay-identity")
def skips_what_a_side_list_says_is_done() -> object:
    """The list is filled by the steps, so on replay it is empty, and everything is one place further on."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[str]:
        done: list[str] = []

        def work(name: str) -> str:
            done.append(name)  # the fault
            return name

        context.step(lambda _: work("fetch"), "fetch")
        if "fetch" in done:
            context.step(lambda _: work("parse"), "parse")
        return [context.step(lambda _: "stored", "store")]

    return handler


# result-stability: the result is not what the checkpoints imply.


@SHELF.broken("result-stability")
def result_with_the_time() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> dict[str, Any]:
        return {"draft": ask(context, model, "draft", "Draft").text, "at": time.time_ns()}  # the fault

    return workflow


@SHELF.broken("result-stability")
def result_with_a_uuid() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> dict[str, str]:
        return {"id": str(uuid.uuid4()), "saved": context.step(lambda _: "yes", "save")}  # the fault

    return handler


@SHELF.broken("result-stability")
def result_from_a_side_effect_of_a_step() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[str]:
        log: list[str] = []
        context.step(lambda _: log.append("charged"), "charge")  # the fault
        context.step(lambda _: log.append("shipped"), "ship")  # the fault
        return log

    return handler


@SHELF.broken("result-stability")
def answer_kept_beside_the_step() -> object:
    """The step returns nothing: on replay there is no answer to return."""

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        kept: dict[str, str] = {}
        context.step(
            lambda _: kept.update(text=say(model, "Draft")),  # the fault
            "draft",
            StepConfig(retry_strategy=SENSIBLE),
        )
        context.step(lambda _: None, "tell")
        return kept["text"]

    return workflow


@SHELF.broken("result-stability")
def nondeterminism_swallowed() -> object:
    """The SDK notices the other name, and `except Exception` makes that an ordinary answer."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        try:
            return context.step(lambda _: "saved", f"save-{uuid.uuid4()}")  # the fault
        except Exception:  # noqa: BLE001  # the fault
            return "not saved"

    return handler


@SHELF.broken("result-stability")
def keys_that_json_turns_into_text() -> object:
    """The step returns integers as keys; what is read back has strings."""

    class Points:
        total = 0

    @durable_execution
    def handler(event: Any, context: DurableContext) -> int:
        points = Points()

        def score(_: object) -> int:
            points.total += 7  # the fault
            return points.total

        context.step(score, "score")
        context.step(score, "score-again")
        return points.total

    return handler


# history-stability: other operations exist, or they ended otherwise.


@SHELF.broken("history-stability")
def one_more_step_an_invocation() -> object:
    invocations = itertools.count(1)

    @durable_execution
    def handler(event: Any, context: DurableContext) -> int:
        rounds = next(invocations)  # the fault
        for _ in range(rounds):
            context.step(lambda _: None, "round")
        return 0

    return handler


@SHELF.broken("history-stability")
def todo_list_that_a_step_extends() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        todo = ["plan"]

        def plan(_: object) -> None:
            todo.extend(["build", "test"])  # the fault

        context.step(plan, "plan")
        for _task in todo[1:]:
            context.step(lambda _: None, "task")
        return "done"

    return handler


@SHELF.broken("history-stability")
def step_only_while_not_cached() -> object:
    cache: dict[str, str] = {}

    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        if "token" not in cache:
            cache["token"] = context.step(lambda _: "t-1", "sign-in")  # the fault
        return context.step(lambda _: "done", "work")

    return handler


@SHELF.broken("history-stability")
def map_over_what_a_step_collected() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> int:
        pages: list[int] = []
        context.step(lambda _: pages.extend([1, 2]), "list-pages")  # the fault
        context.map(pages, lambda branch, page, *_: branch.step(lambda _: page, "fetch"), "pages")
        return 0

    return handler


# request-stability: the prompt drifted.


@SHELF.broken("request-stability")
def prompt_with_the_number_of_invocations() -> object:
    invocations = itertools.count(1)

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        number = next(invocations)  # the fault
        name = ask(context, model, "name", f"Name number {number}").text
        return ask(context, model, "greet", f"Greet {name}").text

    return workflow


@SHELF.broken("request-stability")
def prompt_with_the_time() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        return say_in_step(context, model, "draft", f"It is {time.time_ns()}. Draft.")  # the fault

    return workflow


@SHELF.broken("request-stability")
def messages_appended_inside_the_step() -> object:
    """On replay the step's body does not run, and the second question goes out without the first and its answer."""

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        messages: list[Message] = []

        def turn(text: str) -> ModelResponse:
            messages.append(Message.user(text))  # the fault
            response = model.converse(question(*messages))
            messages.append(response.message)  # the fault
            return response

        config: StepConfig = StepConfig(retry_strategy=SENSIBLE)
        context.step(lambda _: turn("Draft").text, "draft", config)
        return context.step(lambda _: turn("Shorter").text, "shorten", config)

    return workflow


@SHELF.broken("request-stability")
def prompt_from_an_answer_kept_beside_the_step() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        kept = {"draft": ""}
        config: StepConfig = StepConfig(retry_strategy=SENSIBLE)
        context.step(lambda _: kept.update(draft=say(model, "Draft")), "draft", config)  # the fault
        return say_in_step(context, model, "edit", f"Edit {kept['draft']}")

    return workflow


@SHELF.broken("request-stability")
def prompt_with_a_random_example() -> object:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        example = random.randbytes(8).hex()  # the fault
        first = say_in_step(context, model, "first", "Draft")
        return say_in_step(context, model, "second", f"{first}, like {example}")

    return workflow


@SHELF.broken("request-stability")
def conversation_in_a_global() -> object:
    conversation: list[str] = []

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        conversation.append("Draft")  # the fault
        return say_in_step(context, model, "draft", "; ".join(conversation))

    return workflow


@SHELF.broken("request-stability")
def another_prompt_after_an_error_that_was_not_recorded() -> object:
    """It asks for less after a failure, but remembers the failure in a variable: a crash in between forgets it."""

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> str:
        failures: list[str] = []

        def fetch(_: object) -> str:
            failures.append("no page 2")  # the fault
            raise OSError("no page 2")

        with contextlib.suppress(StepError):
            context.step(fetch, "fetch", StepConfig(retry_strategy=SENSIBLE))
        return say_in_step(context, model, "summarize", f"Summarize without {failures}")

    return workflow
