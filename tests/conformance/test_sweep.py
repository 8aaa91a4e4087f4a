"""Executions that are interrupted everywhere: what single ones show further on than they are followed."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from aws_durable_execution_sdk_python import DurableContext, StepError
from aws_durable_execution_sdk_python.config import Duration, StepConfig, StepSemantics
from aws_durable_execution_sdk_python.retries import RetryDecision

from durable_conformance import (
    CrashKind,
    CrashPoint,
    Exploration,
    Finding,
    Report,
    Scenario,
    explore,
    handler_factory,
)
from durable_conformance.evidence import Records, RunRecord, Section
from durable_conformance.execution import AT_HORIZON, MAX_INVOCATIONS, Conditions
from durable_conformance.exploring import HORIZON, MAX_FAULTY_INVOCATIONS, MOST, Progress, crash_sweeps, fault_sweep
from durable_conformance.rules import Canonical, Severity, canonical
from durable_conformance.runtime import run_in_process
from durable_conformance.subject import OK, Always, Reference, reference_to
from durable_conformance.workers import Experiment
from patterns.durable import ask
from providers import ModelProvider, ModelThrottledError
from providers.scripted import ScriptedProvider
from tests.conformance import hostile
from tests.conformance.corpus.asking import SENSIBLE, say
from tests.conformance.made_up_runs import changed

SCENARIO = Scenario({}, ScriptedProvider)
FAR = 12

type Workflow = Callable[[object, DurableContext, ModelProvider], object]


def look_around(context: DurableContext, times: int = FAR) -> None:
    """Operations that have nothing to do with what comes before and after them."""
    for n in range(times):
        context.step(lambda _: None, f"look-{n}")


class Told:
    """What an exploration tells of each run, by the experiment's id."""

    def __init__(self) -> None:
        self.findings: dict[str, Sequence[Finding]] = {}

    def __call__(self, experiment: Experiment, findings: Sequence[Finding], progress: Progress) -> None:
        assert progress.made <= progress.known
        self.findings[experiment.id] = findings

    @property
    def sweeps(self) -> set[str]:
        return {id_ for id_ in self.findings if id_.startswith("everywhere:")}


def explored(workflow: Workflow, exploration: Exploration) -> tuple[Report, dict[str, RunRecord]]:
    records = Records()
    report = explore(handler_factory(workflow), SCENARIO, exploration, recorder=records.add)
    return report, {record.id: record for record in records}


def swept(workflow: Workflow, exploration: Exploration) -> set[str]:
    told = Told()
    explore(handler_factory(workflow), SCENARIO, exploration, listener=told)
    return told.sweeps


def status(record: RunRecord) -> str:
    assert record.trace
    return record.trace.status


def canonical_of(workflow: Workflow) -> Canonical:
    return canonical(run_in_process(handler_factory(workflow), SCENARIO, Conditions(keep_snapshots=True)))


def remembering() -> Workflow:
    """Keeps in its process how often the body of its first step ran since it last ended."""
    ran: list[str] = []

    def workflow(event: object, context: DurableContext, model: object) -> int:
        context.step(lambda _: ran.append("first"), "first")
        look_around(context)
        times = len(ran)
        ran.clear()
        return times

    return workflow


def test_what_a_death_leaves_in_the_process_and_only_the_end_shows_is_found() -> None:
    report, _ = explored(remembering(), Exploration(horizon=3, side_by_side=1))
    (found,) = report.errors
    assert found.rule == "result-stability"
    assert found.crash.startswith("/1:first "), "which interruption it was"


def errors(findings: Sequence[Finding]) -> list[Finding]:
    """Without the warning that a step's function changes a variable."""
    return [one for one in findings if one.severity is Severity.ERROR]


def taking_notes(event: object, context: DurableContext, model: ModelProvider) -> str:
    notes: list[str] = []
    context.step(lambda _: notes.append("fragile"), "look")
    noted = context.step(lambda _: ", ".join(notes), "sum-up")
    look_around(context)
    return ask(context, model, "greet", f"Greet {noted}").text


