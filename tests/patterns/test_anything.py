"""Whatever comes in, an event, model output or a person's answer: the execution ends, soon, and says what was wrong."""

from __future__ import annotations

import functools
import json
import logging
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from durable_conformance import Answered, Refused, Scenario, Silence
from durable_conformance.execution import Run
from durable_conformance.model import request_of
from durable_conformance.runtime import run_in_process
from durable_conformance.subject import CallbackAnswer
from patterns.durable.asking import MAX_REPAIRS
from providers import (
    CitedTextBlock,
    ContentBlock,
    ModelRequest,
    OpaqueBlock,
    ReasoningBlock,
    StopReason,
    TextBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from providers.scripted import Entry, Reply, ScriptedProvider, reply, tool_use
from tests.patterns.catalogue import CATALOGUE
from tests.patterns.catalogue.runs import SIDE_BY_SIDE, each_pattern

EXAMPLES = settings().max_examples
"""Inputs that each test tries, side by side: an execution mostly waits."""

CALLBACKS = {
    name: [Answered("yes")] * 20 for name in ("human-review", "human-review-2", "human-review-3", "ask-person")
}

BOUNDS = {
    "prompt_chaining": 2 * (1 + MAX_REPAIRS),
    "human_review": 1 + MAX_REPAIRS,
    "llm_as_judge": 3 * (1 + MAX_REPAIRS),
    "agent_with_tools": 10,
    "parallel_invocation": 3 * (1 + MAX_REPAIRS),
    "structured_output": 1 + MAX_REPAIRS,
    "durable_strands_agent": 10 * (1 + MAX_REPAIRS),
}
"""Most model calls that answers, however bad, can cause."""

ASKING: dict[str, tuple[tuple[str, ...], list[Entry]]] = {
    "human_review": (
        ("human-review", "human-review-2", "human-review-3"),
        [reply({"fields": [{"name": "number", "value": "7"}]})],
    ),
    "agent_with_tools": (("human-review",), [tool_use("wait_for_human_review", {"question": "?"}), reply("Done.")]),
    "durable_strands_agent": (("ask-person",), [tool_use("ask_person", {"question": "?"}), reply("Done.")]),
}
"""The callbacks of the patterns that ask a person, and what the model says meanwhile."""

texts = st.text(max_size=30)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
tool_names = st.sampled_from(
    ["get_location", "get_weather", "wait_for_human_review", "get_population", "ask_person", "no_such_tool", ""]
)
arguments = st.one_of(
    st.just({}),
    *(st.fixed_dictionaries({field: texts}) for field in ("location", "city", "question")),
    st.just({"city": "Paris"}),
    json_values,
)
tool_calls = st.one_of(
    *(
        st.builds(ToolUseBlock, tool_use_id=st.just(""), name=st.just(name), input=fitting)
        for name, fitting in {
            "get_location": st.just({}),
            "get_weather": st.fixed_dictionaries({"location": texts}),
            "wait_for_human_review": st.fixed_dictionaries({"question": texts}),
            "get_population": st.fixed_dictionaries({"city": st.sampled_from(["Paris", "Atlantis"])}),
            "ask_person": st.fixed_dictionaries({"question": texts}),
        }.items()
    ),
    *[st.builds(ToolUseBlock, tool_use_id=st.just(""), name=tool_names, input=arguments)] * 3,
)
contacts = st.fixed_dictionaries({"name": texts, "email": st.just("a@b"), "company": texts})
verdicts = st.fixed_dictionaries({"best": st.integers(0, 3), "reasoning": texts})
extractions = st.fixed_dictionaries(
    {"fields": st.lists(st.fixed_dictionaries({"name": texts, "value": texts}), max_size=2)}
)
documents = st.one_of(
    contacts,
    verdicts,
    extractions,
    st.tuples(contacts, verdicts, extractions).map(lambda parts: {**parts[0], **parts[1], **parts[2]}),
)
spoilt = st.tuples(documents, texts, json_values).map(lambda parts: parts[0] | {parts[1]: parts[2]})
blocks = st.one_of(
    (documents | spoilt | json_values).map(lambda value: TextBlock(text=json.dumps(value))),
    texts.map(lambda text: TextBlock(text=text)),
    tool_calls,
)
stops = st.sampled_from([StopReason.END_TURN, StopReason.TOOL_USE]) | st.sampled_from(list(StopReason))
names = st.text(min_size=1, max_size=30)
sound = st.one_of(  # one pattern's answer is another's mistake
    st.fixed_dictionaries({"name": names, "email": st.just("a@b"), "company": texts}),
    st.fixed_dictionaries({"best": st.just(1), "reasoning": texts}),
    names.map(lambda name: {"fields": [{"name": name, "value": "7"}]}),
).map(lambda document: reply(json.dumps(document)))
replies = st.builds(Reply, st.lists(blocks, max_size=3).map(tuple), stops)
# Three kinds: what Hypothesis draws also depends on which modules are loaded, and each end must be reached for sure.
scripts = st.one_of(*(st.lists(kind, min_size=1, max_size=6) for kind in (replies, sound | replies, sound)))

decisions = st.fixed_dictionaries(
    {"approved": st.booleans() | st.sampled_from([0, 1, "true", "yes"]) | json_values},
    optional={"notes": texts | json_values, "by": texts},
)
payloads = st.none() | texts | json_values.map(json.dumps) | decisions.map(json.dumps)
people: st.SearchStrategy[CallbackAnswer] = st.one_of(
    st.fixed_dictionaries({"approved": st.booleans()}, optional={"notes": texts}).map(
        lambda decision: Answered(json.dumps(decision))
    ),
    st.sampled_from(['{"approved": 1}', '{"approved": "true"}', '{"approved": true, "by": "eve"}']).map(Answered),
    decisions.map(lambda decision: Answered(json.dumps(decision))),
    st.builds(Answered, payloads),
    st.builds(Refused, texts),
    st.just(Silence()),
)


def examples_of[T](strategy: st.SearchStrategy[T]) -> list[T]:
    """Inputs that Hypothesis makes, collected so that the executions on them can run side by side."""
    made: list[T] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(strategy)
    def collect(example: T) -> None:
        made.append(example)

    collect()
    return made


def run_all(pattern: str, scenarios: Sequence[Scenario]) -> list[Run]:
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return list(pool.map(lambda scenario: run_in_process(CATALOGUE[pattern].handler_for, scenario), scenarios))


def saying(script: list[Reply]) -> Scenario:
    """A model that says one of these things to each request: always the same to the same, whichever branch is first."""

    def answer(request: ModelRequest, _: int) -> Entry:
        return script[int(request.digest(), 16) % len(script)]

    return Scenario({}, lambda: ScriptedProvider(answer), CALLBACKS)


@pytest.mark.parametrize("pattern", each_pattern())
def test_any_event_ends_in_a_result_or_a_clear_failure_before_any_call(pattern: str) -> None:
    (field,) = CATALOGUE[pattern].scenarios["bad input: a number"].event
    events = examples_of(st.fixed_dictionaries({field: texts | json_values}) | json_values)
    runs = run_all(pattern, [Scenario(event, ScriptedProvider, CALLBACKS) for event in events])
    for event, outcome in zip(events, runs, strict=True):
        if outcome.status == "FAILED":
            assert outcome.error_type == "patterns.durable.handler.InvalidEventError", event
            assert outcome.calls == (), event
        else:
            assert outcome.status == "SUCCEEDED", event
    assert {outcome.status for outcome in runs} == {"SUCCEEDED", "FAILED"}, "the events are worth trying"


@pytest.mark.parametrize("pattern", each_pattern())
def test_any_model_output_ends_within_the_bounds(pattern: str) -> None:
    said = examples_of(scripts)
    runs = run_all(pattern, [saying(script) for script in said])
    for script, outcome in zip(said, runs, strict=True):
        assert outcome.status in {"SUCCEEDED", "FAILED"}, script
        assert len(outcome.calls) <= BOUNDS[pattern], script
        if outcome.status == "FAILED":
            assert (outcome.error_type or "").rpartition(".")[2] in {"ModelOutputError", "EveryBranchFailedError"}
    assert {outcome.status for outcome in runs} == {"SUCCEEDED", "FAILED"}, "the scripts are worth trying"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param(
            "agent_with_tools",
            {"tool:get_location", "tool:get_weather", "tool:wait_for_human_review"},
            marks=pytest.mark.xdist_group("agent_with_tools"),
        ),
        pytest.param(
            "durable_strands_agent",
            {"tool:get_population", "tool:ask_person"},
            marks=pytest.mark.xdist_group("durable_strands_agent"),
        ),
    ],
)
def test_any_tool_call_ends_in_front_of_the_model(pattern: str, expected: set[str]) -> None:
    calls = examples_of(tool_calls)
    scripts = [[Reply((call,), StopReason.TOOL_USE), reply("Done.")] for call in calls]
    runs = run_all(
        pattern, [Scenario({}, functools.partial(ScriptedProvider, script), CALLBACKS) for script in scripts]
    )
    tools: Counter[str] = Counter()
    for call, outcome in zip(calls, runs, strict=True):
        assert (outcome.status, len(outcome.calls)) == ("SUCCEEDED", 2), call
        (result,) = request_of(outcome.calls[-1]).messages[-1].content
        assert isinstance(result, ToolResultBlock)
        ran = {operation.name: operation.status for operation in outcome.operations if operation.name in expected}
        assert (result.status == "success") == ("SUCCEEDED" in ran.values()), call
        tools.update(list(ran))
    assert tools, "the calls are worth trying"


