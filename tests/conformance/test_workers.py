"""Where executions run: one process at a time makes one, every wait is bounded, and nothing is left behind."""

from __future__ import annotations

import functools
import os
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from aws_durable_execution_sdk_python import DurableContext, durable_execution

from durable_conformance import CannotRunError, CrashKind, CrashPoint, Exploration, Report, Scenario, explore
from durable_conformance.evidence import Records, Section
from durable_conformance.execution import Conditions, Run
from durable_conformance.subject import OK, Always, HandlerFactory, Reference
from durable_conformance.workers import (
    MAX_LOST,
    OTHER_SEEDS,
    RUNS_A_WORKER,
    Base,
    Channel,
    ClosedError,
    Elsewhere,
    Experiment,
    Lost,
    Pool,
    SilentError,
    Templates,
    Where,
    not_judged,
)
from tests.conformance import hostile

PATIENCE = 6.0
"""Seconds after which a run counts as hanging, and importing the handler, too. Real ones: what hangs does so in real
time; and on a busy machine the import takes two."""


def experiments(number: int, where: Where | None = None) -> list[Experiment]:
    return [Experiment(f"run-{n}", f"run {n}", None, Conditions(), not_judged, where or Where()) for n in range(number)]


def made(
    handler: Reference | HandlerFactory, number: int = 1, *, at_once: int = 1, where: Where | None = None, **more: Any
) -> list[Run | Lost]:
    with Pool(handler, Scenario({}), at_once=at_once, **more) as pool:
        pool.start()
        if where and where.seed:
            assert isinstance(handler, Reference)
            pool.open_elsewhere(Elsewhere(handler, Scenario({})))
        return [outcome for _, outcome in pool.run(experiments(number, where))]


def results(outcomes: list[Run | Lost]) -> list[Any]:
    assert all(isinstance(one, Run) for one in outcomes), outcomes
    return [one.result for one in outcomes if isinstance(one, Run)]


def of(handler: Any) -> HandlerFactory:
    return lambda _model: durable_execution(handler)


# One execution at a time


def test_executions_side_by_side_share_nothing_with_one_another_or_with_the_engine(tmp_path: Path) -> None:
    """Not the module's state, nor the clock's process, the working folder, randomness or descriptors."""
    seen: list[int] = []
    mine, theirs = Channel.pair()

    def handler(event: Any, context: DurableContext) -> dict[str, Any]:
        seen.append(1)
        os.chdir(tmp_path)
        return {
            "pid": os.getpid(),
            "seen": len(seen),
            "random": random.random(),
            "temporary": tempfile.gettempdir(),
            "descriptors": sorted(int(entry.name) for entry in Path("/proc/self/fd").iterdir()),
            "threads": [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()],
        }

    folder = str(Path.cwd())
    with Pool(of(handler), Scenario({}), at_once=4) as pool:
        pool.start()
        told = [one.result for _, one in pool.run(experiments(60)) if isinstance(one, Run)]
    assert len({one["pid"] for one in told}) > 1, "several at the same time"
    assert os.getpid() not in {one["pid"] for one in told}
    for pid in {one["pid"] for one in told}:
        mine_of = [one["seen"] for one in told if one["pid"] == pid]
        assert sorted(mine_of) == list(range(1, len(mine_of) + 1)), "warm, and its own"
    assert len({one["random"] for one in told}) == len(told)
    assert len({one["temporary"] for one in told}) == len({one["pid"] for one in told})
    assert seen == []
    assert str(Path.cwd()) == folder
    assert all(mine.fileno() in one["descriptors"] for one in told), "what the test has opened itself is inherited"
    mine.close()
    theirs.close()


