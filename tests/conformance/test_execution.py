"""What a run says of its model calls, and which calls an interrupted run counts."""

from __future__ import annotations

import dataclasses

from durable_conformance import CrashKind, CrashPoint, Scenario
from durable_conformance.execution import MODEL_CALL, Conditions, Death, Prefix, Run
from durable_conformance.runtime import run_in_process
from patterns.prompt_chaining import prompt_chaining
from providers.scripted import ScriptedProvider, reply, throttled
from tests.conformance.made_up_runs import changed
from tests.conformance.timelines import Script, executed, made_by

JOKE, REVIEW = "/1:generate-joke", "/2:review-joke"


def chained(*crashes: str) -> Run:
    return executed(prompt_chaining, *crashes, listener=lambda _event: None)


def dying(run: Run, *deaths: Death) -> Run:
    """`run`, whose model calls were made in invocation 2, with `deaths` before and after it."""
    calls = tuple(dataclasses.replace(call, invocation=2) for call in run.calls)
    return changed(run, calls=calls, deaths=deaths)


def test_a_call_is_repeated_if_its_operation_had_ended_before_an_earlier_death() -> None:
    run = chained()
    joke, review = run.calls
    assert (joke.path, review.path) == (JOKE, REVIEW)

    def repeated(*deaths: Death) -> list[str | None]:
        return [call.path for call in dying(run, *deaths).repeated_calls]

    assert repeated(Death(1, frozenset())) == []
    assert repeated(Death(1, frozenset({JOKE}))) == [JOKE]
    assert repeated(Death(1, frozenset({JOKE})), Death(2, frozenset({JOKE, REVIEW}))) == [JOKE]
    assert repeated(Death(3, frozenset({JOKE, REVIEW})), Death(1, frozenset({REVIEW}))) == [REVIEW]


def test_a_call_is_repeated_if_a_context_around_it_had_ended() -> None:
    run = chained()
    joke, review = run.calls
    inside = dataclasses.replace(joke, path=f"/0:outer/0:inner{JOKE}")
    beside = dataclasses.replace(review, path="/0:outer-two/1:ask")
    outside = dataclasses.replace(review, path=None)
    ended = Death(1, frozenset({"/0:outer"}))
    nested = dying(changed(run, calls=(inside, beside, outside)), ended)
    assert [call.path for call in nested.repeated_calls] == [inside.path]


def test_a_call_that_died_is_not_counted_when_the_next_death_is_looked_for() -> None:
    run = chained(*[f"{JOKE}:during-call"] * 2)
    assert run.ledger[JOKE] == ["died", "died", "answered"]
    assert len(run.crashes) == 2


def test_a_run_that_takes_up_another_counts_on_from_there() -> None:
    def conditions(prefix: Prefix | None = None, *crashes: CrashPoint) -> Conditions:
        return Conditions(prefix=prefix, crashes=crashes, keep_snapshots=True)

    script: Script = {"generate-joke": [throttled(), throttled(), reply("Ha")], "review-joke": [reply("7")]}
    scenario = Scenario({}, lambda: ScriptedProvider(script))
    whole = run_in_process(made_by(prompt_chaining), scenario, conditions())
    labels = [update.label for update in whole.updates]
    assert labels.count("RETRY #2") == 1
    first_retry = whole.until_update(labels.index("RETRY"))
    second_call = CrashPoint(JOKE, MODEL_CALL, 1, CrashKind.DURING_CALL)
    rest = run_in_process(made_by(prompt_chaining), scenario, conditions(first_retry, second_call))
    assert rest.ledger[JOKE] == ["ModelThrottledError", "died", "ModelThrottledError", "answered"]
    assert [update.label for update in rest.updates] == labels