@pytest.mark.parametrize("pattern", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ASKING])
def test_any_answer_of_a_person_ends_in_what_they_decided_or_in_front_of_the_model(pattern: str) -> None:
    callbacks, script = ASKING[pattern]
    answers = examples_of(st.tuples(*(people for _ in callbacks)))
    scenarios = [
        Scenario({}, lambda: ScriptedProvider(script), {name: [one] for name, one in zip(callbacks, said, strict=True)})
        for said in answers
    ]
    ends: Counter[str] = Counter()
    for said, outcome in zip(answers, run_all(pattern, scenarios), strict=True):
        assert (outcome.status, len(outcome.calls)) == ("SUCCEEDED", len(script)), said
        if pattern == "human_review":
            assert outcome.result["status"] == decided(said), said
            ends[outcome.result["status"]] += 1
        else:
            (result,) = request_of(outcome.calls[-1]).messages[-1].content
            assert isinstance(result, ToolResultBlock)
            assert (result.status == "success") == isinstance(said[0], Answered), said
            ends[result.status] += 1
    assert ends.keys() & {"approved", "rejected", "success"}, "the answers are worth trying"


def decided(answers: tuple[CallbackAnswer, ...]) -> str:
    """What the reviewers' answers amount to, worked out without the pattern's schema."""
    for answer in answers:
        if not isinstance(answer, Answered):
            return "timed_out" if isinstance(answer, Silence) else "failed"
        try:
            said = json.loads(answer.payload or "")
        except ValueError:
            continue
        known = isinstance(said, dict) and said.keys() <= {"approved", "notes"}
        if known and isinstance(said.get("approved"), bool) and isinstance(said.get("notes"), str | None):
            return "approved" if said["approved"] else "rejected"
    return "failed"


