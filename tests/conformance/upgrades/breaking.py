"""Changes that executions which run meanwhile do not survive, or survive with old answers to new questions.

The SDK finds some of them by itself: another type, subtype or name at a recorded place. It finds neither a changed
prompt, nor steps that changed places under equal names, nor items, callbacks or steps that came or went at an end.
"""

from __future__ import annotations

from typing import Any

from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import Duration, MapConfig, StepConfig, WaitForCallbackConfig
from aws_durable_execution_sdk_python.retries import RetryStrategyConfig, create_retry_strategy

from durable_conformance import Answered
from providers import ModelProvider, ModelThrottledError
from providers.scripted import reply, throttled
from tests.conformance.corpus.asking import SENSIBLE, question, say_in_step
from tests.conformance.upgrades.change import Before, Changes, Reported

CHANGES = Changes()
LANGUAGES = ("de", "fr")
A_DAY = WaitForCallbackConfig(timeout=Duration.from_days(1))


def approve(context: DurableContext) -> str:
    return context.wait_for_callback(lambda _id, _step: None, "approve", A_DAY) or ""


def translate(
    context: DurableContext,
    model: ModelProvider,
    text: str,
    languages: tuple[str, ...] = LANGUAGES,
    config: MapConfig[str] | None = None,
) -> str:
    def into(branch: DurableContext, language: str, *_: object) -> str:
        return say_in_step(branch, model, "say", f"{text} in {language}")

    return " ".join(context.map(list(languages), into, "translate", config).get_results())


def titled(context: DurableContext, model: ModelProvider, edited: str, languages: tuple[str, ...] = LANGUAGES) -> str:
    """Translates, waits for a person, and finds a title: what no change here but two is about."""
    translated = translate(context, model, edited, languages)
    return say_in_step(context, model, "title", f"Title for {translated}, {approve(context)}")


def published(event: Any, context: DurableContext, model: ModelProvider) -> str:
    """What ran when the history was recorded: draft, edit, translate twice, wait for a person, title."""
    draft = say_in_step(context, model, "draft", "Draft")
    return titled(context, model, say_in_step(context, model, "edit", f"Edit {draft}"))


BEFORE = Before(published, callbacks={"approve": [Answered('"yes"')]})


@CHANGES.breaking(
    BEFORE,
    Reported("/1:draft", 0, "STEP/Step SUCCEEDED", "no such operation"),
    Reported("/1:draft", 1, "recorded operations", "checkpoint='draft' current='sketch'"),
)
def renamed(event: Any, context: DurableContext, model: ModelProvider) -> str:
    draft = say_in_step(context, model, "sketch", "Draft")
    return titled(context, model, say_in_step(context, model, "edit", f"Edit {draft}"))


@CHANGES.breaking(
    BEFORE,
    Reported("/1:research", 0, "Draft", "Research"),
    Reported("/1:draft", 1, "recorded operations", "checkpoint='draft' current='research'"),
)
def inserted_at_the_start(event: Any, context: DurableContext, model: ModelProvider) -> str:
    say_in_step(context, model, "research", "Research")
    draft = say_in_step(context, model, "draft", "Draft")
    return titled(context, model, say_in_step(context, model, "edit", f"Edit {draft}"))


@CHANGES.breaking(
    BEFORE,
    Reported("/3:proof", 0, "no request", "Proof"),
    Reported("/3:translate", 5, "recorded operations", "subtype checkpoint='Map' current='Step'"),
)
def inserted_in_the_middle(event: Any, context: DurableContext, model: ModelProvider) -> str:
    draft = say_in_step(context, model, "draft", "Draft")
    edited = say_in_step(context, model, "edit", f"Edit {draft}")
    say_in_step(context, model, "proof", f"Proof {edited}")
    return titled(context, model, edited)


@CHANGES.breaking(
    BEFORE,
    Reported("/2:translate/0:map-item-0/1:say", 0, "no request", "in de"),
    Reported("/2:edit", 3, "recorded operations", "type checkpoint='STEP' current='CONTEXT'"),
)
def removed(event: Any, context: DurableContext, model: ModelProvider) -> str:
    """Side by side, either branch could be the first to ask what was not recorded, which ends the execution."""
    translate(context, model, say_in_step(context, model, "draft", "Draft"), config=MapConfig(max_concurrency=1))
    return approve(context)


@CHANGES.breaking(
    BEFORE,
    Reported("/1:edit", 0, "Draft", "Edit nothing"),
    Reported("/1:draft", 1, "recorded operations", "checkpoint='draft' current='edit'"),
)
def swapped(event: Any, context: DurableContext, model: ModelProvider) -> str:
    edited = say_in_step(context, model, "edit", "Edit nothing")
    draft = say_in_step(context, model, "draft", "Draft")
    return titled(context, model, edited + draft)


@CHANGES.breaking(
    BEFORE,
    Reported("/1:draft/1:draft", 0, "no request", "Draft"),
    Reported("/1:draft", 1, "recorded operations", "type checkpoint='STEP' current='CONTEXT'"),
)
def step_made_a_child_context(event: Any, context: DurableContext, model: ModelProvider) -> str:
    draft = context.run_in_child_context(lambda child: say_in_step(child, model, "draft", "Draft"), "draft")
    return titled(context, model, say_in_step(context, model, "edit", f"Edit {draft}"))


@CHANGES.breaking(BEFORE, Reported("/2:edit", 0, "Edit answer", "Shorten answer"))
def prompt_changed(event: Any, context: DurableContext, model: ModelProvider) -> str:
    draft = say_in_step(context, model, "draft", "Draft")
    return titled(context, model, say_in_step(context, model, "edit", f"Shorten {draft}"))


