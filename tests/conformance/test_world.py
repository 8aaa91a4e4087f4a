"""The world that a handler meets in a process of ours is the execution's: its clock, chance, ids, threads and ARN."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import json
import os
import random
import secrets
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import Any

import pytest
from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration, StepConfig
from aws_durable_execution_sdk_python.filesystem_serdes import FileSystemSerDes
from aws_durable_execution_sdk_python.retries import RetryStrategyConfig, create_retry_strategy
from aws_durable_execution_sdk_python.waits import WaitForConditionConfig, WaitForConditionDecision

from durable_conformance import CrashKind, CrashPoint, Exploration, Report, Scenario, explore, handler_factory
from durable_conformance.execution import Conditions, Run
from durable_conformance.identity import alike
from durable_conformance.rules import canonical, differences
from durable_conformance.subject import HandlerFactory
from durable_conformance.workers import Experiment, Pool, not_judged
from providers import ModelProvider
from tests.conformance.corpus.asking import SENSIBLE, say, say_in_step

PATIENCE = 60.0
RETRY = create_retry_strategy(RetryStrategyConfig(max_attempts=8, initial_delay=Duration.from_seconds(1)))
LATER = CrashPoint("/2:later", "START", 0, CrashKind.AFTER_PERSIST)


def runs(handler: Any, *conditions: Conditions) -> list[Run]:
    """A run for each of `conditions`, in processes of ours, one after the other."""
    many = [Experiment(f"run-{n}", "", None, one, not_judged) for n, one in enumerate(conditions or (Conditions(),))]
    factory: HandlerFactory = handler_factory(handler)
    made = {}
    with Pool(factory, Scenario({}), at_once=1, patience=PATIENCE) as pool:
        pool.start()
        for experiment, run in pool.run(many):
            assert isinstance(run, Run), run
            assert run.status == "SUCCEEDED", run
            made[experiment.id] = run
    return [made[one.id] for one in many]


def explored(handler: Any) -> Report:
    return explore(handler_factory(handler), Scenario({}), Exploration(patience=PATIENCE))


def conforms(handler: Any) -> bool:
    report = explored(handler)
    assert not report.findings + report.could_not_run, report
    return report.conforms and report.points > 0


# Time


def test_a_deadline_of_an_hour_has_passed_after_seven_waits_of_ten_minutes() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> int:
        deadline = context.step(lambda _: (dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).isoformat(), "deadline")
        turn = 0
        while True:
            turn += 1
            if context.step(lambda _: dt.datetime.now(dt.UTC) > dt.datetime.fromisoformat(deadline), f"look-{turn}"):
                return turn
            context.wait(Duration.from_minutes(10), f"pause-{turn}")

    assert runs(handler)[0].result == 7
    assert conforms(handler)


def test_a_condition_that_compares_times_comes_true() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> int:
        until = context.step(lambda _: time.time() + 90, "until")

        def check(polled: int, _: Any) -> int:
            return -polled if time.time() > until else polled + 1

        def pause(polled: int, _: int) -> WaitForConditionDecision:
            if polled < 0:
                return WaitForConditionDecision.stop_polling()
            return WaitForConditionDecision.continue_waiting(Duration.from_seconds(30))

        return context.wait_for_condition(check, WaitForConditionConfig(pause, 1), "late")

    assert runs(handler)[0].result == -4


def test_every_clock_shows_the_same_time() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[int]:
        def look(_: Any) -> list[int]:
            now = dt.datetime.now()
            return [
                dt.date.today().year,
                now.year,
                dt.datetime.today().year,
                time.gmtime().tm_year,
                time.localtime().tm_year,
                int(time.strftime("%Y")),
                dt.datetime.fromtimestamp(time.time(), dt.UTC).year,
                dt.datetime.fromtimestamp(time.time_ns() / 1e9, dt.UTC).year,
            ]

        return context.step(look, "look")

    assert set(runs(handler)[0].result) == {2040}


def test_times_go_on_from_one_operation_to_the_next_and_between_them() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[float]:
        def read(_: Any) -> float:
            return time.time()

        times = [time.time(), context.step(read, "first"), time.time(), context.step(read, "second")]
        times.append(context.run_in_child_context(lambda child: child.step(read, "inner"), "child"))
        return [*times, context.step(read, "last"), time.time()]

    result = runs(handler)[0].result
    assert result == sorted(result)


PAUSES: list[Callable[[float], None]] = [
    lambda seconds: time.sleep(seconds),  # noqa: PLW0108  # looked up when it is called
    lambda seconds: sleep(seconds),  # noqa: PLW0108  # the same: this module has it since before it was forked
    lambda seconds: asyncio.run(asyncio.sleep(seconds)),
]


@pytest.mark.parametrize("pause", PAUSES)
def test_sleeping_passes_virtual_time_at_once(pause: Callable[[float], None]) -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[float]:
        def slow(_: Any) -> list[float]:
            began, counted, performed = time.time(), monotonic(), perf_counter()
            pause(3600)
            return [time.time() - began, monotonic() - counted, perf_counter() - performed]

        pause(7200)
        return context.step(slow, "slow")

    began = time.monotonic()
    (run,) = runs(handler)
    assert time.monotonic() - began < 30
    assert run.result == pytest.approx([3600, 3600, 3600], abs=0.01)


def test_a_loop_that_sleeps_or_looks_at_the_clock_until_a_deadline_ends() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        def polls(_: Any) -> None:
            deadline = time.time() + 3600
            while time.time() < deadline:
                time.sleep(1)

        def waits_busily(_: Any) -> None:
            deadline = time.monotonic() + 3600
            while time.monotonic() < deadline:
                pass

        context.step(polls, "polls")
        return context.step(waits_busily, "waits-busily") or "done"

    assert runs(handler)[0].result == "done"


def test_coroutines_that_sleep_end_in_their_order_and_side_by_side() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> list[Any]:
        ended: list[int] = []

        async def one(seconds: int) -> None:
            await asyncio.sleep(seconds)
            ended.append(seconds)

        async def all_() -> None:
            await asyncio.gather(one(200), one(100))

        def work(_: Any) -> list[Any]:
            began = time.time()
            asyncio.run(all_())
            return [*ended, round(time.time() - began)]

        return context.step(work, "work")

    assert runs(handler)[0].result == [100, 200, 200]


def test_what_a_step_has_slept_has_passed_for_those_after_it_also_where_an_execution_goes_on() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> float:
        def slow(_: Any) -> float:
            began = time.time()
            time.sleep(60)
            return began

        began = context.step(slow, "slow")
        time.sleep(7)
        return context.step(lambda _: time.time() - began, "later")

    (whole,) = runs(handler, Conditions(keep_snapshots=True))
    assert whole.result == pytest.approx(67, abs=0.1)
    (rest,) = runs(handler, Conditions(prefix=whole.until_update(whole.update_at(LATER))))
    assert rest.result == whole.result


# Chance and ids


def drawn(_: Any) -> list[Any]:
    """Whatever may differ from one call to the next."""
    return [
        random.random(),
        random.randint(1, 1 << 60),
        random.gauss(),
        random.sample(range(1 << 60), 2),
        random.randbytes(8).hex(),
        random.SystemRandom().random(),
        random.Random().random(),
        str(uuid.uuid4()),
        str(uuid.uuid1()),
        os.urandom(8).hex(),
        secrets.token_hex(8),
        secrets.choice(range(1 << 60)),
        time.time_ns(),
        time.perf_counter_ns(),
    ]


def test_in_a_step_chance_ids_and_time_are_the_same_in_every_run_and_differ_between_steps_and_attempts() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        failed: list[str] = []

        def twice(step: Any) -> Any:
            if step.attempt == 1:
                raise ValueError(str(drawn(step)))
            return drawn(step)

        first = context.step(drawn, "first")
        config = StepConfig(retry_strategy=RETRY)
        return [first, context.step(twice, "later", config), failed]

    uninterrupted, again, interrupted = runs(handler, Conditions(), Conditions(), Conditions(crashes=(LATER,)))
    errors = [[one.error for one in run.updates if one.error] for run in (uninterrupted, again, interrupted)]
    assert uninterrupted.result == again.result == interrupted.result
    assert errors[0] == errors[1] == errors[2] != []
    first, second, _ = uninterrupted.result
    assert not set(map(str, first)) & set(map(str, second))


def test_chance_does_not_depend_on_the_branches_beside_it() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        def branch(child: DurableContext, item: int, *_: Any) -> Any:
            return [child.step(drawn, "draw"), child.step(drawn, "draw-again")]

        return context.map(list(range(6)), branch, "all").get_results()

    first, second, third = runs(handler, Conditions(), Conditions(), Conditions())
    assert first.result == second.result == third.result
    assert max(Counter(str(one) for pair in first.result for draws in pair for one in draws).values()) == 1


def test_a_step_that_fails_by_chance_fails_alike_in_each_run() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        def call(_: Any) -> str:
            if random.random() < 0.5:
                raise ConnectionError("reset")
            return "answer"

        def branch(child: DurableContext, item: int, *_: Any) -> Any:
            return child.step(call, "call", StepConfig(retry_strategy=RETRY))

        context.step(call, "call", StepConfig(retry_strategy=RETRY))
        return context.map([1, 2, 3], branch, "all").get_results()

    (run,) = runs(handler)
    assert run.retry_schedule, "one failed"
    assert conforms(handler)


def test_between_operations_chance_ids_and_time_are_the_invocations() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        return [drawn(None), context.step(lambda _: 1, "first"), context.run_in_child_context(drawn, "child")]

    one, two = (run.result for run in runs(handler, Conditions(), Conditions()))
    assert not {str(value) for value in one[0]} & {str(value) for value in two[0]}
    assert not {str(value) for value in one[2]} & {str(value) for value in two[2]}


@pytest.mark.parametrize("name", [uuid.uuid4, time.time_ns, random.random, secrets.token_hex])
def test_what_differs_between_invocations_is_found_in_a_name(name: Callable[[], Any]) -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        return context.step(lambda _: "x", f"step-{name()}")

    assert explored(handler).findings


def test_what_a_library_of_the_tests_does_at_each_collection_takes_no_time_of_a_step() -> None:
    """As hypothesis does, which a test's process may have imported: collections come by chance."""

    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        def work(_: Any) -> int:
            gc.collect()
            return time.perf_counter_ns()

        return context.step(work, "work")

    (plain,) = runs(handler)
    callback = lambda *_: [time.perf_counter() for _ in range(50)]  # noqa: E731
    gc.callbacks.append(callback)
    try:
        (watched,) = runs(handler)
    finally:
        gc.callbacks.remove(callback)
    assert watched.result == plain.result