def test_what_a_sweep_shows_is_told_of_the_interruption_alone() -> None:
    told, records = Told(), Records()
    exploration = Exploration(kinds=[CrashKind.BEFORE_PERSIST], horizon=3, side_by_side=1)
    explore(handler_factory(remembering()), SCENARIO, exploration, listener=told, recorder=records.add)
    assert told.sweeps == {"everywhere:before-persist-1"}
    assert [id_ for id_, findings in told.findings.items() if errors(findings)] == [
        "/1:first:before-start", "/1:first:before-succeed",
    ]  # fmt: skip
    assert not [one.id for one in records if one.id.startswith("everywhere:")]


def recording_times(event: object, context: DurableContext, model: ModelProvider) -> str:
    """Differs from execution to execution, and rightly so."""
    moment = context.step(lambda _: time.time_ns(), "now")
    look_around(context)
    return ask(context, model, "greet", f"Greet me at {moment}").text


def test_values_that_were_recorded_raise_no_alarm_and_have_nothing_followed_further() -> None:
    report, records = explored(recording_times, Exploration(kinds=[CrashKind.AFTER_PERSIST], horizon=2))
    assert report.conforms
    assert status(records["/1:now:after-succeed"]) == AT_HORIZON


def test_a_wrong_value_that_a_step_records_and_only_the_end_uses_is_found() -> None:
    report, records = explored(taking_notes, Exploration(kinds=[CrashKind.AFTER_PERSIST], faults=False, horizon=3))
    (found,) = [one for one in report.findings if one.rule == "request-stability"]
    assert (found.path, found.crash) == ("/15:greet", "/1:look SUCCEED after it persisted, the response lost")
    assert {status(record) for record in records.values()} == {"SUCCEEDED"}, "all were followed to the end"


def test_single_executions_are_followed_no_further_where_many_interruptions_of_one_show_nothing() -> None:
    def workflow(event: object, context: DurableContext, model: object) -> None:
        look_around(context)

    exploration = Exploration(horizon=2)
    assert swept(workflow, exploration) == {
        "everywhere:before-persist-1",
        "everywhere:after-persist-1",
        "everywhere:token-revoked-1",
    }
    report, records = explored(workflow, exploration)
    assert report.conforms
    singles = [one for one in records.values() if one.place.section is Section.CRASHES]
    assert [status(one) for one in singles].count(AT_HORIZON) > len(singles) / 2


def test_a_way_to_die_that_shows_something_does_not_have_the_others_followed() -> None:
    kinds = [CrashKind.BEFORE_PERSIST, CrashKind.AFTER_PERSIST]
    points = [CrashPoint(path, "SUCCEED", 0, kind) for path in ("/1:first", "/2:look-0") for kind in kinds]
    _, records = explored(remembering(), Exploration(points=points, horizon=3, side_by_side=1))
    assert status(records["/2:look-0:before-succeed"]) == "SUCCEEDED"
    assert status(records["/2:look-0:after-succeed"]) == AT_HORIZON


@pytest.mark.parametrize(("steps", "is_long"), [(2 * HORIZON, False), (2 * HORIZON + 1, True)])
def test_only_a_long_workflow_is_not_followed_to_its_end_unless_told_otherwise(steps: int, *, is_long: bool) -> None:
    def workflow(event: object, context: DurableContext, model: object) -> None:
        look_around(context, steps)

    exploration = Exploration(kinds=[CrashKind.AFTER_PERSIST])
    assert bool(swept(workflow, exploration)) is is_long
    report, records = explored(workflow, exploration)
    assert any("operations later" in what for what in report.left_out) is is_long
    assert (AT_HORIZON in {status(record) for record in records.values()}) is is_long


def counting_in_pairs() -> Workflow:
    """Is wrong if an odd number of its steps is repeated."""
    ran: list[str] = []

    def workflow(event: object, context: DurableContext, model: object) -> bool:
        for name in ("first", "second"):
            context.step(lambda _: ran.append("one"), name)
        look_around(context)
        odd = bool(len(ran) % 2)
        ran.clear()
        return odd

    return workflow


def test_the_limit_what_one_interruption_shows_at_the_end_and_many_together_do_not_is_missed() -> None:
    """And only that: followed to its end, it is found."""
    points = [CrashPoint(path, "SUCCEED", 0, CrashKind.BEFORE_PERSIST) for path in ("/1:first", "/2:second")]

    def found(horizon: int | None) -> set[str]:
        exploration = Exploration(points=points, horizon=horizon, side_by_side=1)
        return {one.rule for one in explored(counting_in_pairs(), exploration)[0].errors}

    assert "result-stability" in found(None)
    assert found(3) == set()