CANARY = "canary7"
TALKATIVE: list[tuple[ContentBlock, ...]] = [
    (TextBlock(text=CANARY),),
    (TextBlock(text=json.dumps({CANARY: CANARY})),),
    (TextBlock(text=json.dumps({"fields": [{"name": {CANARY: 1}, "value": CANARY}], CANARY: 1})),),
    (TextBlock(text=json.dumps({"name": CANARY, "email": CANARY, "company": {CANARY: CANARY}})),),
    (TextBlock(text=json.dumps({"best": 777_777, "reasoning": CANARY})),),
    (TextBlock(text=json.dumps({"best": CANARY, "reasoning": [CANARY]})),),
    (TextBlock(text=f'{{{CANARY} {{"{CANARY}'),),
    (TextBlock(text=CANARY * 50_000),),
    (ToolUseBlock(tool_use_id=CANARY, name=CANARY, input={CANARY: CANARY}),),
    (ToolUseBlock(tool_use_id=CANARY, name="get_population", input={"city": CANARY, CANARY: 1}),),
    (ToolUseBlock(tool_use_id=CANARY, name="get_weather", input=CANARY),),
    (CitedTextBlock(content={"content": [{"text": CANARY}], CANARY: [CANARY]}),),
    (OpaqueBlock(content={CANARY: {CANARY: CANARY}}),),
    (ReasoningBlock(text=CANARY),),
]


@pytest.mark.parametrize("pattern", each_pattern())
def test_no_error_and_no_log_repeats_what_a_model_said(pattern: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = [Reply(content, stop) for content in TALKATIVE for stop in StopReason]
    failed = 0
    for reply_, outcome in zip(said, run_all(pattern, [saying([reply_]) for reply_ in said]), strict=True):
        assert CANARY not in (outcome.error_message or ""), reply_
        assert "777777" not in (outcome.error_message or "")
        failed += outcome.status == "FAILED"
    assert failed > len(said) / 2, "the replies are worth trying"
    formatter = logging.Formatter()  # with the traceback, and what caused what
    logged = [formatter.format(record) for record in caplog.records]
    assert logged
    assert [message for message in logged if CANARY in message] == []
