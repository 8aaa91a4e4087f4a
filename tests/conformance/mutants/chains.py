"""Mutants of `prompt_chaining` and `structured_output`."""

from __future__ import annotations

import itertools
import time

from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import StepConfig

from durable_conformance.rules import Severity
from patterns.durable import ask, ask_for, durable_handler
from patterns.prompt_chaining import PromptChainingEvent, PromptChainingResult
from patterns.structured_output import Contact, StructuredOutputEvent
from providers import Message, ModelError, ModelOutputError, ModelProvider
from providers.scripted import always, reply
from tests.conformance.corpus.asking import SENSIBLE, question, say, say_in_step
from tests.conformance.corpus.entry import Shelf

SHELF = Shelf()
TOPIC = {"topic": "tides"}
TEXT = {"text": "Ana from Initech, ana@initech.example"}
CONTACT = always(reply({"name": "Ana", "email": "ana@initech.example", "company": "Initech"}))


@SHELF.broken("durable-calls", event=TOPIC)
def chaining_reviews_outside_its_step() -> object:
    def mutant(event: PromptChainingEvent, context: DurableContext, model: ModelProvider) -> PromptChainingResult:
        joke = ask(context, model, "generate-joke", f"Make a joke about {event.topic}").text
        return PromptChainingResult(joke=joke, review=say(model, f"Rate {joke}"))  # the fault

    return durable_handler(mutant)


@SHELF.broken("request-stability", event=TOPIC)
def chaining_dates_its_prompt_and_checks_no_digest() -> object:
    def mutant(event: PromptChainingEvent, context: DurableContext, model: ModelProvider) -> PromptChainingResult:
        joke = say_in_step(
            context,
            model,
            "generate-joke",
            f"A joke about {event.topic} as of {time.time_ns()}",  # the fault
        )
        return PromptChainingResult(joke=joke, review=say_in_step(context, model, "review-joke", f"Rate {joke}"))

    return durable_handler(mutant)


@SHELF.broken("retry-policy", event=TOPIC, severity=Severity.WARNING)
def chaining_retries_every_exception() -> object:
    def mutant(event: PromptChainingEvent, context: DurableContext, model: ModelProvider) -> PromptChainingResult:
        joke = context.step(lambda _: say(model, f"A joke about {event.topic}"), "generate-joke")  # the fault
        return PromptChainingResult(joke=joke, review=ask(context, model, "review-joke", f"Rate {joke}").text)

    return durable_handler(mutant)


@SHELF.broken("request-stability", event=TOPIC)
def chaining_appends_to_its_messages_inside_the_step() -> object:
    def mutant(event: PromptChainingEvent, context: DurableContext, model: ModelProvider) -> PromptChainingResult:
        messages: list[Message] = []

        def turn(text: str) -> str:
            messages.append(Message.user(text))  # the fault
            messages.append(model.converse(question(*messages)).message)  # the fault
            return messages[-1].text

        config: StepConfig = StepConfig(retry_strategy=SENSIBLE)
        joke = context.step(lambda _: turn(f"A joke about {event.topic}"), "generate-joke", config)
        return PromptChainingResult(joke=joke, review=context.step(lambda _: turn("Rate it"), "review-joke", config))

    return durable_handler(mutant)


@SHELF.broken("failure-visible", event=TOPIC)
def chaining_returns_nothing_when_it_failed() -> object:
    def mutant(event: PromptChainingEvent, context: DurableContext, model: ModelProvider) -> PromptChainingResult:
        try:
            joke = ask(context, model, "generate-joke", f"A joke about {event.topic}").text
            return PromptChainingResult(joke=joke, review=ask(context, model, "review-joke", f"Rate {joke}").text)
        except ModelError:  # the fault
            return PromptChainingResult(joke="", review="")

    return durable_handler(mutant)


@SHELF.broken("no-invocation-state", event=TOPIC)
def chaining_reviews_the_first_joke_it_ever_made() -> object:
    jokes: list[str] = []

    def mutant(event: PromptChainingEvent, context: DurableContext, model: ModelProvider) -> PromptChainingResult:
        jokes.append(  # the fault
            say_in_step(context, model, "generate-joke", f"A joke about {event.topic}, no. {len(jokes)}")
        )
        return PromptChainingResult(joke=jokes[0], review=say_in_step(context, model, "review-joke", jokes[0]))

    return durable_handler(mutant)


@SHELF.broken("durable-calls", event=TEXT, script={"*": [CONTACT]})
def structured_repairs_outside_a_step() -> object:
    def mutant(event: StructuredOutputEvent, context: DurableContext, model: ModelProvider) -> Contact:
        context.step(lambda _: None, "extract-contact")
        return model.converse(question(event.text)).parse(Contact)  # the fault

    return durable_handler(mutant)


@SHELF.broken("request-stability", event=TEXT, script={"*": [CONTACT]})
def structured_numbers_its_invocations() -> object:
    invocations = itertools.count(1)

    def mutant(event: StructuredOutputEvent, context: DurableContext, model: ModelProvider) -> Contact:
        prompt = f"Extract the contact ({next(invocations)}) from {event.text}"  # the fault
        return ask_for(context, model, "extract-contact", prompt, Contact)

    return durable_handler(mutant)


@SHELF.broken("retry-policy", event=TEXT, script={"*": [CONTACT]})
def structured_retries_inside_the_step() -> object:
    def mutant(event: StructuredOutputEvent, context: DurableContext, model: ModelProvider) -> Contact:
        def extract(_: object) -> str:
            for _repair in range(2):  # the fault
                try:
                    return say(model, event.text)
                except ModelError:
                    continue
            raise ModelOutputError("no usable reply")

        text = context.step(extract, "extract-contact", StepConfig(retry_strategy=SENSIBLE))
        return Contact.model_validate_json(text)

    return durable_handler(mutant)


@SHELF.broken("failure-visible", event=TEXT, script={"*": [CONTACT]})
def structured_invents_a_contact_when_it_failed() -> object:
    def mutant(event: StructuredOutputEvent, context: DurableContext, model: ModelProvider) -> Contact:
        try:
            return ask_for(context, model, "extract-contact", event.text, Contact)
        except ModelError:  # the fault
            return Contact(name="unknown", email="unknown@unknown", company="")

    return durable_handler(mutant)


@SHELF.broken("no-invocation-state", event=TEXT, script={"*": [CONTACT]})
def structured_caches_contacts_in_the_module() -> object:
    contacts: dict[str, Contact] = {}

    def mutant(event: StructuredOutputEvent, context: DurableContext, model: ModelProvider) -> Contact:
        if event.text not in contacts:
            contacts[event.text] = ask_for(context, model, "extract-contact", event.text, Contact)  # the fault
        return contacts[event.text]

    return durable_handler(mutant)


@SHELF.broken("result-stability", event=TEXT, script={"*": [CONTACT]})
def structured_stamps_its_result() -> object:
    def mutant(event: StructuredOutputEvent, context: DurableContext, model: ModelProvider) -> Contact:
        contact = ask_for(context, model, "extract-contact", event.text, Contact)
        return contact.model_copy(update={"company": f"{contact.company} (read at {time.time_ns()})"})  # the fault

    return durable_handler(mutant)
