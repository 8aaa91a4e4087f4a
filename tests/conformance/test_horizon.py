"""Following interrupted executions some operations far, instead of to their end: what it saves, finds and misses."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import (
    CompletionConfig,
    Duration,
    MapConfig,
    NestingType,
    ParallelConfig,
    StepConfig,
    StepSemantics,
)
from aws_durable_execution_sdk_python.lambda_service import OperationAction, OperationType, OperationUpdate
from aws_durable_execution_sdk_python.retries import RetryDecision

from durable_conformance import CrashKind, CrashPoint, Exploration, Scenario, explore, handler_factory
from durable_conformance.evidence import Place, Records, Section
from durable_conformance.execution import AT_HORIZON, MODEL_CALL, Conditions, Run, comes_later
from durable_conformance.exploring import begun_before, crash_cases, diverged, fault_cases
from durable_conformance.model import ModelCall
from durable_conformance.rules import canonical, differences, extrapolated
from durable_conformance.runtime import Horizon, run_in_process
from durable_conformance.subject import HandlerFactory, reference_to
from durable_conformance.workers import Experiment, not_judged
from patterns.durable import ask
from providers import Message, ModelError, ModelProvider, ModelRequest
from providers.scripted import ScriptedProvider
from tests.conformance.corpus import BROKEN, CORRECT
from tests.conformance.corpus.asking import say
from tests.conformance.corpus.entry import Shelf
from tests.conformance.corpus.explored import explored, unreported
from tests.conformance.mutants import MUTANTS

SCENARIO = Scenario({}, ScriptedProvider)
FAR = 12
"""Operations of a workflow in which a horizon of two is near."""

NEAR = Exploration(horizon=2)
WHOLE = Exploration(horizon=None)
UPDATES = [CrashKind.BEFORE_PERSIST, CrashKind.AFTER_PERSIST, CrashKind.TOKEN_REVOKED]
"""How an execution dies that asks no model. One that dies so everywhere comes with a horizon (`sweep`)."""


def _names(shelf: Shelf) -> str:
    return next(iter(shelf.entries))


def chain(steps: int, seen: Callable[[int], object] = lambda _: None) -> HandlerFactory:
    """A workflow of that many steps, and who is told when the body of one runs."""

    def workflow(event: object, context: DurableContext, model: object) -> int:
        def body(number: int) -> int:
            seen(number)
            return number

        return sum(context.step(lambda _, n=n: body(n), f"step-{n}") for n in range(steps))  # type: ignore[misc]

    return handler_factory(workflow)


class Ran:
    """Counts, in a file, what runs in other processes."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self, _number: int) -> None:
        with self._file.open("a") as file:
            file.write(".")

    def __len__(self) -> int:
        return self._file.stat().st_size


def crashed(handler_for: HandlerFactory, point: CrashPoint, horizon: int | None) -> Run:
    return run_in_process(handler_for, SCENARIO, Conditions(crashes=(point,), horizon=horizon))


def at(step: int, kind: CrashKind = CrashKind.BEFORE_PERSIST) -> CrashPoint:
    return CrashPoint(f"/{step + 1}:step-{step}", "SUCCEED", 0, kind)


@pytest.mark.parametrize(
    ("path", "anchor", "later"),
    [
        ("/4:d", "/3:c", True),
        ("/3:c", "/3:c", False),
        ("/2:b", "/3:c", False),
        ("/10:k", "/9:j", True),  # by number, not by text
        ("/4:d", "/3:c/1:inner", True),  # what comes after the context that the anchor stands in
        ("/3:c/2:next", "/3:c/1:inner", True),
        ("/3:c/0:before", "/3:c/1:inner", False),
        ("/4:d/0:inner", "/3:c", False),  # counted with the context that it stands in
        ("/3:c/1:inner/5:deeper", "/3:c/1:inner", False),  # a part of the anchor
        ("/3:batch/1.4:step", "/3:batch/1.2:step", True),  # the same flat branch
        ("/3:batch/2.4:step", "/3:batch/1.2:step", False),  # another flat branch: it may run at any time
        ("/3:batch/?:step", "/3:batch/1.2:step", False),  # a place that is not known
    ],
)
def test_what_comes_later_is_what_the_code_comes_to_later(path: str, anchor: str, later: bool) -> None:
    assert comes_later(path, anchor) is later