@CHANGES.breaking(BEFORE, Reported("/3:translate/2:map-item-2/1:say", 0, "no request", "in it"))
def item_added(event: Any, context: DurableContext, model: ModelProvider) -> str:
    draft = say_in_step(context, model, "draft", "Draft")
    return titled(context, model, say_in_step(context, model, "edit", f"Edit {draft}"), (*LANGUAGES, "it"))


@CHANGES.breaking(BEFORE, Reported("/5:title", 0, "Title for answer", "Title for answer"))
def item_removed(event: Any, context: DurableContext, model: ModelProvider) -> str:
    draft = say_in_step(context, model, "draft", "Draft")
    return titled(context, model, say_in_step(context, model, "edit", f"Edit {draft}"), LANGUAGES[:1])


@CHANGES.breaking(
    BEFORE,
    Reported("/4:title", 0, "no request", "yes"),
    Reported("/4:approve", 15, "recorded operations", "subtype checkpoint='WaitForCallback' current='Step'"),
)
def callback_removed(event: Any, context: DurableContext, model: ModelProvider) -> str:
    draft = say_in_step(context, model, "draft", "Draft")
    edited = say_in_step(context, model, "edit", f"Edit {draft}")
    translated = translate(context, model, edited, LANGUAGES)
    return say_in_step(context, model, "title", f"Title for {translated}, yes")


@CHANGES.breaking(BEFORE, Reported("/6:announce", 0, "no request", "Announce"))
def appended(event: Any, context: DurableContext, model: ModelProvider) -> str:
    title = published(event, context, model)
    say_in_step(context, model, "announce", "Announce it")
    return title


def asked_twice(event: Any, context: DurableContext, model: ModelProvider) -> str:
    """Two steps of one name: the SDK cannot tell them apart."""
    pro = say_in_step(context, model, "ask", "What speaks for it?")
    con = say_in_step(context, model, "ask", "What speaks against it?")
    return f"{pro} {con}"


@CHANGES.breaking(Before(asked_twice), Reported("/1:ask", 0, "for it?", "against it?"))
def swapped_under_equal_names(event: Any, context: DurableContext, model: ModelProvider) -> str:
    con = say_in_step(context, model, "ask", "What speaks against it?")
    pro = say_in_step(context, model, "ask", "What speaks for it?")
    return f"{pro} {con}"


def rolled(event: Any, context: DurableContext, model: ModelProvider) -> list[int]:
    """Two steps without a name and without a model."""
    return [context.step(lambda _: 1), context.step(lambda _: 2)]


@CHANGES.breaking(Before(rolled), Reported("execution", 0, "[1, 2]", "[2, 1]"))
def swapped_without_names(event: Any, context: DurableContext, model: ModelProvider) -> list[int]:
    second, first = context.step(lambda _: 2), context.step(lambda _: 1)
    return [first, second]


def logged(event: Any, context: DurableContext, model: ModelProvider) -> str:
    """Its last step's result is used by nobody, and its last callback's answer neither."""
    draft = say_in_step(context, model, "draft", "Draft")
    context.step(lambda _: None, "log")
    approve(context)
    return draft


LOGGED = Before(logged, callbacks={"approve": [Answered('"yes"')]})


@CHANGES.breaking(
    LOGGED,
    Reported("/3:approve", 0, "CONTEXT/WaitForCallback SUCCEEDED", "no such operation"),
    Reported("/3:approve", 5, "as it was recorded", "does not come by it"),
)
def callback_removed_at_the_end(event: Any, context: DurableContext, model: ModelProvider) -> str:
    draft = say_in_step(context, model, "draft", "Draft")
    context.step(lambda _: None, "log")
    return draft


@CHANGES.breaking(
    LOGGED,
    Reported("/2:log", 0, "STEP/Step SUCCEEDED", "no such operation"),
    Reported("/2:log", 3, "as it was recorded", "does not come by it"),
)
def everything_removed_at_the_end(event: Any, context: DurableContext, model: ModelProvider) -> str:
    return say_in_step(context, model, "draft", "Draft")


@CHANGES.breaking(LOGGED, Reported("execution", 2, "SUCCEEDED", "FAILED AttributeError"))
def another_payload(event: Any, context: DurableContext, model: ModelProvider) -> str:
    """A new execution is fine; one that has the old payload in its checkpoint is not."""
    request = question("Draft")
    draft: dict[str, str] = context.step(
        lambda _: {"text": model.converse(request).text}, "draft", StepConfig(retry_strategy=SENSIBLE)
    )
    context.step(lambda _: None, "log")
    approve(context)
    return draft.get("text", "")


@CHANGES.breaking(LOGGED, Reported("execution", 0, "answer", "{"))
def another_result(event: Any, context: DurableContext, model: ModelProvider) -> dict[str, str]:
    return {"draft": logged(event, context, model)}


PATIENT = Before(logged, script={"*": [throttled(), throttled(), reply("A draft.")]}, callbacks=LOGGED.callbacks)


@CHANGES.breaking(PATIENT, Reported("execution", 0, "SUCCEEDED", "FAILED"))
def fewer_attempts(event: Any, context: DurableContext, model: ModelProvider) -> str:
    request = question("Draft")
    impatient: StepConfig = StepConfig(
        retry_strategy=create_retry_strategy(
            RetryStrategyConfig(max_attempts=2, retryable_error_types=[ModelThrottledError])
        )
    )
    draft = context.step(lambda _: model.converse(request).text, "draft", impatient)
    context.step(lambda _: None, "log")
    approve(context)
    return draft
