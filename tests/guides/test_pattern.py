"""A pattern is added as CONTRIBUTING.md says: one that asks for a limerick."""

from __future__ import annotations

import re
from pathlib import Path

from tests.guides.guide import Copy, follow

PATTERN = '''
"""One call, kept: a limerick is written once.

    write-limerick

What durability gives it: the limerick that was paid for is the one that is returned. A crash after the call costs
nothing but another invocation, which finds the limerick among the checkpoints; a throttled call suspends the function
and is made again by policy, without being billed for waiting.

The subject is the only thing that changes the prompt, so the same event asks the same question on every replay.

Invoke it with `{"subject": "tea"}`; it returns

    {"limerick": "…"}
"""

from aws_durable_execution_sdk_python import DurableContext

from patterns.durable import Event, Result, Text, ask, durable_handler
from providers import ModelProvider


class LimerickEvent(Event):
    """What to rhyme about."""

    subject: Text = "a cat"


class LimerickResult(Result):
    """The limerick."""

    limerick: str


def limerick(event: LimerickEvent, context: DurableContext, model: ModelProvider) -> LimerickResult:
    """Write a limerick about the subject."""
    written = ask(context, model, "write-limerick", f"Write a limerick about {event.subject}")
    return LimerickResult(limerick=written.text)


handler = durable_handler(limerick)
'''

CATALOGUE = """
from patterns.limerick import limerick
from providers.scripted import reply, stopped
from tests.patterns.catalogue.pattern import Pattern, bad_inputs, model_errors, recorded, scripted, stop_reasons

EVENT = {"subject": "tea"}
ANSWERS = {"write-limerick": [reply("There once was a leaf.")]}
EMPTY_FIRST = {"write-limerick": [stopped("end_turn"), reply("There once was a leaf.")]}

PATTERN = Pattern(
    limerick,
    {
        "default event": recorded("limerick/default", {}),
        "answered": scripted(EVENT, ANSWERS),
        **model_errors(EVENT, "write-limerick", ANSWERS),
        "empty, then a limerick": scripted(EVENT, EMPTY_FIRST),
        **stop_reasons(EVENT, "write-limerick", "a text"),
        **bad_inputs("subject"),
    },
)
"""

MUTANTS = '''
"""Mutants of `limerick`."""

from __future__ import annotations

import itertools
import time

from aws_durable_execution_sdk_python import DurableContext

from patterns.durable import ask, durable_handler
from patterns.limerick import LimerickEvent, LimerickResult
from providers import ModelError, ModelProvider
from tests.conformance.corpus.asking import say, say_in_step
from tests.conformance.corpus.entry import Shelf

SHELF = Shelf()


@SHELF.broken("durable-calls")
def limerick_asks_outside_a_step() -> object:
    def mutant(event: LimerickEvent, context: DurableContext, model: ModelProvider) -> LimerickResult:
        context.step(lambda _: None, "write-limerick")
        return LimerickResult(limerick=say(model, event.subject))

    return durable_handler(mutant)


@SHELF.broken("request-stability")
def limerick_dates_its_prompt() -> object:
    def mutant(event: LimerickEvent, context: DurableContext, model: ModelProvider) -> LimerickResult:
        return LimerickResult(limerick=say_in_step(context, model, "write-limerick", f"As of {time.time_ns()}"))

    return durable_handler(mutant)


@SHELF.broken("request-stability")
def limerick_numbers_its_invocations() -> object:
    invocations = itertools.count(1)

    def mutant(event: LimerickEvent, context: DurableContext, model: ModelProvider) -> LimerickResult:
        return LimerickResult(limerick=ask(context, model, "write-limerick", f"No. {next(invocations)}").text)

    return durable_handler(mutant)


@SHELF.broken("retry-policy")
def limerick_retries_every_exception() -> object:
    def mutant(event: LimerickEvent, context: DurableContext, model: ModelProvider) -> LimerickResult:
        return LimerickResult(limerick=context.step(lambda _: say(model, event.subject), "write-limerick"))

    return durable_handler(mutant)


@SHELF.broken("failure-visible")
def limerick_returns_nothing_when_it_failed() -> object:
    def mutant(event: LimerickEvent, context: DurableContext, model: ModelProvider) -> LimerickResult:
        try:
            return LimerickResult(limerick=ask(context, model, "write-limerick", event.subject).text)
        except ModelError:
            return LimerickResult(limerick="")

    return durable_handler(mutant)


@SHELF.broken("result-stability")
def limerick_stamps_its_result() -> object:
    def mutant(event: LimerickEvent, context: DurableContext, model: ModelProvider) -> LimerickResult:
        written = ask(context, model, "write-limerick", event.subject).text
        return LimerickResult(limerick=f"{written} (at {time.time_ns()})")

    return durable_handler(mutant)
'''