def test_what_only_many_interruptions_show_is_no_finding() -> None:
    """As if each were followed to its end."""
    ran: list[str] = []

    def workflow(event: object, context: DurableContext, model: object) -> bool:
        look_around(context, 6)
        context.step(lambda _: ran.append("one"), "count")
        context.step(lambda _: ran.append("one"), "count-again")
        look_around(context, 6)
        times = len(ran)
        ran.clear()
        return times > 3

    points = [CrashPoint(path, "SUCCEED", 0, CrashKind.BEFORE_PERSIST) for path in ("/7:count", "/8:count-again")]
    report, records = explored(workflow, Exploration(points=points, horizon=2, side_by_side=1))
    assert report.conforms
    assert status(records[points[0].id]) == "SUCCEEDED"


def test_a_model_that_fails_everywhere_is_more_than_a_correct_workflow_need_bear() -> None:
    def first_of_two(context: DurableContext, model: ModelProvider) -> str:
        for name in ("primary", "secondary"):
            with contextlib.suppress(StepError):
                return context.step(lambda _: say(model, f"Greet me, {name}"), name, StepConfig(retry_strategy=never))  # noqa: B023  # at once
        raise RuntimeError("neither has answered")

    def workflow(event: object, context: DurableContext, model: ModelProvider) -> str:
        greeting = first_of_two(context, model)
        look_around(context)
        return greeting

    report, _ = explored(workflow, Exploration(points=(), horizon=2))
    assert report.conforms


def hearing() -> Workflow:
    """Uses the first answer that its process heard, which may have died."""
    heard: list[str] = []

    def workflow(event: object, context: DurableContext, model: ModelProvider) -> str:
        context.step(lambda _: heard.append(say(model, "Greet me")), "greet")
        look_around(context)
        first = heard[0]
        heard.clear()
        return first

    return workflow


def test_what_is_known_of_one_kind_of_model_says_nothing_of_the_other() -> None:
    greet = CrashPoint("/1:greet", "SUCCEED", 0, CrashKind.BEFORE_PERSIST)
    look = CrashPoint("/4:look-2", "SUCCEED", 0, CrashKind.BEFORE_PERSIST)
    exploration = Exploration(points=[greet, look], horizon=2, side_by_side=1, faults=False)
    report, records = explored(hearing(), exploration)
    assert {(found.rule, found.crash) for found in report.errors} == {("result-stability", str(greet))}
    near, whole = (record for name, record in records.items() if name.startswith(look.id))
    assert (status(near), status(whole)) == (AT_HORIZON, "SUCCEEDED")
    assert whole.place.group == "never the same answer twice"


def fail(_: DurableContext) -> str:
    raise RuntimeError("something had failed")


def wait_in_vain(context: DurableContext) -> str:
    with contextlib.suppress(BaseException):
        context.wait(Duration.from_days(1), "cool-off")
    return "something had failed"


@pytest.mark.parametrize(
    ("at_the_end", "rule", "path"),
    [
        (fail, "retry-policy", "/2:greet"),
        (wait_in_vain, "suspension", "/15:cool-off"),
    ],
)
def test_a_model_error_that_passes_and_only_the_end_minds_is_found(
    at_the_end: Callable[[DurableContext], str], rule: str, path: str
) -> None:
    failed: list[int] = []

    def once_more(error: Exception, attempt: int) -> RetryDecision:
        if attempt > 1 or not isinstance(error, ModelThrottledError):
            return RetryDecision.no_retry()
        failed.append(attempt)
        return RetryDecision.retry(Duration.from_seconds(1))

    def workflow(event: object, context: DurableContext, model: ModelProvider) -> str:
        ask(context, model, "welcome", "Welcome me")
        greeting = context.step(lambda _: say(model, "Greet me"), "greet", StepConfig(retry_strategy=once_more))
        look_around(context)
        if failed:
            failed.clear()
            return at_the_end(context)
        return greeting

    exploration = Exploration(points=(), horizon=2, side_by_side=1)
    report, _ = explored(workflow, exploration)
    (found,) = report.findings
    assert (found.rule, found.path) == (rule, path)
    assert found.crash == "ModelThrottledError in one call of /2:greet"


