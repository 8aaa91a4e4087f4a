"""What a timeline tells of an execution, line by line."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import Duration
from rich.console import Console

from durable_conformance import Answered, CrashKind, CrashPoint, Silence
from durable_conformance.execution import (
    Checkpointed,
    InvocationEnded,
    OperationBegan,
    OperationCalled,
    OperationReplayed,
    ProcessDied,
    TimePassed,
)
from durable_conformance.execution import Event as Told
from durable_conformance.reporting import PlainTimeline, duration, worded
from durable_conformance.runtime import Narrator
from patterns.durable import Event
from patterns.human_review import human_review
from patterns.llm_as_judge import llm_as_judge
from patterns.prompt_chaining import prompt_chaining
from providers import Message, ModelProvider, ModelRequest
from providers.scripted import reply, throttled
from tests.conformance.made_up_runs import began
from tests.conformance.timelines import executed, told

JOKE, REVIEW = "/1:generate-joke", "/2:review-joke"
CALLBACK, SUBMITTER = "/2:human-review/1:human-review create callback id", "/2:human-review/2:human-review submitter"
REPLAYED = "from its checkpoint, the model is not asked again"
DEATH = CrashPoint("/1:a", "START", 0, CrashKind.BEFORE_PERSIST)


def update(path: str, action: str, **more: Any) -> Checkpointed:
    return Checkpointed(1, path, action, 0, **({"type": "STEP"} | more))


def done(path: str, began: str = "") -> list[str]:
    """The lines of a model call's step, undisturbed."""
    return [f"began {path} {began}".rstrip(), f"model {path} small: N tokens", f"succeeded {path}"]


def test_a_completed_call_is_not_repeated() -> None:
    lines, run = told(prompt_chaining, f"{JOKE}:after-succeed")
    assert lines == [
        "invocation 1",
        *done(JOKE),
        f"died {JOKE} SUCCEED after it persisted, the response lost",
        "invocation 2",
        f"replayed {JOKE} {REPLAYED}",
        *done(REVIEW),
    ]
    assert (len(run.calls), run.repeated_calls, run.calls_made_again) == (2, (), ())


def test_a_call_whose_process_dies_before_the_checkpoint_is_made_again_each_time() -> None:
    lines, run = told(prompt_chaining, f"{JOKE}:before-succeed", f"{JOKE}:before-succeed")
    died = f"died {JOKE} SUCCEED before it persists"
    assert lines == [
        "invocation 1",
        *done(JOKE)[:2],
        died,
        "invocation 2",
        *done(JOKE, "again")[:2],
        died,
        "invocation 3",
        *done(JOKE, "again"),
        *done(REVIEW),
    ]
    assert (len(run.calls), run.repeated_calls) == (4, ())
    assert [call.invocation for call in run.calls_made_again] == [2, 3]


def test_a_process_dies_during_a_call() -> None:
    lines, run = told(prompt_chaining, f"{REVIEW}:during-call")
    assert lines[4:9] == [
        f"began {REVIEW}",
        f"died {REVIEW} during the model call",
        "invocation 2",
        f"replayed {JOKE} {REPLAYED}",
        f"began {REVIEW} again",
    ]
    assert [call.path for call in run.calls_made_again] == [REVIEW]


def test_a_zombie_is_not_heard() -> None:
    """A process whose token is revoked goes on until it notices."""
    lines, _ = told(prompt_chaining, f"{JOKE}:revoked-succeed")
    assert lines[4:6] == [f"died {JOKE} SUCCEED after it persisted, the token revoked", "invocation 2"]


def test_a_retry_waits_in_virtual_time_and_its_attempt_is_counted() -> None:
    lines, run = told(
        prompt_chaining, script={"generate-joke": [throttled(), reply("Ha")], "review-joke": [reply("7")]}
    )
    (delay,) = run.retry_schedule[JOKE]
    assert lines[1:3] == [f"began {JOKE}", f"model {JOKE} small: ModelThrottledError"]
    assert lines[3].startswith(f"failed {JOKE} again in {delay} s: ModelThrottledError: ")
    assert lines[4:8] == ["suspended", f"time {delay} s pass", "invocation 2", f"began {JOKE} attempt 2"]


def test_a_person_who_is_silent_lets_days_pass() -> None:
    lines, run = told(human_review, answer=Silence())
    assert lines[4:14] == [
        "began /2:human-review",
        f"waits {CALLBACK} for an answer, at most 7 d",
        f"began {SUBMITTER}",
        f"succeeded {SUBMITTER}",
        "suspended",
        "time 7 d pass",
        f"answer {CALLBACK} none in time",
        "invocation 2",
        f"replayed /1:extract-fields {REPLAYED}",
        "resumed /2:human-review",
    ]
    assert lines[-1] == "failed /2:human-review CallbackTimeoutError: Callback timed out"
    assert run.result["status"] == "timed_out"


def test_what_stands_behind_a_wait_is_replayed_too() -> None:
    """The SDK's plugins are not told of it: the context goes on at the callback, which has not ended."""
    lines, _ = told(human_review, f"{SUBMITTER}:after-succeed", answer=Answered('{"approved": true}'))
    second = lines[lines.index("invocation 2") : lines.index("invocation 3")]
    assert second[1:] == [
        f"replayed /1:extract-fields {REPLAYED}",
        "resumed /2:human-review",
        f"replayed {SUBMITTER} from its checkpoint",
        "suspended",
        f'answer {CALLBACK} {{"approved": true}}',
    ]


def test_a_context_that_had_ended_is_replayed_as_one() -> None:
    lines, _ = told(llm_as_judge, "/2:judge:before-succeed")
    second = lines[lines.index("invocation 2") :]
    assert second[1] == f"replayed /1:candidates {REPLAYED}"
    assert not [line for line in second if "/1:candidates/" in line]