OLDER = """

@older(
    "limerick",
    {"subject": "tea"},
    [reply("There once was a leaf.")],
    Reported("/1:write-limerick", 0, "a haiku", "a limerick"),
)
def asked_for_a_haiku(event: LimerickEvent, context: DurableContext, model: ModelProvider) -> LimerickResult:
    return LimerickResult(limerick=ask(context, model, "write-limerick", f"Write a haiku about {event.subject}").text)
"""


def written(copy: Copy) -> None:
    copy.write("patterns/limerick.py", PATTERN)


def catalogued(copy: Copy) -> None:
    catalogue = "tests/patterns/catalogue"
    copy.write(f"{catalogue}/limerick.py", CATALOGUE)
    copy.insert(f"{catalogue}/__init__.py", "    llm_as_judge,\n", "    limerick,\n")
    copy.insert(f"{catalogue}/__init__.py", "        llm_as_judge.PATTERN,\n", "        limerick.PATTERN,\n")


def bounded(copy: Copy) -> None:
    copy.insert("tests/patterns/test_anything.py", '    "human_review": 1 +', '    "limerick": 1 + MAX_REPAIRS,\n')


def broken(copy: Copy) -> None:
    mutants = "tests/conformance/mutants"
    copy.write(f"{mutants}/limericks.py", MUTANTS)
    copy.insert(f"{mutants}/__init__.py", "\nMUTANTS", "from tests.conformance.mutants import limericks\n")
    copy.insert(f"{mutants}/__init__.py", "}\nPATTERNS", '    "limerick": limericks.SHELF,\n')
    copy.insert(f"{mutants}/__init__.py", '    "chaining":', '    "limerick": "limerick",\n')


def in_histories(copy: Copy) -> None:
    chosen = '    "limerick": ("default event", "answered", "throttled once", "access denied"),\n'
    copy.insert("tests/histories/selection.py", '    "human_review": (', chosen)
    older = "tests/histories/older.py"
    copy.append(older, OLDER)
    copy.insert(
        older, "from patterns.llm_as_judge import", "from patterns.limerick import LimerickEvent, LimerickResult\n"
    )


def deployed(copy: Copy) -> None:
    """As `prompt_chaining` is, which asks the same model."""
    template = (copy.folder / "template.yaml").read_text(encoding="utf-8")
    for kind, next_one in (("Function", "  HumanReviewFunction:\n"), ("Logs", "  HumanReviewLogs:\n")):
        (like,) = re.findall(rf"^  PromptChaining{kind}:\n(?:    .*\n)+\n", template, re.MULTILINE)
        text = like.replace("PromptChaining", "Limerick").replace("prompt-chaining", "limerick")
        copy.insert("template.yaml", next_one, text.replace("prompt_chaining", "limerick"))
    worst = '    "limerick": _scenario(_repaired("write-limerick", "a limerick")),\n'
    copy.insert("tests/template/worst_cases.py", '    "human_review": _scenario(', worst)
    seen = '        "limerick": (["small"], 3, 0),\n'
    copy.insert("tests/template/test_template.py", '        "llm_as_judge": (', seen)


def told(copy: Copy) -> None:
    lines = len((copy.folder / "patterns/limerick.py").read_text(encoding="utf-8").splitlines())
    row = f"| [`limerick`](patterns/limerick.py) | one call | a limerick is paid for once | {lines} |\n"
    copy.insert("README.md", "| [`llm_as_judge`](", row)


def test_a_pattern_is_added_as_the_list_says(tmp_path: Path) -> None:
    done = {1: written, 2: catalogued, 3: bounded, 4: broken, 5: in_histories, 6: deployed, 7: told}
    follow("Add a pattern", Copy.made(tmp_path, "limerick"), done)
