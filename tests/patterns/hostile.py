"""What a model may say, however bad; and a hundred thousand of it: `python -m tests.patterns.hostile`.

Each execution is given a script that Hypothesis makes of a seed, so that the same number makes the same script again.
It must end, within the pattern's bounds, in a result or an error of the model's; no error and no line of a log may
repeat what the model said; and the model must find every tool use of its own answered, once. `--state FILE` keeps what
is done after each batch, and goes on from there. The suite itself tries a few.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from durable_conformance import Answered, Refused, Scenario, Silence
from durable_conformance.execution import ENDINGS, Run
from durable_conformance.model import ANSWERED, request_of
from durable_conformance.runtime import run_in_process
from durable_conformance.subject import CallbackAnswer
from patterns.durable.asking import MAX_REPAIRS
from patterns.durable.retry import MODEL_RETRY
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
from providers.scripted import (
    Entry,
    Failure,
    Reply,
    ScriptedProvider,
    access_denied,
    bad_request,
    reply,
    throttled,
    timed_out,
    unavailable,
)
from tests.patterns.catalogue import CATALOGUE

CALLBACKS = {
    name: [Answered("yes")] * 20 for name in ("human-review", "human-review-2", "human-review-3", "ask-person")
}
OF_THE_MODEL = ("providers.errors.Model", "patterns.durable.fan_out.EveryBranchFailedError")
"""How the errors begin that an execution may fail with."""

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

CANARY = "canary7"
LONG = (TextBlock(text=CANARY * 50_000),)
TALKATIVE: list[tuple[ContentBlock, ...]] = [
    (TextBlock(text=CANARY),),
    (TextBlock(text=json.dumps({CANARY: CANARY})),),
    (TextBlock(text=json.dumps({"fields": [{"name": {CANARY: 1}, "value": CANARY}], CANARY: 1})),),
    (TextBlock(text=json.dumps({"name": CANARY, "email": CANARY, "company": {CANARY: CANARY}})),),
    (TextBlock(text=json.dumps({"best": 777_777, "reasoning": CANARY})),),
    (TextBlock(text=json.dumps({"best": CANARY, "reasoning": [CANARY]})),),
    (TextBlock(text=f'{{{CANARY} {{"{CANARY}'),),
    LONG,
    (ToolUseBlock(tool_use_id=CANARY, name=CANARY, input={CANARY: CANARY}),),
    (ToolUseBlock(tool_use_id=CANARY, name="get_population", input={"city": CANARY, CANARY: 1}),),
    (ToolUseBlock(tool_use_id=CANARY, name="get_population", input={"city": CANARY}),),
    (ToolUseBlock(tool_use_id=CANARY, name="get_weather", input=CANARY),),
    (ToolUseBlock(tool_use_id=CANARY, name="get_location", input=None),),
    (CitedTextBlock(content={"content": [{"text": CANARY}], CANARY: [CANARY]}),),
    (OpaqueBlock(content={CANARY: {CANARY: CANARY}}),),
    (ReasoningBlock(text=CANARY),),
]

texts = st.text(max_size=30) | st.text(max_size=20).map(lambda text: CANARY + text)
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


def errors() -> st.SearchStrategy[Failure]:
    """A call's failure: what passes by itself, and what does not."""
    return st.sampled_from([factory() for factory in (throttled, timed_out, unavailable, bad_request, access_denied)])


talkative = st.builds(Reply, st.sampled_from([one for one in TALKATIVE if one != LONG]), st.sampled_from(StopReason))
repeating = st.builds(  # ids that are there twice, or not at all
    lambda calls, ids: Reply(
        tuple(call.model_copy(update={"tool_use_id": one}) for call, one in zip(calls, ids, strict=True)),
        StopReason.TOOL_USE,
    ),
    st.lists(tool_calls, min_size=3, max_size=3),
    st.lists(st.sampled_from(["", "a", "b", CANARY]), min_size=3, max_size=3),
)
using = st.lists(tool_calls, min_size=1, max_size=4).map(lambda calls: Reply(tuple(calls), StopReason.TOOL_USE))
anything = st.lists(
    st.one_of(sound, sound, replies, using, using, repeating, talkative, errors()), min_size=1, max_size=12
)


@dataclass(frozen=True)
class Saying:
    """Gives each request the script's next entry for it: the same to the same attempt, whichever branch is first."""

    script: Sequence[Entry]
    asked: Counter[str] = field(default_factory=Counter)

    def __call__(self, request: ModelRequest, _: int) -> Entry:
        digest = request.digest()
        self.asked[digest] += 1
        return self.script[(int(digest, 16) + self.asked[digest]) % len(self.script)]


def scenario_of(script: Sequence[Entry]) -> Scenario:
    """A model that says what is in `script`, and people who answer."""
    return Scenario({}, lambda: ScriptedProvider(Saying(script)), CALLBACKS)


