"""Following interrupted executions some operations far, instead of to their end: what it saves, finds and misses."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import Duration, StepConfig, StepSemantics

from conformance.canonical import canonical
from conformance.crash import CrashKind, CrashPoint
from conformance.exploration import Exploration
from conformance.explore import explore
from conformance.horizon import AT_HORIZON, as_followed, begun_before, comes_later
from conformance.in_process import Conditions, run_in_process
from conformance.reference import reference_to
from conformance.run import Run
from conformance.run_record import Records, Section
from conformance.scenario import HandlerFactory, Scenario
from conformance.subject import handler_factory
from patterns.durable import ask
from providers import Message, ModelProvider, ModelRequest
from providers.scripted import ScriptedProvider
from tests.conformance.corpus import BROKEN, CORRECT
from tests.conformance.corpus.entry import Shelf
from tests.conformance.corpus.explored import explored, unreported
from tests.conformance.mutants import MUTANTS

SCENARIO = Scenario({}, ScriptedProvider)
FAR = 12
"""Operations of a workflow in which a horizon of two is near."""

NEAR = Exploration(horizon=2)


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


def test_what_an_exploration_costs_grows_with_the_points_and_no_more() -> None:
    """Bodies run, not seconds."""

    def bodies_a_point(steps: int, horizon: int | None) -> float:
        ran = queue.SimpleQueue[int]()
        exploration = Exploration(kinds=[CrashKind.BEFORE_PERSIST], horizon=horizon)
        report = explore(chain(steps, ran.put), SCENARIO, exploration)
        assert report.conforms
        return (ran.qsize() - 2 * steps) / report.points  # but for the two executions that nothing interrupts

    assert bodies_a_point(24, None) > 24
    assert bodies_a_point(24, 2) < 9, "two before, the one that dies, again, two after, one or two that are refused"
    assert bodies_a_point(12, 2) < 9


def test_the_same_runs_are_made_and_the_report_says_how_far_they_were_followed() -> None:
    near, far = (explore(chain(FAR), SCENARIO, one) for one in (NEAR, Exploration()))
    assert (near.points, near.runs, near.conforms) == (far.points, far.runs, True)
    assert [what for what in near.left_out if "operations" in what] == [
        "what an interruption shows only more than 2 operations later: executions were followed no further"
    ]
    assert not [what for what in far.left_out if "operations" in what]


def test_a_run_that_begins_shortly_before_its_crash_says_so() -> None:
    records = Records()
    explore(chain(FAR), SCENARIO, NEAR, recorder=records.add)
    names = {record.name: record.trace for record in records if record.place.section is Section.CRASHES}
    begun = names["/9:step-8 SUCCEED before it persists, in an invocation that goes on from /6:step-5 SUCCEED"]
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
    assert unaware[position(run, "second")].calls == 1
    assert begun_before(replace(run, snapshots=tuple(unaware)), position(run, "third"), 1) is None


def test_what_was_not_followed_is_as_in_the_baseline() -> None:
    baseline = canonical(run_in_process(chain(FAR), SCENARIO))
    run = canonical(crashed(chain(FAR), at(3), horizon=2))
    asked = {path: frozenset({"Greet me"}) for path in ("/6:step-5", "/7:step-6", "")}
    followed = as_followed(baseline, replace(run, requests=asked))
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

    records = Records()
    exploration = Exploration(
        points=[CrashPoint("/1:look", "SUCCEED", 0, CrashKind.AFTER_PERSIST)], horizon=1, never_twice=False
    )
    explore(handler_factory(workflow), SCENARIO, exploration, recorder=records.add)
    (record,) = [record for record in records if record.name.startswith("/1:look SUCCEED") and record.findings]
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


@pytest.mark.parametrize("shelf", [CORRECT["waiting"], CORRECT["effects"]], ids=_names)
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


def test_the_limit_what_a_death_leaves_in_the_process_and_only_the_end_shows_is_missed() -> None:
    """And only that: without a horizon it is found, and that is the default."""

    def found(horizon: int | None) -> set[str]:
        exploration = Exploration(
            points=[CrashPoint("/1:first", "SUCCEED", 0, CrashKind.BEFORE_PERSIST)],
            horizon=horizon,
            side_by_side=1,
            faults=False,
        )
        return {one.rule for one in explore(handler_factory(remembering()), SCENARIO, exploration).findings}

    assert "result-stability" in found(None)
    assert found(3) == set()


def test_the_limit_a_wrong_value_that_a_step_records_and_only_the_end_uses_is_missed() -> None:
    def workflow(event: object, context: DurableContext, model: ModelProvider) -> str:
        notes: list[str] = []
        context.step(lambda _: notes.append("fragile"), "look")
        noted = context.step(lambda _: ", ".join(notes), "sum-up")
        for n in range(FAR):
            context.step(lambda _: None, f"look-{n}")
        return ask(context, model, "greet", f"Greet {noted}").text

    def found(horizon: int | None) -> set[str]:
        exploration = Exploration(kinds=[CrashKind.AFTER_PERSIST], faults=False, horizon=horizon)
        return {one.rule for one in explore(handler_factory(workflow), SCENARIO, exploration).findings}

    assert "request-stability" in found(None)
    assert found(3) == set()


def remembering() -> Callable[[object, DurableContext, object], int]:
    """A workflow that keeps in its process how often the body of its first step ran since it last ended."""
    ran: list[str] = []

    def workflow(event: object, context: DurableContext, model: object) -> int:
        context.step(lambda _: ran.append("first"), "first")
        for n in range(FAR):
            context.step(lambda _: None, f"look-{n}")
        times = len(ran)
        ran.clear()
        return times

    return workflow


def test_the_model_failing_late_is_not_run_up_to_from_the_start() -> None:
    asked: list[str] = []

    def workflow(event: object, context: DurableContext, model: ModelProvider) -> str:
        def body(n: int) -> None:
            asked.append(f"look-{n}")

        for n in range(FAR):
            context.step(lambda _, n=n: body(n), f"look-{n}")  # type: ignore[misc]
        greeting = ask(context, model, "greet", "Greet me").text
        for n in range(FAR, 2 * FAR):
            context.step(lambda _, n=n: body(n), f"look-{n}")  # type: ignore[misc]
        return greeting

    def bodies(horizon: int | None) -> int:
        asked.clear()
        report = explore(handler_factory(workflow), SCENARIO, Exploration(points=(), horizon=horizon))
        assert report.conforms
        return len(asked)

    whole = 2 * FAR
    assert bodies(None) >= 4 * whole + 4 * FAR, "two undisturbed executions a model, and four faults"
    assert bodies(2) <= 4 * whole + FAR + 12, "the fault of every call, which none was before, runs up to it"


def long_flow(event: object, context: DurableContext, model: ModelProvider) -> str:
    for n in range(FAR):
        context.step(lambda _: None, f"look-{n}")
    return ask(context, model, "greet", "Greet me").text


def test_executions_in_other_sandboxes_are_followed_no_further() -> None:
    records = Records()
    report = explore(
        handler_factory(long_flow), SCENARIO, NEAR, reference=reference_to(long_flow), recorder=records.add
    )
    assert (report.findings, report.could_not_run) == ((), ())
    cold = {record.name: record.trace for record in records if "then a cold" in record.name}
    followed = [trace for name, trace in cold.items() if trace and name.startswith("dies after /2:look-1 ")]
    assert followed
    assert {trace.status for trace in followed} == {AT_HORIZON}


@pytest.mark.parametrize("horizon", [0, -1])
def test_a_horizon_is_at_least_one_operation(horizon: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Exploration(horizon=horizon)