def degrading(event: object, context: DurableContext, model: ModelProvider) -> str:
    """Goes on without an answer, and asks outside any step where that is noticed."""
    try:
        greeting = context.step(lambda _: say(model, "Greet me"), "greet", StepConfig(retry_strategy=never))
    except StepError:
        greeting = ""
    look_around(context)
    return greeting or f"failed: {say(model, 'Apologise')}"


def never(_error: Exception, _attempt: int) -> RetryDecision:
    return RetryDecision.no_retry()


def test_an_execution_that_takes_another_way_is_followed_to_its_end() -> None:
    report, _ = explored(degrading, Exploration(points=(), horizon=2))
    assert ("durable-calls", "ModelAccessDeniedError in every call of /1:greet") in {
        (found.rule, found.crash) for found in report.findings
    }


def test_an_execution_that_goes_on_past_a_retry_is_followed_to_its_end() -> None:
    def workflow(event: object, context: DurableContext, model: ModelProvider) -> str:
        greeting = ""
        with contextlib.suppress(BaseException):
            greeting = context.step(lambda _: say(model, "Greet me"), "greet", StepConfig(retry_strategy=SENSIBLE))
        look_around(context)
        return greeting

    report, _ = explored(workflow, Exploration(points=(), horizon=2))
    (found,) = [one for one in report.findings if one.rule == "suspension" and "one call of /1" in one.crash]
    assert found.path == "/1:greet"


def test_an_execution_of_very_many_invocations_is_not_taken_for_an_endless_one() -> None:
    def workflow(event: object, context: DurableContext, model: ModelProvider) -> str:
        greeting = ask(context, model, "greet", "Greet me").text
        for n in range(MAX_FAULTY_INVOCATIONS + 1):
            context.wait(Duration.from_days(1), f"sleep-{n}")
        return greeting

    report, _ = explored(workflow, Exploration(points=(), horizon=None, never_twice=False))
    assert report.findings == ()
    baseline = canonical_of(workflow)
    many = replace(baseline, run=changed(baseline.run, invocations=MAX_INVOCATIONS, calls=baseline.run.calls * 3))
    assert fault_sweep(many).experiment.conditions.max_invocations >= 2 * MAX_INVOCATIONS + 3


def test_a_step_that_may_not_be_repeated_has_its_executions_followed_to_their_ends() -> None:
    """Interrupted everywhere, the workflow goes another way there, and shows nothing about what it does else."""
    once = StepConfig(step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY, retry_strategy=never)

    def workflow(event: object, context: DurableContext, model: object) -> None:
        with contextlib.suppress(StepError):
            context.step(lambda _: None, "charge", once)
        look_around(context)

    report, records = explored(workflow, Exploration(kinds=[CrashKind.BEFORE_PERSIST], horizon=2))
    assert report.conforms
    assert status(records["/2:look-0:before-succeed"]) == "SUCCEEDED"


def test_an_execution_that_could_not_be_interrupted_everywhere_shows_nothing_about_the_rest() -> None:
    points = [CrashPoint("/1:look-0", "SUCCEED", occurrence, CrashKind.AFTER_PERSIST) for occurrence in (0, 1)]

    def workflow(event: object, context: DurableContext, model: object) -> None:
        look_around(context)

    baseline = canonical_of(workflow)
    for one, as_it_did in ((points[:1], True), (points, False)):
        (made,) = crash_sweeps(baseline, one, frozenset(), never_twice=False)
        run = run_in_process(handler_factory(workflow), SCENARIO, made.experiment.conditions)
        assert made.goes_like_baseline(run) is as_it_did


def test_a_sweep_that_takes_too_long_is_named_and_single_executions_are_followed_to_their_ends() -> None:
    began: list[None] = []

    def workflow(event: object, context: DurableContext, model: object) -> None:
        began.append(None)
        if len(began) > FAR:
            began.clear()
            threading.Event().wait()
        look_around(context)
        began.clear()

    exploration = Exploration(kinds=[CrashKind.AFTER_PERSIST], horizon=2, patience=3, side_by_side=1, orders=False)
    report, records = explored(workflow, exploration)
    assert report.conforms
    assert "every operation after it persisted, the response lost: still running after 3 s" in report.left_out
    assert status(records["/2:look-1:after-succeed"]) == "SUCCEEDED"


def test_sweeps_are_known_by_their_ids() -> None:
    told = Told()
    explore(handler_factory(recording_times), SCENARIO, Exploration(horizon=2), listener=told)
    assert len(told.sweeps) == 2 * len(CrashKind) + 1
    _, records = explored(recording_times, Exploration(horizon=2))
    assert not told.sweeps & records.keys()
    assert len([name for name in told.findings if name not in records]) == len(told.sweeps)