@pytest.mark.parametrize("kind", [CrashKind.BEFORE_PERSIST, CrashKind.AFTER_PERSIST, CrashKind.TOKEN_REVOKED])
def test_an_execution_is_followed_so_many_operations_past_its_crash(kind: CrashKind) -> None:
    run = crashed(chain(FAR), at(3, kind), horizon=2)
    assert run.status == AT_HORIZON
    assert [operation.name for operation in run.operations] == [f"step-{n}" for n in range(6)]
    assert {operation.status for operation in run.operations} == {"SUCCEEDED"}
    assert len(run.deaths) == 1, "being followed no further is no death"


def test_one_that_ends_within_the_horizon_ends_as_without() -> None:
    near, far = (crashed(chain(FAR), at(FAR - 2), horizon) for horizon in (2, None))
    assert near.status == "SUCCEEDED"
    assert (near.result, near.operations) == (far.result, far.operations)


def test_what_runs_beside_the_crash_does_not_use_the_horizon_up() -> None:
    def workflow(event: object, context: DurableContext, model: object) -> int:
        def branch(inner: DurableContext, item: int, _index: int, _items: object) -> int:
            return sum(inner.step(lambda _, n=n: n, f"part-{n}") for n in range(3))  # type: ignore[misc]

        context.map(range(4), branch, name="batch")
        return sum(context.step(lambda _, n=n: n, f"after-{n}") for n in range(4))  # type: ignore[misc]

    point = CrashPoint("/1:batch/1:map-item-1/1:part-0", "SUCCEED", 0, CrashKind.BEFORE_PERSIST)
    run = crashed(handler_factory(workflow), point, horizon=3)
    assert run.crashes
    names = [operation.path for operation in run.operations]
    assert "/1:batch/1:map-item-1/3:part-2" in names
    assert "/2:after-0" in names, "the third: after two more parts of its branch"
    assert "/3:after-1" not in names
    batch = run.operation("batch")
    assert batch.status == "SUCCEEDED"


def test_a_wait_counts_as_an_operation_and_is_waited_for() -> None:
    def workflow(event: object, context: DurableContext, model: object) -> str:
        for n in range(FAR):
            context.wait(Duration.from_days(1), f"sleep-{n}")
        return "rested"

    point = CrashPoint("/3:sleep-2", "START", 0, CrashKind.AFTER_PERSIST)
    run = crashed(handler_factory(workflow), point, horizon=2)
    assert run.status == AT_HORIZON
    assert [operation.status for operation in run.operations] == ["SUCCEEDED"] * 5


def test_what_an_exploration_costs_grows_with_the_points_and_no_more(tmp_path: Path) -> None:
    """Bodies run, not seconds."""

    def bodies_a_point(steps: int, horizon: int | None) -> float:
        ran = Ran(tmp_path / f"{steps}-{horizon}")
        exploration = Exploration(kinds=[CrashKind.BEFORE_PERSIST], horizon=horizon)
        report = explore(chain(steps, ran), SCENARIO, exploration)
        assert report.conforms
        return (len(ran) - 2 * steps) / report.points  # but for the two executions that nothing interrupts

    assert bodies_a_point(24, None) > 24
    assert bodies_a_point(24, 2) < 11, "two before, the one that dies, again, two after, some that are refused"
    assert bodies_a_point(12, 2) < 11


