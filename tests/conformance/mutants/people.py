"""Mutants of `human_review`."""

from __future__ import annotations

import contextlib
import time

from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import Duration

from durable_conformance import Answered
from durable_conformance.rules import Severity
from durable_conformance.subject import APPROVE
from patterns.durable import ask, ask_for, ask_human, durable_handler
from patterns.human_review import REVIEW_TIMEOUT, Extraction, HumanReviewEvent, HumanReviewResult, Status
from providers import ModelError, ModelProvider
from providers.scripted import always, reply
from tests.conformance.corpus.asking import say
from tests.conformance.corpus.entry import Shelf

SHELF = Shelf()
DOCUMENT = {"document": "Invoice 7: 12 EUR"}
EXTRACTED = {"*": [always(reply({"fields": [{"name": "number", "value": "7"}]}))]}
APPROVED = {"human-review": [Answered(APPROVE)]}
WHAT = "Extract the fields"


def result(status: Status, notes: str | None = None) -> HumanReviewResult:
    return HumanReviewResult(status=status, notes=notes, extracted_fields={})


@SHELF.broken("suspension", event=DOCUMENT, script=EXTRACTED, callbacks=APPROVED)
def review_swallows_its_suspension() -> object:
    def mutant(event: HumanReviewEvent, context: DurableContext, model: ModelProvider) -> HumanReviewResult:
        ask_for(context, model, "extract-fields", WHAT, Extraction)
        with contextlib.suppress(BaseException):  # the fault
            ask_human(context, "human-review", REVIEW_TIMEOUT)
        return result("approved")

    return durable_handler(mutant)


@SHELF.broken("budget", event=DOCUMENT, script=EXTRACTED, callbacks=APPROVED, severity=Severity.WARNING)
def review_without_a_timeout() -> object:
    def mutant(event: HumanReviewEvent, context: DurableContext, model: ModelProvider) -> HumanReviewResult:
        ask_for(context, model, "extract-fields", WHAT, Extraction)
        context.wait_for_callback(lambda *_: None, "human-review")  # the fault
        return result("approved")

    return durable_handler(mutant)


@SHELF.broken("budget", event=DOCUMENT, script=EXTRACTED, callbacks=APPROVED)
def review_for_longer_than_any_execution() -> object:
    def mutant(event: HumanReviewEvent, context: DurableContext, model: ModelProvider) -> HumanReviewResult:
        ask_human(context, "human-review", Duration.from_days(400))  # the fault
        return result("approved")

    return durable_handler(mutant)


@SHELF.broken("durable-calls", event=DOCUMENT, script=EXTRACTED, callbacks=APPROVED)
def review_extracts_outside_a_step() -> object:
    def mutant(event: HumanReviewEvent, context: DurableContext, model: ModelProvider) -> HumanReviewResult:
        fields = say(model, event.document)  # the fault
        ask_human(context, "human-review", REVIEW_TIMEOUT)
        return result("approved", fields)

    return durable_handler(mutant)


@SHELF.broken("result-stability", event=DOCUMENT, script=EXTRACTED, callbacks=APPROVED)
def review_notes_when_it_was_decided() -> object:
    def mutant(event: HumanReviewEvent, context: DurableContext, model: ModelProvider) -> HumanReviewResult:
        ask_human(context, "human-review", REVIEW_TIMEOUT)
        return result("approved", f"decided at {time.time_ns()}")  # the fault

    return durable_handler(mutant)


@SHELF.broken("failure-visible", event=DOCUMENT, script=EXTRACTED, callbacks=APPROVED)
def review_approves_when_nothing_was_extracted() -> object:
    def mutant(event: HumanReviewEvent, context: DurableContext, model: ModelProvider) -> HumanReviewResult:
        with contextlib.suppress(ModelError):  # the fault
            ask(context, model, "extract-fields", event.document)
        return result("approved")

    return durable_handler(mutant)