# Threads


def in_a_pool(task: Callable[[], str]) -> str:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(task).result()


def in_a_thread(task: Callable[[], str]) -> str:
    done: Future[str] = Future()

    def work() -> None:
        try:
            done.set_result(task())
        except BaseException as error:  # noqa: BLE001  # raised again by whoever waits
            done.set_exception(error)

    threading.Thread(target=work).start()
    return done.result()


def off_the_event_loop(task: Callable[[], str]) -> str:
    return asyncio.run(asyncio.to_thread(task))


KEPT = ThreadPoolExecutor(1)


def in_a_kept_pool(task: Callable[[], str]) -> str:
    """Its thread was started by the first of those that use it."""
    return KEPT.submit(task).result()


@pytest.mark.parametrize("elsewhere", [in_a_pool, in_a_thread, off_the_event_loop, in_a_kept_pool])
def test_what_a_thread_does_belongs_to_the_operation_that_has_started_it(elsewhere: Callable[..., str]) -> None:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> Any:
        def ask(prompt: str) -> Any:
            def work(_: Any) -> list[Any]:
                asked = elsewhere(lambda: say(model, prompt))
                return [asked, elsewhere(lambda: str(drawn(None))), elsewhere(lambda: str(drawn(None)))]

            return work

        config = StepConfig(retry_strategy=SENSIBLE)
        return [context.step(ask("one"), "first", config), context.step(ask("two"), "later", config)]

    run, interrupted = runs(workflow, Conditions(), Conditions(crashes=(LATER,)))
    assert [call.path for call in run.calls] == ["/1:first", "/2:later"]
    assert interrupted.result == run.result
    assert len(set(map(str, run.result[0] + run.result[1]))) == 6
    assert conforms(workflow)