@pytest.mark.parametrize(("number", "workers"), [(RUNS_A_WORKER, 1), (2 * RUNS_A_WORKER, 2)])
def test_a_worker_is_forked_where_there_is_enough_to_make_for_it(number: int, workers: int) -> None:
    """What runs in fresh processes meanwhile does not count."""

    def handler(event: Any, context: DurableContext) -> int:
        return os.getpid()

    warm, fresh = experiments(number), experiments(2 * RUNS_A_WORKER, Where(way=0))
    with Pool(of(handler), Scenario({}), at_once=4) as pool:
        pool.start()
        outcomes = [one for one in pool.run([*warm, *fresh]) if isinstance(one[1], Run)]
    told = [(one.where, run.result) for one, run in outcomes if isinstance(run, Run)]
    assert len(told) == number + 2 * RUNS_A_WORKER
    assert 1 <= len({pid for where, pid in told if where == Where()}) <= workers
    assert len({pid for where, pid in told if where != Where()}) == 2 * RUNS_A_WORKER, "each in a process of its own"


_WARMED = """
import gc, random, sys, threading
from durable_conformance.workers import worker
gc.disable()
worker.quiet_sdk_logs()
modules, state, threads = set(sys.modules), random.getstate(), threading.enumerate()
run = worker.warm_up()
assert (run.status, len(run.deaths)) == ("SUCCEEDED", 1), run
assert threading.enumerate() == threads, threading.enumerate()
assert random.getstate() == state
assert set(sys.modules) == modules, set(sys.modules) - modules
assert gc.isenabled() and gc.get_freeze_count() > 10_000
"""