def test_branches_are_told_on_whatever_thread_they_run() -> None:
    lines, _ = told(llm_as_judge)
    for branch in ("/1:candidates/0:candidates-1", "/1:candidates/1:candidates-2"):
        own = [line for line in lines if branch in line]
        assert [line.split()[0] for line in own] == ["began", "began", "model", "succeeded", "succeeded"]


def wait_and_invoke(event: Event, context: DurableContext, model: ModelProvider) -> Any:
    context.wait(Duration.from_minutes(90), name="pause")
    return context.invoke("payments", {"order": 7}, name="pay")


def test_timers_and_chained_invocations() -> None:
    lines, _ = told(wait_and_invoke, answer=Answered('"paid"'))
    assert lines == [
        "invocation 1",
        "waits /1:pause for 1 h 30 min",
        "suspended",
        "time 1 h 30 min pass",
        "invocation 2",
        "replayed /1:pause from its checkpoint",
        "waits /2:pay for payments",
        "suspended",
        'answer /2:pay "paid"',
        "invocation 3",
        "replayed /1:pause from its checkpoint",
        "replayed /2:pay from its checkpoint",
    ]


def test_what_a_dead_process_still_does_is_not_told() -> None:
    """Such as its other branches, which notice later."""
    heard: list[Told] = []
    narrator = Narrator(heard.append)
    first, died, second = began(1), ProcessDied("/1:a", DEATH), began(2)
    late, ended = OperationBegan("/1:b", 1, again=False), InvocationEnded("PENDING")
    for event in (first, died, late, ended, second, late):
        narrator.tell(event)
    assert heard == [first, died, second, late]


def test_what_the_listener_raises_ends_the_run_and_not_a_thread_of_the_sdk() -> None:
    """As when the pipe is closed that the timeline is printed to."""

    def closed(event: Told) -> None:
        if isinstance(event, Checkpointed) and event.action == "SUCCEED":
            raise BrokenPipeError("nobody reads")

    with pytest.raises(BrokenPipeError, match="nobody reads"):
        executed(prompt_chaining, listener=closed)


def test_a_model_call_outside_any_operation_has_no_path() -> None:
    def impatient(event: Event, context: DurableContext, model: ModelProvider) -> str:
        return model.converse(ModelRequest(messages=(Message.user("Hi"),))).text

    lines, _ = told(impatient)
    assert lines[1] == "model small: N tokens"


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (update("/1:poll", "RETRY", delay_seconds=5), "polled    /1:poll  again in 5 s"),
        (update("/1:ask", "START", type="CALLBACK", timeout_seconds=0), "waits     /1:ask  for an answer"),
        (update("/1:a", "FAIL", error="Odd: \x1b[31mred\x07\n  and more"), "failed    /1:a  Odd: [31mred and more"),
        (update("/1:a", "FAIL", error="x" * 500), f"failed    /1:a  {'x' * 160}…"),
        (OperationBegan("/1:a", 2, again=True), "began     /1:a  attempt 2, again"),
        (OperationBegan("/1:a", None, again=True), "resumed   /1:a"),
        (OperationReplayed("/1:a", called=False), "replayed  /1:a  from its checkpoint"),
        (ProcessDied("/1:a", DEATH), "died      /1:a  START before it persists"),
        (TimePassed(3), "time      3 s pass"),
    ],
)
def test_an_event_is_one_line_without_control_characters(event: Told, line: str) -> None:
    assert str(worded(event)) == line


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (5_400, "1 h 30 min"), (604_800, "7 d"), (90_061, "1 d 1 h")],
)
def test_a_duration_has_its_two_largest_units(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def test_a_name_that_looks_like_markup_is_printed_as_it_is() -> None:
    printed = io.StringIO()
    PlainTimeline(Console(file=printed))(OperationBegan("/1:smile:[bold]", 1, again=False))
    assert printed.getvalue() == "  began     /1:smile:[bold]\n"


def test_an_operation_is_told_with_the_line_that_calls_it_where_it_begins() -> None:
    printed = io.StringIO()
    with PlainTimeline(Console(file=printed)) as timeline:
        executed(human_review, "/1:extract-fields:revoked-start", listener=timeline, answer=Silence())
    lines = printed.getvalue().splitlines()
    source = Path("patterns/human_review.py").read_text().splitlines()
    (extracts,), (reviews,) = (
        [f"patterns/human_review.py:{n}" for n, line in enumerate(source, 1) if name in line]
        for name in ("ask_for(context", "ask_human(context")
    )
    begun = [line for line in lines if "began     /1:extract-fields" in line]
    assert [line.endswith(extracts) for line in begun] == [True] * len(begun) != []
    (waits,) = (line for line in lines if line.startswith(f"  waits     {CALLBACK}"))
    assert not re.search(r"\.py:\d+", waits), "the line is that of the operation in which it stands"
    assert any(line.startswith("  began     /2:human-review ") and line.endswith(reviews) for line in lines)
    assert [line for line in lines if "replayed" in line and ".py:" in line] == []


def test_a_line_that_a_dead_process_came_to_is_told_when_the_next_one_does() -> None:
    heard: list[Told] = []
    narrator = Narrator(heard.append)
    first, died, second = began(1), ProcessDied("/1:a", DEATH), began(2)
    narrator.tell(first)
    narrator.tell(died)
    narrator.lines["/1:b"] = "app.py:31"
    begins = OperationBegan("/1:b", 1, again=False)
    for event in (begins, second, begins, begins):
        narrator.tell(event)
    assert heard[2:] == [second, OperationCalled("/1:b", "app.py:31"), begins, begins]