def test_no_model_fails_in_an_exploration_without_faults() -> None:
    assert swept(recording_times, Exploration(points=(), horizon=2)) == {"everywhere:throttled-once"}
    assert swept(recording_times, Exploration(points=(), faults=False, horizon=2)) == set()


def hostile_explored(name: str, records: Records) -> Report:
    exploration = Exploration(kinds=[CrashKind.AFTER_PERSIST], horizon=2, never_twice=False, orders=False)
    target = Reference(f"{hostile.__name__}:{name}")
    return explore(target, Scenario({}, ask=Always(OK)), exploration, recorder=records.add)


def test_a_sweep_that_ends_the_process_leaves_single_executions_to_be_followed_to_their_ends() -> None:
    records = Records()
    report = hostile_explored("ends_the_process_after_many_deaths", records)
    assert (report.findings, report.could_not_run) == ((), ())
    assert "every operation after it persisted, the response lost: the handler ended the process with exit code 3" in (
        report.left_out
    )
    crashes = [record for record in records if record.place.section is Section.CRASHES]
    assert {status(one) for one in crashes} == {"SUCCEEDED"}


def test_a_run_that_ends_the_process_has_the_rest_done_as_it_was_begun() -> None:
    records = Records()
    report = hostile_explored("ends_the_process_when_denied", records)
    assert report.findings == ()
    assert len(report.could_not_run) == 2, "that operation's call denied, and every call"
    assert max(Counter(record.place for record in records).values()) == 1
    assert AT_HORIZON in {record.trace.status for record in records if record.trace}
    assert any("operations later" in what for what in report.left_out)


def test_very_many_points_are_shared_by_several_executions() -> None:
    steps = MOST // 2 + 1  # two updates a step

    def workflow(event: object, context: DurableContext, model: object) -> None:
        look_around(context, steps)

    baseline = canonical_of(workflow)
    points = baseline.run.crash_points([CrashKind.AFTER_PERSIST])
    shares = list(crash_sweeps(baseline, points, frozenset(), never_twice=False))
    assert [one.experiment.name for one in shares] == [
        "every operation after it persisted, the response lost, share 1 of 2",
        "every operation after it persisted, the response lost, share 2 of 2",
    ]
    assert [len(one.points) for one in shares] == [steps, steps]
    assert shares[0].points | shares[1].points == set(points)
    many = replace(baseline, run=changed(baseline.run, invocations=MAX_INVOCATIONS))
    long_lasting = next(crash_sweeps(many, points, frozenset(), never_twice=False))
    assert long_lasting.experiment.conditions.max_invocations >= 2 * MAX_INVOCATIONS + steps


cold: dict[str, str] = {}
"""What the first step of `keeping` keeps in its process."""


def keeping(event: object, context: DurableContext, model: ModelProvider) -> str:
    """Keeps in its process what a step found, records what it makes of it, and uses that at the end."""

    def find(_: object) -> None:
        cold["found"] = "fragile"

    context.step(find, "find")
    noted = context.step(lambda _: cold.get("found", "nothing"), "note")
    look_around(context)
    return ask(context, model, "greet", f"Greet {noted}").text


def test_a_wrong_value_that_another_sandbox_records_and_only_the_end_uses_is_found() -> None:
    exploration = Exploration(points=(), horizon=2, faults=False, never_twice=False, orders=False)
    report = explore(handler_factory(keeping), SCENARIO, exploration, elsewhere=reference_to(keeping))
    assert {(found.rule, found.path) for found in report.findings} >= {("no-invocation-state", "/15:greet")}


def test_an_answer_is_as_long_as_any_other() -> None:
    """An interruption shifts the numbers of a model that never answers twice the same, far more so everywhere."""

    def workflow(event: object, context: DurableContext, model: ModelProvider) -> int:
        length = sum(len(ask(context, model, f"greet-{n}", "Greet me").text) for n in range(6))
        look_around(context)
        return length

    report, records = explored(workflow, Exploration(kinds=[CrashKind.BEFORE_PERSIST], horizon=2, faults=False))
    assert report.conforms
    assert AT_HORIZON in {status(one) for one in records.values() if one.place.group == "never the same answer twice"}