def test_the_same_runs_are_made_and_the_report_says_how_far_they_were_followed() -> None:
    near, far = (explore(chain(FAR), SCENARIO, one) for one in (NEAR, WHOLE))
    assert (near.points, near.runs - len(UPDATES), near.conforms) == (far.points, far.runs, True)
    assert [what for what in near.left_out if "operations" in what] == [
        "what an interruption shows only more than 2 operations later, and one that dies everywhere does not"
    ]
    assert not [what for what in far.left_out if "operations" in what]


def test_a_run_that_begins_shortly_before_its_crash_says_so() -> None:
    records = Records()
    explore(chain(FAR), SCENARIO, NEAR, recorder=records.add)
    made = {record.id: record for record in records if record.place.section is Section.CRASHES}
    names = {record.name for record in made.values()}
    assert "/9:step-8 SUCCEED before it persists, in an invocation that goes on from /6:step-5 SUCCEED" in names
    begun = made["/9:step-8:before-succeed"].trace
    assert begun
    assert [one.why for one in begun.invocations] == [
        "after /6:step-5 SUCCEED persisted", "/9:step-8 SUCCEED before it persists", "",
    ]  # fmt: skip
    assert begun.status == begun.invocations[-1].ended == AT_HORIZON
    assert not begun.ending, "it has no result, not even null"
    assert "/2:step-1 SUCCEED before it persists" in names, "from the start: there is not enough before it"
    assert "/9:step-8 SUCCEED after it persisted, the response lost" in names, "goes on from there anyway"


def side_by_side(semantics: StepSemantics) -> Run:
    """A run in which one branch does steps while that of the other is under way, which asks the model if it may."""
    begun, done = threading.Event(), threading.Event()

    def workflow(event: object, context: DurableContext, model: ModelProvider) -> None:
        def long(_: object) -> None:
            if semantics is StepSemantics.AT_LEAST_ONCE_PER_RETRY:
                model.converse(ModelRequest(messages=(Message.user("Greet me"),)))
            begun.set()
            assert done.wait(60)

        def slow(inner: DurableContext) -> None:
            inner.step(long, "long", StepConfig(step_semantics=semantics))

        def quick(inner: DurableContext) -> None:
            inner.step(lambda _: begun.wait(60), "first")
            inner.step(lambda _: None, "second")
            inner.step(lambda _: done.set(), "third")

        context.parallel([slow, quick], "batch")

    return run_in_process(handler_factory(workflow), SCENARIO, Conditions(keep_snapshots=True))


def position(run: Run, name: str) -> int:
    """Of the update that ends the step of that name."""
    return next(n for n, one in enumerate(run.updates) if one.name == name and one.action == "SUCCEED")


def test_an_execution_begins_in_the_last_state_that_lies_far_enough_before_its_crash() -> None:
    run = run_in_process(chain(FAR), SCENARIO, Conditions(keep_snapshots=True))
    prefix = begun_before(run, position(run, "step-8"), 2)
    assert prefix
    assert str(prefix.updates[-1]) == "/6:step-5 SUCCEED"
    assert begun_before(run, position(run, "step-2"), 2) is None


def test_no_execution_begins_in_another_invocation_than_its_crash_is_in() -> None:
    def workflow(event: object, context: DurableContext, model: object) -> None:
        for n in range(3):
            context.step(lambda _: None, f"early-{n}")
        context.wait(Duration.from_days(1), "sleep")
        context.step(lambda _: None, "late")

    run = run_in_process(handler_factory(workflow), SCENARIO, Conditions(keep_snapshots=True))
    assert begun_before(run, position(run, "late"), 1) is None


def test_no_execution_begins_where_a_step_is_under_way() -> None:
    run = side_by_side(StepSemantics.AT_MOST_ONCE_PER_RETRY)
    assert "long" in [one.name for one in run.snapshots[position(run, "second")].operations]
    assert begun_before(run, position(run, "third"), 1) is None