def test_which_of_a_steps_threads_asks_first_makes_no_difference_to_what_they_are_answered() -> None:
    began: list[int] = []

    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> Any:
        began.append(1)
        turns = ["bad", "good"] if len(began) == 2 else ["good", "bad"]  # the crashed run's first invocation

        def both(_: Any) -> list[str]:
            asked = {turn: threading.Event() for turn in turns}

            def ask(prompt: str) -> str:
                try:
                    if prompt == turns[1]:
                        asked[turns[0]].wait()
                    return say(model, prompt)
                finally:
                    asked[prompt].set()

            with ThreadPoolExecutor(2) as pool:
                return list(pool.map(ask, ["good", "bad"]))

        return context.step(both, "both")

    died = CrashPoint("/1:both", "CALL", 1, CrashKind.DURING_CALL)
    run, interrupted = runs(workflow, Conditions(), Conditions(crashes=(died,)))
    assert [json.loads(call.request.text)["messages"][0]["content"][0]["text"] for call in interrupted.calls] == [
        "bad",
        "good",
        "good",
        "bad",
    ]
    assert interrupted.result == run.result


# Its ARN


def test_an_experiment_has_the_same_arn_whenever_it_is_made() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        return [context.step(lambda _: 1, "one"), context.execution_context.durable_execution_arn]

    assert runs(handler, Conditions())[0].result == runs(handler, Conditions())[0].result


