"""What a timeline draws in a terminal."""

from __future__ import annotations

import io
import re

from rich.console import Console

from durable_conformance import Silence
from durable_conformance.execution import (
    Event,
    InvocationBegan,
    ModelAsked,
    OperationBegan,
    OperationCalled,
    OperationReplayed,
)
from durable_conformance.reporting import InvocationTree, LiveTimeline, PlainTimeline, timeline_on
from patterns.durable_strands_agent import durable_strands_agent
from patterns.human_review import human_review
from patterns.prompt_chaining import prompt_chaining
from providers.scripted import reply, throttled, tool_use
from tests.conformance.made_up_runs import began
from tests.conformance.timelines import Script, executed, without_places

REPLAYED = "from its checkpoint, the model is not asked again"


def terminal() -> Console:
    return Console(record=True, force_terminal=True, width=100, height=50, color_system=None, file=io.StringIO())


def shown(console: Console) -> str:
    """What was drawn, with every number of tokens as N and every delay as D, without lines of code."""
    text = re.sub(r"\d+ tokens in, \d+ out", "N tokens", without_places(console.export_text()))
    return re.sub(r"\b\d+ s\b", "D s", text)


def drawn(*events: Event) -> str:
    first, *others = events
    assert isinstance(first, InvocationBegan)
    tree = InvocationTree(first.invocation)
    for event in others:
        tree.add(event)
    console = terminal()
    console.print(tree.drawn())
    return shown(console)


def trees(*events: Event) -> str:
    """The trees of all invocations, as they are at their end."""
    starts = [number for number, event in enumerate(events) if isinstance(event, InvocationBegan)]
    return "".join(drawn(*events[start:end]) for start, end in zip(starts, [*starts[1:], None], strict=True))


def test_a_crash_and_the_recovery() -> None:
    events: list[Event] = []
    executed(prompt_chaining, "/1:generate-joke:after-succeed", "/2:review-joke:during-call", listener=events.append)
    assert trees(*events) == (
        "invocation 1, died\n"
        "└── ✓ /1:generate-joke  small: N tokens\n"
        "    └── the process died here: SUCCEED after it persisted, the response lost\n"
        "invocation 2, died\n"
        f"├── ✓ /1:generate-joke  {REPLAYED}\n"
        "└── • /2:review-joke  asking small\n"
        "    └── the process died here: during the model call\n"
        "invocation 3, succeeded\n"
        f"├── ✓ /1:generate-joke  {REPLAYED}\n"
        "└── ✓ /2:review-joke  again; small: N tokens\n"
    )


def test_a_retry() -> None:
    events: list[Event] = []
    script: Script = {"generate-joke": [throttled(), reply("Ha")], "review-joke": [reply("7")]}
    executed(prompt_chaining, listener=events.append, script=script)
    first, second = trees(*events).split("invocation 2, ")
    assert first.startswith(
        "invocation 1, suspended\n└── ↻ /1:generate-joke  small: ModelThrottledError; again in D s: "
    )
    assert second == (
        "succeeded\n"
        "├── ✓ /1:generate-joke  attempt 2; small: N tokens\n"
        "└── ✓ /2:review-joke  small: N tokens\n"
    )  # fmt: skip


def test_an_agents_calls_stand_under_it() -> None:
    events: list[Event] = []
    script = {"converse": [tool_use("get_population", {"city": "Paris"}), reply("2,100,000.")]}
    executed(durable_strands_agent, "/1:agent/3:converse:before-succeed", listener=events.append, script=script)
    assert trees(*events) == (
        "invocation 1, died\n"
        "└── • /1:agent\n"
        "    ├── ✓ /1:converse  medium: N tokens\n"
        "    ├── ✓ /2:tool:get_population\n"
        "    └── • /3:converse  medium: N tokens\n"
        "        └── the process died here: SUCCEED before it persists\n"
        "invocation 2, succeeded\n"
        "└── ✓ /1:agent  resumed\n"
        f"    ├── ✓ /1:converse  {REPLAYED}\n"
        "    ├── ✓ /2:tool:get_population  from its checkpoint\n"
        "    └── ✓ /3:converse  again; medium: N tokens\n"
    )


def test_a_terminal_is_drawn_in_and_keeps_what_has_ended() -> None:
    console = terminal()
    with LiveTimeline(console) as timeline:
        executed(human_review, listener=timeline, answer=Silence())
    kept = shown(console)
    assert (
        "└── … /2:human-review\n"
        "    ├── … /1:human-review create callback id  waits for an answer, at most 7 d\n"
        "    └── ✓ /2:human-review submitter\n"
        "  7 d pass\n"
        "  answer: none in time\n"
    ) in kept
    assert kept.endswith(
        f"├── ✓ /1:extract-fields  {REPLAYED}\n"
        "└── ✗ /2:human-review  resumed; CallbackTimeoutError: Callback timed out\n"
        "    ├── ✓ /1:human-review create callback id  from its checkpoint\n"
        "    └── ✓ /2:human-review submitter  from its checkpoint\n"
    )


def test_what_runs_shows_what_it_does() -> None:
    path = "/1:agent/1:converse"
    running = drawn(began(1), OperationBegan(path, 1, again=False), ModelAsked(path, "medium"))
    assert re.sub(r"[⠀-⣿]", "*", running) == (
        "invocation 1\n"
        "└── * /1:agent\n"
        "    └── * /1:converse  asking medium\n"
    )  # fmt: skip


def test_a_model_call_outside_any_operation_has_a_place() -> None:
    assert drawn(began(1), ModelAsked(None, "small")).endswith("outside any operation  asking small\n")


def test_a_pipe_gets_words_whatever_colours_are_forced() -> None:
    """Such as in a CI that shows colours."""
    assert isinstance(timeline_on(Console(file=io.StringIO(), force_terminal=True)), PlainTimeline)


def test_an_operation_that_runs_has_the_line_that_calls_it_and_a_replayed_one_has_none() -> None:
    called, begins = OperationCalled("/1:ask", "app.py:31"), OperationBegan("/1:ask", 1, again=False)
    tree = InvocationTree(1)
    console = terminal()
    for event in (called, begins, OperationReplayed("/2:before", called=False)):
        tree.add(event)
    console.print(tree.drawn())
    text = console.export_text()
    assert "/1:ask  app.py:31\n" in text
    assert "/2:before  from its checkpoint\n" in text