def test_no_execution_begins_where_a_model_call_is_under_way() -> None:
    """The call may be over before the service knows that its step has begun."""
    run = side_by_side(StepSemantics.AT_LEAST_ONCE_PER_RETRY)
    unaware = [
        replace(one, operations=tuple(operation for operation in one.operations if operation.name != "long"))
        for one in run.snapshots
    ]
    events = run.events[: unaware[position(run, "second")].events]
    assert sum(isinstance(event, ModelCall) for event in events) == 1
    assert begun_before(replace(run, snapshots=tuple(unaware)), position(run, "third"), 1) is None


def test_an_execution_may_begin_where_a_batch_has_left_a_step_behind() -> None:
    begun, done = threading.Event(), threading.Event()
    at_most_once = StepConfig(step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY)

    def workflow(event: object, context: DurableContext, model: object) -> None:
        def long(_: object) -> None:
            begun.set()
            assert done.wait(60)

        def slow(inner: DurableContext) -> None:
            inner.step(long, "long", at_most_once)

        def quick(inner: DurableContext) -> None:
            inner.step(lambda _: begun.wait(60), "short")

        first_of_two = ParallelConfig(completion_config=CompletionConfig(min_successful=1))
        context.parallel([slow, quick], "batch", first_of_two)
        for n in range(3):
            context.step(lambda _: None, f"step-{n}")
        done.set()

    run = run_in_process(handler_factory(workflow), SCENARIO, Conditions(keep_snapshots=True))
    assert run.operation("long").status == "STARTED"
    prefix = begun_before(run, position(run, "step-2"), 1)
    assert prefix
    assert str(prefix.updates[-1]) == "/2:step-0 SUCCEED"


def test_an_execution_may_begin_after_calls_in_branches_that_are_no_operations() -> None:
    def workflow(event: object, context: DurableContext, model: ModelProvider) -> None:
        def branch(_: DurableContext, item: str, _index: int, _items: object) -> str:
            return say(model, f"Greet {item}")

        context.map(["Ada", "Alan"], branch, "batch", MapConfig(nesting_type=NestingType.FLAT))
        for n in range(3):
            context.step(lambda _: None, f"step-{n}")

    run = run_in_process(handler_factory(workflow), SCENARIO, Conditions(keep_snapshots=True))
    assert {call.path for call in run.calls}.isdisjoint(operation.path for operation in run.operations)
    prefix = begun_before(run, position(run, "step-2"), 1)
    assert prefix
    assert str(prefix.updates[-1]) == "/2:step-0 SUCCEED"


def test_an_operation_that_begins_again_is_counted_once() -> None:
    horizon = Horizon(1, "/1:first")
    begin = OperationUpdate("id", OperationType.STEP, OperationAction.START)
    assert not horizon.passed_with(begin, "/2:second")
    assert not horizon.passed_with(begin, "/2:second"), "after another death, say"
    assert horizon.passed_with(begin, "/3:third")


def test_only_a_value_that_may_show_further_on_has_an_execution_followed_there() -> None:
    baseline = run_in_process(chain(FAR), SCENARIO)
    stopped = crashed(chain(FAR), at(3), horizon=2)

    def changed(**change: object) -> Run:
        *others, last = stopped.operations
        return replace(stopped, operations=(*others, replace(last, **change)))  # type: ignore[arg-type]

    assert not diverged(baseline, stopped)
    assert diverged(baseline, changed(result="wrong"))
    assert diverged(baseline, changed(status="FAILED"))
    assert diverged(baseline, changed(error_message="wrong"))
    assert not diverged(baseline, changed(result=None, status="STARTED")), "it has not ended"
    first, *others = stopped.operations
    assert diverged(baseline, replace(stopped, operations=(replace(first, status="PENDING"), *others))), "nor has it"
    tagged = replace(baseline, operations=tuple(replace(one, result="yes ~a1z") for one in baseline.operations))
    assert not diverged(
        tagged, replace(stopped, operations=tuple(replace(one, result="yes ~a2z") for one in stopped.operations))
    )
    assert not diverged(baseline, changed(result="as branches ended", sub_type="Map"))
    assert not diverged(baseline, replace(changed(result="wrong"), status="SUCCEEDED")), "it was followed to its end"