def wrong_with(pattern: str, run: Run) -> Iterator[str]:
    """What must not be, whatever the model says and whoever fails."""
    if run.status not in ENDINGS:
        yield f"it does not end: {run.status}"
    answered = sum(call.outcome == ANSWERED for call in run.calls)
    if answered > BOUNDS[pattern] or len(run.calls) > BOUNDS[pattern] * MODEL_RETRY.max_attempts:
        yield f"too many calls: {len(run.calls)}, of them answered {answered}"
    if run.status == "FAILED" and not (run.error_type or "").startswith(OF_THE_MODEL):
        yield f"it failed with {run.error_type}"
    if CANARY in (run.error_message or "") or any(CANARY in (one.error_message or "") for one in run.operations):
        yield "an error repeats what the model said"
    for call in run.calls:
        yield from unanswered(request_of(call))


def unanswered(request: ModelRequest) -> Iterator[str]:
    """The tool uses of a request that the next message does not answer, once each."""
    for said, told in itertools.pairwise((*request.messages, None)):
        uses = [block.tool_use_id for block in said.content if isinstance(block, ToolUseBlock)] if said else []
        results = [block.tool_use_id for block in told.content if isinstance(block, ToolResultBlock)] if told else []
        if sorted(uses) != sorted(results) or len(set(uses)) != len(uses):
            yield f"{request.label}: {len(uses)} tool uses, {len(results)} results, or not the same ones"


class Listening(logging.Handler):
    """Counts the lines of the log, and those that repeat what a model said."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines = self.repeating = 0
        self._formatter = logging.Formatter()  # with the traceback, and what caused what

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += 1
        self.repeating += CANARY in self._formatter.format(record)


@dataclass(frozen=True)
class Tally:
    """What was tried, and what came of it."""

    executions: int = 0
    replies: int = 0
    errors: int = 0
    succeeded: int = 0
    failed: int = 0
    tool_uses: int = 0
    log_lines: int = 0
    seconds: float = 0.0
    wrong: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True)))


def scripts_of(number: int, examples: int) -> list[list[Entry]]:
    """The scripts of the batch with this number."""
    made: list[list[Entry]] = []

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(anything)
    def collect(script: list[Entry]) -> None:
        made.append(script)

    collect()
    return made


def batch(pattern: str, number: int, examples: int, side_by_side: int) -> tuple[Tally, list[str]]:
    """Execute a pattern once for each script of a batch."""
    began, listening, root = time.perf_counter(), Listening(), logging.getLogger()
    root.addHandler(listening)
    level = root.level
    root.setLevel(logging.DEBUG)
    scripts = scripts_of(number, examples)
    try:
        with ThreadPoolExecutor(side_by_side) as pool:
            runs = list(
                pool.map(lambda script: run_in_process(CATALOGUE[pattern].handler_for, scenario_of(script)), scripts)
            )
    finally:
        root.setLevel(level)
        root.removeHandler(listening)
    wrong = [
        f"{pattern}, batch {number}, script {position}: {why}"
        for position, run in enumerate(runs)
        for why in wrong_with(pattern, run)
    ]
    if listening.repeating:
        wrong.append(f"{pattern}, batch {number}: {listening.repeating} lines of the log repeat what the model said")
    calls = [call for run in runs for call in run.calls]
    return (
        Tally(
            executions=len(runs),
            replies=sum(call.outcome == ANSWERED for call in calls),
            errors=sum(call.outcome != ANSWERED for call in calls),
            succeeded=sum(run.status == "SUCCEEDED" for run in runs),
            failed=sum(run.status == "FAILED" for run in runs),
            tool_uses=sum(
                isinstance(block, ToolUseBlock)
                for run in runs
                for message in (request_of(run.calls[-1]).messages if run.calls else ())
                for block in message.content
            ),
            log_lines=listening.lines,
            seconds=time.perf_counter() - began,
            wrong=len(wrong),
        ),
        wrong,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Try what the command line asks for; returns the exit code: 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.patterns.hostile", description=__doc__)
    parser.add_argument("--replies", type=int, default=100_000, help="replies and errors, all in all")
    parser.add_argument("--batch", type=int, default=60, help="executions of a batch")
    parser.add_argument("--side-by-side", type=int, default=8, help="executions at the same time")
    parser.add_argument("--state", type=Path, help="a JSON file that keeps what is done, to go on from there")
    options = parser.parse_args(arguments)
    number, tally = 0, Tally()
    if options.state and options.state.exists():
        kept = json.loads(options.state.read_text())
        number, tally = kept["number"], Tally(**kept["tally"])
    while tally.replies + tally.errors < options.replies:
        for pattern in CATALOGUE:
            done, wrong = batch(pattern, number, options.batch, options.side_by_side)
            tally += done
            print("\n".join([*wrong, f"{number} {pattern}: {done}"]), flush=True)  # noqa: T201
        number += 1
        if options.state:
            options.state.write_text(json.dumps({"number": number, "tally": asdict(tally)}))
    print(tally)  # noqa: T201
    return int(bool(tally.wrong))


if __name__ == "__main__":
    sys.exit(main())