def test_what_a_base_makes_before_it_forks_leaves_nothing_that_a_handler_meets() -> None:
    ended = subprocess.run([sys.executable, "-c", _WARMED], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_engines_own_connections_are_not_inherited() -> None:
    def handler(event: Any, context: DurableContext) -> list[str]:
        return sockets()

    before = set(sockets())
    engines: set[str] = set()
    with Pool(of(handler), Scenario({}), at_once=3) as pool:
        pool.start()
        told: list[set[str]] = []
        for _, one in pool.run(experiments(40)):
            engines |= set(sockets()) - before
            assert isinstance(one, Run)
            told.append(set(one.result))
    assert len(engines) >= 4, "to the template, and to three workers"
    assert all(one.isdisjoint(engines) for one in told)
    assert {len(one - before) for one in told} == {1}, "its own end, and nothing else that this process has not had"


def sockets() -> list[str]:
    """The sockets that this process has."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue  # what listed them
        if target.startswith("socket:"):
            found.append(target)
    return found


def test_the_next_execution_finds_the_working_folder_that_the_first_one_found(tmp_path: Path) -> None:
    def handler(event: Any, context: DurableContext) -> str:
        here = str(Path.cwd())
        os.chdir(tmp_path)
        return here

    with Pool(of(handler), Scenario({}), at_once=1) as pool:
        pool.start()
        assert results([one for _, one in pool.run(experiments(3))]) == [str(Path.cwd())] * 3
        assert dict(pool.left_behind) == {"another working folder": 3}


COUNTING = """
from pathlib import Path
from aws_durable_execution_sdk_python import durable_execution

with (Path(__file__).parent / "imported").open("a") as file:
    file.write("once ")

EXECUTIONS = []

@durable_execution
def handler(event, context):
    EXECUTIONS.append(1)
    return len(EXECUTIONS)
"""


def test_a_template_imports_the_handler_once_and_cold_executions_find_it_as_imported(tmp_path: Path) -> None:
    (tmp_path / "counting.py").write_text(COUNTING)
    target = Reference(f"{tmp_path / 'counting.py'}:handler")
    assert results(made(target, 3, where=Where(way=0))) == [1] * 3
    assert results(made(target, 3)) == [1, 2, 3]
    assert (tmp_path / "imported").read_text() == "once once "


SEEDED = """
import sys
NAMES = ("providers", "patterns", "tests", "pytest", "aws_durable_execution_sdk_python_testing.runner")
from aws_durable_execution_sdk_python import durable_execution

@durable_execution
def handler(event, context):
    return [hash("tea"), sorted(name for name in sys.modules if name in NAMES)]
"""


def test_templates_have_hash_seeds_of_their_own_and_import_nothing_that_a_project_may_have(tmp_path: Path) -> None:
    (tmp_path / "seeded.py").write_text(SEEDED)
    target = Reference(f"{tmp_path / 'seeded.py'}:handler")
    with Pool(target, Scenario({})) as pool:
        pool.start()
        pool.open_elsewhere(Elsewhere(target, Scenario({})))
        wanted = [one for seed in (0, 2, 3, 4, 5) for one in experiments(2, Where(seed, 0 if seed else None))]
        told = [one.result for _, one in pool.run(wanted) if isinstance(one, Run)]
    assert len(told) == 10
    assert len({one[0] for one in told}) == 5
    assert {tuple(one[1]) for one in told} == {()}


# Bounds


def test_cores_that_wait_for_the_handler_start_other_interpreters(tmp_path: Path) -> None:
    (tmp_path / "reads.py").write_text("def handler(event, context): ...")  # no handler: it is not imported elsewhere
    with (
        Templates() as templates,
        Pool(Reference(f"{tmp_path}/reads.py:handler"), Scenario({}), templates=templates) as pool,
    ):
        with pytest.raises(CannotRunError, match="handler"):
            pool.start(before_others=True)
        idle = min((os.process_cpu_count() or 1) - 1, len(OTHER_SEEDS))
        assert [base.used for base in templates.bases.values()] == [True, *[False] * idle]
    assert not templates.bases


def test_an_interpreter_that_nobody_has_asked_for_anything_ends_at_once() -> None:
    base = Base(1)
    base.close()
    assert base.exit_code == -signal.SIGKILL


def test_one_that_hangs_is_lost_and_the_rest_is_made() -> None:
    def handler(event: Any, context: DurableContext) -> int:
        if os.environ.get("HANG") == "yes" and not (Path(tempfile.gettempdir()) / "later").exists():
            (Path(tempfile.gettempdir()) / "later").touch()
            hostile.forever()
        return 1

    os.environ["HANG"] = "yes"
    try:
        outcomes = made(of(handler), 5, at_once=1, patience=1.0)
    finally:
        del os.environ["HANG"]
    assert [type(one) for one in outcomes].count(Lost) == 5, "each in a new process, as the last one was ended"
    assert {one.why for one in outcomes if isinstance(one, Lost)} == {"still running after 1 s"}


def test_when_too_many_are_lost_the_rest_is_left_out() -> None:
    def handler(event: Any, context: DurableContext) -> int:
        os._exit(3)

    outcomes = made(of(handler), MAX_LOST + 10, at_once=1)
    lost = [one for one in outcomes if isinstance(one, Lost)]
    assert [one.begun for one in lost] == [True] * (MAX_LOST + 1) + [False] * 9
    assert {one.why for one in lost if one.begun} == {"the handler ended the process with exit code 3"}


def test_whoever_needs_no_more_runs_ends_those_under_way(tmp_path: Path) -> None:
    def handler(event: Any, context: DurableContext) -> int:
        (tmp_path / str(os.getpid())).touch()
        if len(list(tmp_path.iterdir())) > 1:
            hostile.forever()
        return 1

    with Pool(of(handler), Scenario({}), at_once=4) as pool:
        pool.start()
        for _ in pool.run(experiments(60)):
            if len(list(tmp_path.iterdir())) > 1:
                break
    assert not [file for file in tmp_path.iterdir() if Path(f"/proc/{file.name}").exists()]


@pytest.mark.parametrize(
    ("deed", "why"),
    [
        ("os.closerange(3, 512); threading.Event().wait()", "closed the descriptor over which its process is heard"),
        ("os.closerange(3, 512)", "closed the descriptor over which its process is heard"),
        ("os.kill(os.getpid(), 9)", "the handler ended the process with SIGKILL"),
        ("os.abort()", "the handler ended the process with SIGABRT"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ],
)
def test_how_a_process_came_to_its_end_is_told(tmp_path: Path, deed: str, why: str) -> None:
    (outcome,) = made(written(tmp_path, deed), patience=20)
    assert isinstance(outcome, Lost)
    assert why in outcome.why


def test_where_a_signal_ended_a_process_is_told(tmp_path: Path) -> None:
    (outcome,) = made(written(tmp_path, "os.abort()"))
    assert isinstance(outcome, Lost)
    assert "deed.py" in outcome.detail


def test_what_the_handler_lets_out_of_the_engine_comes_with_its_traceback(tmp_path: Path) -> None:
    (outcome,) = made(written(tmp_path, "raise KeyboardInterrupt('stop')"))
    assert isinstance(outcome, Lost)
    assert "deed.py" in outcome.detail
    assert "durable_conformance" not in outcome.detail


DEED = """
import asyncio, json, multiprocessing, os, subprocess, sys, threading, time
from aws_durable_execution_sdk_python import durable_execution

if os.path.exists(ALIVE := os.path.join(os.path.dirname(__file__), "alive")):
    kept = os.open(ALIVE, os.O_WRONLY)   # each process that comes of this one keeps it, to its end
    os.set_inheritable(kept, True)

def sleep():
    time.sleep(600)

@durable_execution
def handler(event, context):
    {deed}
    return context.step(lambda _: "fine", "first")
"""


def written(folder: Path, deed: str) -> Reference:
    (folder / "deed.py").write_text(DEED.format(deed=deed.replace("\n", "\n    ")))
    return Reference(f"{folder / 'deed.py'}:handler")


LEFT = {
    "a fork": ("if os.fork() == 0: time.sleep(600); os._exit(0)", "a process (a fork of the handler's)"),
    "a program": ("subprocess.Popen(['sleep', '600'], close_fds=False)", "a process (sleep 600)"),
    "a program in a session of its own": (
        "subprocess.Popen(['sleep', '601'], start_new_session=True, close_fds=False)",
        "a process (sleep 601)",
    ),
    "a fork that left": (
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(600)\n    os._exit(0)\nos.wait()",
        "a process (a fork of the handler's)",
    ),
    "multiprocessing": (
        "multiprocessing.get_context('fork').Process(target=sleep).start()",
        "a process (a fork of the handler's)",
    ),
    "a thread": ("threading.Thread(target=sleep, name='sleeper').start()", "a thread (sleeper)"),
    "an event loop": (
        "loop = asyncio.new_event_loop(); threading.Thread(target=loop.run_forever, name='loop').start()",
        "a thread (loop)",
    ),
    "no standard streams": ("os.close(0); os.close(1); os.close(2)", "its standard output closed"),
    "a patched clock": ("time.monotonic = lambda: 0.0", ""),
}


@pytest.mark.parametrize("what", LEFT)
def test_what_an_execution_leaves_behind_is_named_and_does_not_stay(tmp_path: Path, what: str) -> None:
    deed, left = LEFT[what]
    alive = Alive(tmp_path)
    with Pool(written(tmp_path, deed), Scenario({}), at_once=2, patience=20) as pool:
        pool.start()
        outcomes = [one for _, one in pool.run(experiments(4))]
        assert results(outcomes) == ["fine"] * 4
        assert alive
        assert (left in pool.left_behind) is bool(left), pool.left_behind
    assert not alive


def test_what_a_killed_execution_has_started_does_not_stay(tmp_path: Path) -> None:
    deed = "subprocess.Popen(['sleep', '602'], start_new_session=True, close_fds=False); threading.Event().wait()"
    alive = Alive(tmp_path)
    with Pool(written(tmp_path, deed), Scenario({}), patience=1) as pool:
        pool.start()
        outcomes = [one for _, one in pool.run(experiments(1))]
        assert isinstance(outcomes[0], Lost)
        assert "a process (sleep 602)" in pool.left_behind
    assert not alive


class Alive:
    """True while any process lives that has imported the handler of `written`, or has come of one."""

    def __init__(self, folder: Path) -> None:
        os.mkfifo(folder / "alive")
        self._end = os.open(folder / "alive", os.O_RDONLY | os.O_NONBLOCK)

    def __bool__(self) -> bool:
        """The pipe hangs up once the last process has ended that holds its other end."""
        waiting = select.poll()
        waiting.register(self._end, select.POLLIN)
        return not any(events & select.POLLHUP for _, events in waiting.poll(0))


def test_the_files_of_a_pool_do_not_stay(tmp_path: Path) -> None:
    deed = "import tempfile; open(os.path.join(tempfile.gettempdir(), 'mine'), 'w').write(tempfile.gettempdir())\n"
    deed += f"open({str(tmp_path / 'where')!r}, 'w').write(tempfile.gettempdir())"
    made(written(tmp_path, deed))
    assert not Path((tmp_path / "where").read_text()).exists()


@pytest.mark.parametrize(
    ("deed", "why"),
    [
        ("threading.Event().wait()", "importing the handler takes longer than 1 s"),
        ("os._exit(5)", "importing the handler ended the process with exit code 5"),
        ("raise SystemExit(5)", "cannot be imported: SystemExit: 5"),
        ("threading.Thread(target=threading.Event().wait).start(); raise ValueError('no')", "ValueError: no"),
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
    ],
)
def test_an_import_that_hangs_or_fails_is_told_in_time(tmp_path: Path, deed: str, why: str) -> None:
    (tmp_path / "importing.py").write_text(f"import os, threading\n{deed}\n")
    began = time.monotonic()
    with Pool(Reference(f"{tmp_path / 'importing.py'}:handler"), Scenario({}), patience=1) as pool:
        with pytest.raises(CannotRunError, match=why.replace("(", r"\(")) as failed:
            pool.start()
        if "Error" in why:
            assert "importing.py" in failed.value.detail
    assert time.monotonic() - began < 300, "and not after the fixed time that an import once had"


def test_a_defect_of_ours_in_a_process_of_ours_is_told_with_its_traceback() -> None:
    with Pool(hostile.BrokenReference("anything"), Scenario({})) as pool:
        with pytest.raises(CannotRunError, match="ZeroDivisionError: a defect of ours") as failed:
            pool.start()
        assert "hostile.py" in failed.value.detail


def test_a_thread_that_the_handlers_module_has_started_keeps_no_process(tmp_path: Path) -> None:
    (tmp_path / "threading_module.py").write_text(
        "import os, threading\n"
        "from aws_durable_execution_sdk_python import durable_execution\n"
        "threading.Thread(target=threading.Event().wait).start()\n"
        "@durable_execution\n"
        "def handler(event, context):\n"
        "    return os.getppid()\n"
    )
    (template,) = results(made(Reference(f"{tmp_path / 'threading_module.py'}:handler")))
    assert not Path(f"/proc/{template}").exists()


def test_a_template_that_the_handler_ends_is_made_anew(tmp_path: Path) -> None:
    once = tmp_path / "once"
    deed = (
        f"if not os.path.exists({str(once)!r}):\n    open({str(once)!r}, 'w').close()\n    os.kill(os.getppid(), 9)\n"
    )
    outcomes = made(written(tmp_path, f"{deed}    threading.Event().wait()"), 3, patience=20)
    assert [type(one) for one in outcomes] == [Lost, Run, Run]


# A whole exploration of handlers that do to their process what no handler should

NAMES = (
    "hangs_at_once",
    "hangs_on_replay",
    "burns_on_replay",
    "ends_the_process_at_once",
    "ends_the_process_on_replay",
    "leaves_threads_behind",
    "raises_what_is_no_exception",
    "exits_politely",
)

POINTS = {
    # A core burns until patience ends, and a process that has ended is replaced: once or twice is enough to see.
    "burns_on_replay": [CrashPoint("/1:first", "SUCCEED", 0, CrashKind.AFTER_PERSIST)],
    "ends_the_process_on_replay": [
        CrashPoint("/1:first", "SUCCEED", 0, CrashKind.AFTER_PERSIST),
        CrashPoint("/2:Zoë", "SUCCEED", 0, CrashKind.AFTER_PERSIST),
    ],
}

RECORDS = {name: Records() for name in NAMES}
"""What each run did, filled by `report`."""


@functools.cache
def report(name: str, max_lost: int = MAX_LOST) -> Report:
    exploration = Exploration(
        kinds=[CrashKind.AFTER_PERSIST],
        points=POINTS.get(name),
        never_twice=False,
        patience=PATIENCE,
        max_lost=max_lost,
    )
    target = Reference(f"{hostile.__name__}:{name}")
    # What they do to other processes is seen of two.
    elsewhere = target if name in {"hangs_on_replay", "ends_the_process_on_replay"} else None
    records = RECORDS.get(name) if max_lost == MAX_LOST else None
    recorder = records.add if records is not None else None
    return explore(target, Scenario({}, ask=Always(OK)), exploration, elsewhere=elsewhere, recorder=recorder)


hostile_group = pytest.mark.xdist_group("hostile")


@hostile_group
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("hangs_at_once", f"still running after {PATIENCE:g} s"),
        ("ends_the_process_at_once", "the handler ended the process with exit code 3"),
    ],
)
def test_what_cannot_even_run_undisturbed_could_not_run(name: str, why: str) -> None:
    assert report(name).findings == ()
    assert any("no interruption" in one and why in one for one in report(name).could_not_run)


@hostile_group
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("hangs_on_replay", f"still running after {PATIENCE:g} s"),
        ("burns_on_replay", f"still running after {PATIENCE:g} s"),
        ("ends_the_process_on_replay", "the handler ended the process with exit code 3"),
    ],
)
def test_what_happens_on_replay_is_named_and_the_rest_is_reported(name: str, why: str) -> None:
    assert any("/1:first SUCCEED" in one and why in one for one in report(name).could_not_run)
    assert [(found.rule, found.path) for found in report(name).errors] == [("budget", "/2:Zoë")], "without any replay"
    assert not report(name).conforms


@hostile_group
def test_threads_that_are_left_behind_hold_nothing_up_and_are_named() -> None:
    assert report("leaves_threads_behind").conforms
    assert any("a thread (Thread-1 (forever))" in one for one in report("leaves_threads_behind").left_behind)


@hostile_group
@pytest.mark.parametrize("name", ["raises_what_is_no_exception", "exits_politely"])
def test_what_is_no_exception_is_a_finding(name: str) -> None:
    assert {found.rule for found in report(name).findings} >= {"suspension"}
    assert any("RAISED" in found.actual for found in report(name).findings)


@hostile_group
def test_a_handler_that_keeps_ending_the_process_is_given_up_and_that_is_said() -> None:
    given_up = report("ends_the_process_on_replay", max_lost=0)
    assert 1 <= len(given_up.could_not_run) <= 4, "what was under way beside the first"
    lost = len(given_up.could_not_run)
    assert f"what had not been run by then: too many runs hang or end the process ({lost})" in given_up.left_out


@hostile_group
def test_a_handler_that_cannot_be_imported_cannot_run() -> None:
    with pytest.raises(CannotRunError, match="has no 'nothing'"):
        report("nothing")


@hostile_group
def test_runs_that_were_made_are_kept_beside_those_that_ended_their_process() -> None:
    lost = report("ends_the_process_on_replay").could_not_run
    records = tuple(RECORDS["ends_the_process_on_replay"])
    assert [record.name for record in records if record.place.section is Section.WHOLE and record.trace]
    untold = {f"{record.name}: {record.could_not_run}" for record in records if record.trace is None}
    assert untold == set(lost)
    assert "the handler ended the process with exit code 3" in {one.could_not_run for one in records}
    assert sum(record.trace is not None for record in records) + len(untold) == len(records) > len(untold)


@hostile_group
def test_a_run_that_hangs_is_one_that_could_not_be_run() -> None:
    report("hangs_on_replay")
    hung = [record for record in RECORDS["hangs_on_replay"] if record.could_not_run.startswith("still running")]
    assert {record.place.section for record in hung} == {Section.CRASHES}


# Several pools


def test_pools_that_share_interpreters_share_the_cores() -> None:
    cores = os.process_cpu_count() or 1

    def most(pool: Pool) -> int:
        """How many executions are under way, at most. Each has a process of its own."""
        return max(1 + len(pool.under_way) for _ in pool.run(experiments(4 * cores, Where(way=0))))

    with Pool(of(lambda *_: 1), Scenario({})) as pool:
        pool.start()
        alone = most(pool)
        with Pool(of(lambda *_: 1), Scenario({})):
            assert most(pool) == alone / 2
        assert most(pool) == alone
    with Pool(of(lambda *_: 1), Scenario({})), Pool(of(lambda *_: 1), Scenario({}), at_once=3) as pool:
        pool.start()
        assert most(pool) == 3, "as was said"


# Nobody is there any more

HANGING = """
import os, threading
from aws_durable_execution_sdk_python import durable_execution

@durable_execution
def handler(event, context):
    with open(event["pipe"], "w") as pipe:   # its reader sees the end of it when this process has ended
        pipe.write("running")
        pipe.flush()
        threading.Event().wait()
"""

ENGINE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts behind it has it ignored
from durable_conformance import Scenario
from durable_conformance.execution import Conditions
from durable_conformance.subject import Reference
from durable_conformance.workers import Experiment, Pool, not_judged

with Pool(Reference(sys.argv[1]), Scenario({"pipe": sys.argv[2]}), patience=3600) as pool:
    pool.start()
    list(pool.run([Experiment("run", "run", None, Conditions(), not_judged)]))
"""


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    (tmp_path / "hanging.py").write_text(HANGING)
    os.mkfifo(tmp_path / "pipe")
    target, pipe = f"{tmp_path / 'hanging.py'}:handler", str(tmp_path / "pipe")
    with subprocess.Popen([sys.executable, "-c", ENGINE, target, pipe], stderr=subprocess.DEVNULL) as engine:
        yield engine
        engine.kill()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_what_hangs_is_ended_when_the_engine_is_gone(
    hanging: subprocess.Popen[bytes], tmp_path: Path, how: signal.Signals
) -> None:
    with (tmp_path / "pipe").open() as pipe:
        assert pipe.read(len("running")) == "running"
        hanging.send_signal(how)
        assert pipe.read() == "", "the process that ran the handler has ended"
    hanging.wait()


def test_something_to_read_interrupts_a_pool_to_whose_thread_no_signal_comes(tmp_path: Path) -> None:
    (tmp_path / "hanging.py").write_text(HANGING)
    os.mkfifo(tmp_path / "pipe")
    handler, scenario = Reference(f"{tmp_path / 'hanging.py'}:handler"), Scenario({"pipe": str(tmp_path / "pipe")})
    ours, theirs = socket.socketpair()

    def run() -> None:
        with Pool(handler, scenario, patience=3600, interruption=theirs) as pool:
            pool.start()
            list(pool.run(experiments(1)))

    with theirs, ThreadPoolExecutor(1) as threads:
        running = threads.submit(run)
        with (tmp_path / "pipe").open() as pipe:
            assert pipe.read(len("running")) == "running"
            ours.close()
            assert pipe.read() == "", "the process that ran the handler has ended"
        assert isinstance(running.exception(), KeyboardInterrupt)


# Messages


def test_a_message_comes_whole_or_not_at_all() -> None:
    one, other = Channel.pair()
    one.send({"some": "message"})
    one.send(b"x" * 10_000)
    assert other.receive(5) == {"some": "message"}
    assert other.receive(5) == b"x" * 10_000
    with pytest.raises(SilentError):
        other.receive(0.01)
    os.write(one.fileno(), b"a handler writes here")
    with pytest.raises(ClosedError):
        other.receive(5)


def test_a_message_that_is_cut_short_is_not_waited_for() -> None:
    one, other = Channel.pair()
    one.send("whole")
    os.write(one.fileno(), b"DAI1\x00\x00\x00\x00\x00\x00\x00\xffpart of it")
    assert other.receive(5) == "whole"
    with pytest.raises(SilentError):
        other.receive(0.01)
    one.close()
    with pytest.raises(ClosedError):
        other.receive(5)
    other.close()


def test_a_large_message_is_read_while_it_is_written() -> None:
    one, other = Channel.pair()
    large = os.urandom(5_000_000)
    writer = threading.Thread(target=one.send, args=(large,))
    writer.start()
    assert other.receive(30) == large
    writer.join()


def test_a_descriptor_travels_beside_its_message(tmp_path: Path) -> None:
    one, other = Channel.pair()
    with (tmp_path / "file").open("w") as file:
        one.send("a file", file.fileno())
        assert other.receive(5) == "a file"
        with os.fdopen(other.descriptor(), "w") as received:
            received.write("seen")
    assert (tmp_path / "file").read_text() == "seen"