def test_what_ended_otherwise_is_not_taken_from_the_baseline() -> None:
    baseline = canonical(run_in_process(chain(FAR), SCENARIO))
    stopped = crashed(chain(FAR), at(3), horizon=2)
    failed = tuple(replace(one, status="FAILED") if one.name == "step-4" else one for one in stopped.operations)
    followed = extrapolated(baseline, canonical(replace(stopped, operations=failed)))
    assert [row[3] for row in followed.history] == ["SUCCEEDED"] * 4 + ["FAILED"] + ["SUCCEEDED"] * (FAR - 5)


def test_what_was_not_followed_stands_in_its_place() -> None:
    baseline = canonical(run_in_process(chain(FAR), SCENARIO))
    stopped = crashed(chain(FAR), at(3), horizon=2)
    without = tuple(one for one in stopped.operations if one.name != "step-2")
    assert extrapolated(baseline, canonical(replace(stopped, operations=without))).history == baseline.history


def test_what_was_not_followed_is_as_in_the_baseline() -> None:
    baseline = canonical(run_in_process(chain(FAR), SCENARIO))
    run = canonical(crashed(chain(FAR), at(3), horizon=2))
    asked = {path: frozenset({"Greet me"}) for path in ("/6:step-5", "/7:step-6", "")}
    followed = extrapolated(baseline, replace(run, requests=asked))
    assert (followed.history, followed.result, followed.run.status) == (baseline.history, "66", "SUCCEEDED")
    assert set(followed.requests) == {"/6:step-5", ""}, "step-6 had begun to ask when the execution was stopped"


def test_a_report_shows_no_difference_in_what_was_not_followed() -> None:
    def workflow(event: object, context: DurableContext, model: ModelProvider) -> str:
        moment = time.time_ns()
        context.step(lambda _: None, "look")
        greeting = ask(context, model, "greet", f"Greet me at {moment}").text
        for n in range(FAR):
            context.step(lambda _: None, f"look-{n}")
        return greeting

    handler_for = handler_factory(workflow)
    baseline = canonical(run_in_process(handler_for, SCENARIO))
    run = crashed(handler_for, CrashPoint("/1:look", "SUCCEED", 0, CrashKind.AFTER_PERSIST), horizon=1)
    assert run.status == AT_HORIZON
    found = list(differences(baseline, run, "the first look"))
    assert [one.rule for one in found] == ["request-stability"]
    place = Place(Section.CRASHES, "/1:look")
    experiment = Experiment("look", "the first look", place, Conditions(), not_judged, against=baseline)
    record = experiment.planned().made(run, found, experiment.against)
    assert [one.what for one in record.comparisons] == ["What /2:greet asks the model"]


def drifting(event: object, context: DurableContext, model: ModelProvider) -> str:
    """Reads the clock at the start, and uses it at the end."""
    moment = time.time_ns()
    for n in range(FAR):
        context.step(lambda _: None, f"look-{n}")
    return ask(context, model, "greet", f"Greet me at {moment}").text


def test_drift_is_found_however_far_its_cause_is_from_what_it_breaks() -> None:
    """A crash shortly before the question replays what came long before it, too."""
    report = explore(handler_factory(drifting), SCENARIO, Exploration(horizon=1))
    assert "request-stability" in {found.rule for found in report.findings}


@pytest.mark.parametrize("shelf", [shelf for shelf in BROKEN.values() if not shelf.in_other_sandboxes], ids=_names)
def test_every_broken_handler_is_reported_with_the_nearest_horizon(shelf: Shelf) -> None:
    assert unreported(shelf, horizon=1) == {}