def test_each_execution_has_an_arn_of_its_own_and_one_that_goes_on_keeps_it() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        arn = context.execution_context.durable_execution_arn
        return [arn, context.step(lambda _: arn, "first"), context.step(lambda _: arn, "later")]

    one, two = runs(handler, Conditions(keep_snapshots=True), Conditions())
    (rest,) = runs(handler, Conditions(prefix=one.until_update(one.update_at(LATER))))
    assert len(set(one.result)) == len(set(two.result)) == 1
    assert one.result != two.result
    assert rest.result == one.result
    assert alike(one.result[0]) == alike(two.result[0])
    assert not list(differences(canonical(one), two, "again"))


def test_an_arn_in_names_prompts_values_errors_and_results_is_no_difference() -> None:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> Any:
        arn = context.execution_context.durable_execution_arn
        recorded = context.step(lambda _: arn, f"remember-{arn}")
        if recorded != arn:
            raise ValueError("another execution's")
        said = say_in_step(context, model, "ask", f"For {arn}")
        return {"arn": arn, "said": said, "branches": context.map([1, 2], lambda *_: arn, "all").get_results()}

    assert conforms(workflow)


def test_what_is_derived_from_an_arn_is_no_difference_and_what_an_execution_leaves_behind_still_is() -> None:
    def workflow(event: Any, context: DurableContext, model: ModelProvider) -> Any:
        key = uuid.uuid5(uuid.NAMESPACE_URL, context.execution_context.durable_execution_arn)
        said = say_in_step(context, model, "ask", f"For order {key}")
        context.map([1, 2], lambda child, item, *_: child.step(lambda _: f"{item}-{key}", "put"), "all")
        return {"order": str(key), "said": said}

    seen: list[str] = []

    @durable_execution
    def remembers(event: Any, context: DurableContext) -> Any:
        seen.append(context.execution_context.durable_execution_arn)
        return [context.step(lambda _: 1, "first"), seen]

    assert conforms(workflow)
    assert {one.rule for one in explored(remembers).findings} >= {"no-invocation-state"}


def test_what_the_sdks_serializer_writes_is_an_executions_own(tmp_path: Path) -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        serdes = StepConfig(serdes=FileSystemSerDes(str(tmp_path)))
        first = context.step(lambda _: ["x" * 100] * 3000, "first", serdes)
        return len(first) + len(context.step(lambda _: first, "later", serdes))

    (whole,) = runs(handler, Conditions(keep_snapshots=True))
    written = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.json")}
    assert len(written) == 2
    (rest,) = runs(handler, Conditions(prefix=whole.until_update(whole.update_at(LATER))))
    assert rest.result == whole.result
    assert {file: file.stat().st_mtime_ns for file in written} == written, "others may read it"
    assert conforms(handler)


def test_the_sdks_serializer_in_a_temporary_folder_conforms() -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        serdes = FileSystemSerDes(tempfile.gettempdir())
        return len(context.step(lambda _: ["x" * 1000] * 3000, "rows", StepConfig(serdes=serdes)))

    assert conforms(handler)