@pytest.mark.parametrize("shelf", MUTANTS.values(), ids=_names)
def test_every_mutant_is_reported_with_the_nearest_horizon(shelf: Shelf) -> None:
    assert unreported(shelf, horizon=1) == {}


@pytest.mark.parametrize("shelf", [CORRECT["waiting"], CORRECT["effects"], CORRECT["flow"]], ids=_names)
def test_no_correct_handler_raises_an_alarm_because_it_is_stopped(shelf: Shelf) -> None:
    reports = explored(shelf, horizon=1)
    assert {name: one.findings + one.could_not_run for name, one in reports.items() if not one.conforms} == {}


def test_a_result_that_drifts_is_found_near_the_end() -> None:
    def workflow(event: object, context: DurableContext, model: object) -> int:
        moment = time.time_ns()
        for n in range(FAR):
            context.step(lambda _: None, f"look-{n}")
        return moment

    report = explore(handler_factory(workflow), SCENARIO, Exploration(horizon=1))
    assert "result-stability" in {found.rule for found in report.findings}


def test_the_model_failing_late_is_not_run_up_to_from_the_start(tmp_path: Path) -> None:
    ran = Ran(tmp_path / "ran")

    def workflow(event: object, context: DurableContext, model: ModelProvider) -> str:
        for n in range(FAR):
            context.step(lambda _, n=n: ran(n), f"look-{n}")  # type: ignore[misc]
        greeting = ask(context, model, "greet", "Greet me").text
        for n in range(FAR, 2 * FAR):
            context.step(lambda _, n=n: ran(n), f"look-{n}")  # type: ignore[misc]
        return greeting

    def bodies(horizon: int | None) -> int:
        (tmp_path / "ran").unlink(missing_ok=True)
        report = explore(handler_factory(workflow), SCENARIO, Exploration(points=(), horizon=horizon))
        assert report.conforms
        return len(ran)

    whole = 2 * FAR
    assert bodies(None) >= 4 * whole + 4 * FAR, "two undisturbed executions a model, and four faults"
    assert bodies(2) <= 5 * whole + FAR + 12, "one in which every call fails once; and that of every call runs up to it"


def long_flow(event: object, context: DurableContext, model: ModelProvider) -> str:
    for n in range(FAR):
        context.step(lambda _: None, f"look-{n}")
    return ask(context, model, "greet", "Greet me").text


def test_executions_in_other_sandboxes_are_followed_no_further() -> None:
    records = Records()
    report = explore(
        handler_factory(long_flow), SCENARIO, NEAR, elsewhere=reference_to(long_flow), recorder=records.add
    )
    assert (report.findings, report.could_not_run) == ((), ())
    cold = {record.id: record.trace for record in records if record.id.endswith("~way-0")}
    followed = [trace for id_, trace in cold.items() if trace and id_.startswith("/2:look-1:after-")]
    assert followed
    assert {trace.status for trace in followed} == {AT_HORIZON}


@pytest.mark.parametrize("horizon", [0, -1])
def test_a_horizon_is_at_least_one_operation(horizon: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Exploration(horizon=horizon)


def test_an_execution_that_fails_in_the_end_raises_no_alarm_because_it_is_stopped() -> None:
    def workflow(event: object, context: DurableContext, model: object) -> None:
        for n in range(FAR):
            context.step(lambda _: None, f"look-{n}")
        raise ValueError("as it must")

    report = explore(handler_factory(workflow), replace(SCENARIO, expect="FAILED"), Exploration(horizon=1))
    assert (report.findings, report.undisturbed) == ((), "FAILED with ValueError: as it must")
    assert report.conforms


def test_how_a_call_is_tried_again_is_seen_however_late_it_is_made() -> None:
    def once_more(_: Exception, attempt: int) -> RetryDecision:
        return RetryDecision.retry(Duration.from_seconds(1)) if attempt < 3 else RetryDecision.no_retry()

    def workflow(event: object, context: DurableContext, model: ModelProvider) -> str:
        for n in range(FAR):
            context.step(lambda _: None, f"look-{n}")
        return context.step(lambda _: say(model, "Greet me"), "greet", StepConfig(retry_strategy=once_more))

    report = explore(handler_factory(workflow), SCENARIO, Exploration(points=(), horizon=1))
    assert {(found.rule, found.actual) for found in report.findings} == {
        ("retry-policy", "3 calls of a permanent error")
    }


def long_waits(event: object, context: DurableContext, model: ModelProvider) -> str:
    for n in range(3):
        context.wait(Duration.from_days(1), f"sleep-{n}")
    for n in range(FAR):
        context.step(lambda _: None, f"look-{n}")
    try:
        greeting = ask(context, model, "greet", "Greet me").text
    except ModelError as error:
        greeting = f"failed: {error}"
    for n in range(FAR, 2 * FAR):
        context.step(lambda _: None, f"look-{n}")
    return greeting


def test_an_execution_that_dies_between_attempts_shows_when_each_invocation_was() -> None:
    records = Records()
    explore(handler_factory(long_waits), SCENARIO, Exploration(points=(), horizon=1), recorder=records.add)
    (record,) = [one for one in records if one.id.endswith("+dies-between")]
    assert record.trace
    days = [round(one.at_seconds / 86_400) for one in record.trace.invocations]
    assert days[:4] == [0, 1, 2, 3]
    assert set(days[4:]) == {3}


def test_a_pair_of_interruptions_has_an_execution_begin_before_the_first_of_them() -> None:
    def workflow(event: object, context: DurableContext, model: ModelProvider) -> None:
        for n in range(4):
            context.step(lambda _: None, f"early-{n}")
        ask(context, model, "greet", "Greet me")
        for n in range(FAR):
            context.step(lambda _: None, f"late-{n}")

    baseline = canonical(run_in_process(handler_factory(workflow), SCENARIO, Conditions(keep_snapshots=True)))
    late = CrashPoint("/15:late-9", "SUCCEED", 0, CrashKind.BEFORE_PERSIST)
    call = CrashPoint("/5:greet", MODEL_CALL, 0, CrashKind.DURING_CALL)
    *_, pair = crash_cases(baseline, [late, call], frozenset(), pairs=True, never_twice=False, horizon=1)
    assert pair.conditions.prefix
    assert str(pair.conditions.prefix.updates[-1]) == "/3:early-2 SUCCEED"


def test_what_must_be_followed_to_its_end_begins_where_it_would_without_a_horizon() -> None:
    baseline = canonical(run_in_process(chain(FAR), SCENARIO, Conditions(keep_snapshots=True)))
    early, late = at(5), at(9)
    alone, other, pair = crash_cases(
        baseline, [early, late], frozenset(), pairs=True, never_twice=False, horizon=2, to_the_end={early}
    )
    for whole in (alone, pair):
        assert whole.conditions.horizon is None
        assert whole.conditions.prefix
        assert whole.conditions.prefix.updates == ()
    assert other.conditions.horizon == 2


def test_only_errors_that_pass_are_followed_to_the_end_because_such_an_error_showed_something() -> None:
    baseline = run_in_process(handler_factory(long_flow), SCENARIO, Conditions(keep_snapshots=True))
    horizons = [case.conditions.horizon for case in fault_cases(baseline, 2, passing_to_the_end=True)]
    assert horizons == [2, None, 2, 2], "denied, throttled once, throttled every time, and every call denied"


def test_only_other_sandboxes_having_been_left_early_is_said() -> None:
    exploration = replace(NEAR, points=(), faults=False, orders=False)
    report = explore(handler_factory(long_flow), SCENARIO, exploration, elsewhere=reference_to(long_flow))
    assert report.conforms
    assert any("operations later" in what for what in report.left_out)
