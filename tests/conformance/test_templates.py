"""What outlives one check, in a session or a round of `--watch`: interpreters, and templates that have the handler."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from durable_conformance import CannotRunError, Exploration, Report, Scenario, explore
from durable_conformance.execution import Run
from durable_conformance.subject import Reference
from durable_conformance.workers import HASH_SEEDS, Experiment, Pool, Templates

FEW = Exploration(never_twice=False, faults=False, orders=False)

COUNTING = """
from pathlib import Path
from aws_durable_execution_sdk_python import durable_execution
import beside

HERE = Path(__file__).parent
PROMPT = (HERE / "prompt.txt").read_text()
with (HERE / "imported").open("a") as file:
    file.write("once ")

@durable_execution
def handler(event, context):
    return context.step(lambda _: [PROMPT, beside.VALUE, event], "look")
"""


@pytest.fixture(scope="module")
def templates() -> Iterator[Templates]:
    with Templates() as templates:
        yield templates


def written(folder: Path, name: str, text: str) -> Path:
    """A file that was there for some time, so that whoever reads it is certain to have read what it says."""
    file = folder / name
    file.write_text(text)
    os.utime(file, (1_000_000_000 + len(text), 1_000_000_000 + len(text)))
    return file


@pytest.fixture
def handler(tmp_path: Path) -> Reference:
    written(tmp_path, "beside.py", "VALUE = 1")
    written(tmp_path, "prompt.txt", "Hello")
    return Reference(f"{written(tmp_path, 'counting.py', COUNTING)}:handler")


def checked(handler: Reference, templates: Templates, scenario: Scenario) -> tuple[Report, dict[str, Any]]:
    """A check of it, and the result of each of its runs."""
    results: dict[str, Any] = {}

    def saw(experiment: Experiment, run: Run) -> None:
        results[experiment.id] = run.result

    report = explore(handler, scenario, FEW, elsewhere=handler, templates=templates, witness=saw)
    return report, results


def imports(handler: Reference) -> int:
    return len((Path(handler.parts()[0]).parent / "imported").read_text().split())


# What is kept


def test_a_further_check_imports_nothing_again_and_meets_its_own_event(
    handler: Reference, templates: Templates
) -> None:
    _, first = checked(handler, templates, Scenario({"number": 1}))
    assert imports(handler) == len(HASH_SEEDS)
    _, further = checked(handler, templates, Scenario({"number": 2}))
    assert imports(handler) == len(HASH_SEEDS)
    assert first.keys() == further.keys()
    assert {str(one) for one in further.values()} == {str(["Hello", 1, {"number": 2}])}


def test_who_gives_no_templates_keeps_none(handler: Reference) -> None:
    for rounds in (1, 2):
        explore(handler, Scenario({}), FEW)
        assert imports(handler) == rounds


TWO = """
@durable_execution
def other(event, context):
    return context.step(lambda _: ["other", beside.VALUE, event], "look")

def made():
    made.count += 1
    return other

made.count = 0
"""


def test_handlers_of_one_module_are_imported_once(handler: Reference, templates: Templates) -> None:
    place, _ = handler.parts()
    written(Path(place).parent, Path(place).name, COUNTING + TWO)
    for _ in range(2):
        _, first = checked(handler, templates, Scenario({}))
        _, other = checked(Reference(f"{place}:other"), templates, Scenario({}))
        assert {str(one) for one in first.values()} == {str(["Hello", 1, {}])}
        assert {str(one) for one in other.values()} == {str(["other", 1, {}])}
    assert imports(handler) == len(HASH_SEEDS)


def test_a_handler_that_is_not_in_the_module_leaves_the_others(handler: Reference, templates: Templates) -> None:
    checked(handler, templates, Scenario({}))
    missing = Reference(f"{handler.parts()[0]}:missing")
    with pytest.raises(CannotRunError, match="has no 'missing'"):
        checked(missing, templates, Scenario({}))
    checked(handler, templates, Scenario({}))
    assert imports(handler) == len(HASH_SEEDS) + 1, "the template that was asked for it is given up"


def test_what_makes_a_handler_has_its_module_alone(handler: Reference, templates: Templates) -> None:
    """Making it may change the module."""
    place, _ = handler.parts()
    written(Path(place).parent, Path(place).name, COUNTING + TWO)
    checked(handler, templates, Scenario({}))
    checked(Reference(f"{place}:made", makes=True), templates, Scenario({}))
    assert imports(handler) == 2 * len(HASH_SEEDS)


def test_pools_of_several_threads_share_interpreters(handler: Reference) -> None:
    """What is sent is more than a connection holds, so that whoever sends waits."""

    together = threading.Barrier(8)

    def base(_: int) -> object:
        together.wait()
        return shared.base(HASH_SEEDS[0])

    def start(number: int) -> None:
        with Pool(handler, Scenario({"number": number, "large": "x" * 2_000_000}), templates=shared) as pool:
            pool.start()

    with Templates(most_kept=0) as shared, ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(base, range(8)))) == 1
        list(threads.map(start, range(16)))
    assert imports(handler) == 16


@pytest.mark.parametrize(
    ("change", "result"),
    [
        (("counting.py", COUNTING.replace("PROMPT,", "PROMPT.upper(),")), ["HELLO", 1, {}]),
        (("beside.py", "VALUE = 2000"), ["Hello", 2000, {}]),
        (("prompt.txt", "Goodbye"), ["Goodbye", 1, {}]),
    ],
)
def test_what_has_read_a_file_that_changed_is_made_anew(
    handler: Reference, templates: Templates, tmp_path: Path, change: tuple[str, str], result: Any
) -> None:
    checked(handler, templates, Scenario({}))
    written(tmp_path, *change)
    _, further = checked(handler, templates, Scenario({}))
    assert imports(handler) == 2 * len(HASH_SEEDS)
    assert {str(one) for one in further.values()} == {str(result)}


def test_what_is_told_of_a_file_that_changed_is_told_of_it_as_it_is(handler: Reference, templates: Templates) -> None:
    first, _ = checked(handler, templates, Scenario({}))
    file = Path(handler.parts()[0])
    written(file.parent, file.name, f"{COUNTING}    # more\n    context = None\n    return None\n")
    further, _ = checked(handler, templates, Scenario({}))
    assert (first.coverage[0].lines, first.coverage[0].missed) == (1, ())
    assert (further.coverage[0].lines, len(further.coverage[0].missed)) == (3, 2)


def test_a_file_that_changes_while_it_is_imported_counts_as_changed(handler: Reference, templates: Templates) -> None:
    """Nobody knows which of its contents was read."""
    file = Path(handler.parts()[0])
    file.write_text(f"{COUNTING}\nimport os\nos.utime(__file__)\n")
    checked(handler, templates, Scenario({}))
    checked(handler, templates, Scenario({}))
    assert imports(handler) == 2 * len(HASH_SEEDS)


def test_a_module_that_came_since_is_found(tmp_path: Path, templates: Templates) -> None:
    """What could not be imported is tried again."""
    target = Reference(f"{written(tmp_path, 'counting.py', COUNTING)}:handler")
    written(tmp_path, "prompt.txt", "Hello")
    with pytest.raises(Exception, match="beside"):
        checked(target, templates, Scenario({}))
    written(tmp_path, "beside.py", "VALUE = 3")
    _, results = checked(target, templates, Scenario({}))
    assert results["baseline"] == ["Hello", 3, {}]


def test_variables_and_set_ups_of_a_check_are_its_own(handler: Reference, templates: Templates, tmp_path: Path) -> None:
    plain = Scenario({})
    written(tmp_path, "doubles.py", "import contextlib\n\n@contextlib.contextmanager\ndef some():\n    yield\n")
    set_up = Reference(f"{tmp_path / 'doubles.py'}:some")
    others = (plain, replace(plain, environment={"STAGE": "test"}), replace(plain, setup=set_up))
    for kinds, scenario in enumerate(others, 1):
        for _ in range(2):
            checked(handler, templates, scenario)
            assert imports(handler) == kinds * len(HASH_SEEDS)


def test_no_more_templates_are_kept_than_there_is_room_for(handler: Reference) -> None:
    with Templates(len(HASH_SEEDS)) as few:
        for scenario in (Scenario({}), Scenario({}, environment={"STAGE": "test"})):
            checked(handler, few, scenario)
        assert imports(handler) == 2 * len(HASH_SEEDS)
        checked(handler, few, Scenario({}, environment={"STAGE": "test"}))
        assert imports(handler) == 2 * len(HASH_SEEDS), "that was used last"
        checked(handler, few, Scenario({}))
        assert imports(handler) == 3 * len(HASH_SEEDS)


# What is not

LEAVING = """
import builtins, os, random, sys, tempfile
from aws_durable_execution_sdk_python import durable_execution

SEEN = []

def found():
    left = [hasattr(builtins, "left"), hasattr(random.Random, "left"), "left" in sys.modules, "left" in sys.path]
    return [SEEN[:], os.environ.get("LEFT"), os.getcwd(), *left]

FOUND = found()

@durable_execution
def handler(event, context):
    there = [found() == FOUND, random.random()]
    SEEN.append(1)
    os.environ["LEFT"] = "yes"
    os.chdir("/")
    builtins.left = sys.modules["left"] = sys
    sys.path.append("left")
    random.Random.left = True
    return there
"""


def test_what_a_handler_does_to_its_process_does_not_reach_the_next_check(tmp_path: Path, templates: Templates) -> None:
    target = Reference(f"{written(tmp_path, 'leaving.py', LEAVING)}:handler")
    reports, results = zip(*(checked(target, templates, Scenario({})) for _ in range(3)), strict=True)
    assert results[0]["baseline"][0] is True
    assert results[0]["again"][0] is False, "within a check, a warm process keeps it"
    assert results == (results[0],) * 3
    assert {replace(one, seconds=0.0) for one in reports} == {replace(reports[0], seconds=0.0)}


def test_a_template_that_has_ended_is_made_anew(tmp_path: Path, handler: Reference, templates: Templates) -> None:
    """Such as one that a handler or a person has killed between two checks."""
    file = Path(handler.parts()[0])
    written(tmp_path, file.name, f"{COUNTING}\nimport os\n(HERE / f'{{os.getpid()}}.pid').touch()\n")
    checked(handler, templates, Scenario({}))
    for pid in tmp_path.glob("*.pid"):
        watch = os.pidfd_open(int(pid.stem))
        os.kill(int(pid.stem), signal.SIGKILL)
        select.select([watch], [], [])
        os.close(watch)
    _, further = checked(handler, templates, Scenario({}))
    assert further["baseline"] == ["Hello", 1, {}]


# A session of pytest

HOLDING = """
import os
from aws_durable_execution_sdk_python import durable_execution

PIPE = open(os.environ["PIPE"], "w")  # its reader sees the end of it when every process that has it has ended
print("base", os.getppid(), file=PIPE, flush=True)

@durable_execution
def handler(event, context):
    if event.get("hangs"):
        print("hangs", os.getpid(), file=PIPE, flush=True)
        import threading
        threading.Event().wait()
    if event.get("fails"):
        raise ValueError
    return context.step(lambda _: None, "look")
"""

SESSION = """
import pytest

@pytest.mark.parametrize("number", range(2))
def test_handler(durable_check, number):
    durable_check("holding.py:handler", event={"number": number} | EVENT)
"""


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "holding.py").write_text(HOLDING)
    return tmp_path / "pipe"


def session(pipe: Path, event: str, *arguments: str) -> subprocess.Popen[str]:
    (pipe.parent / "test_holding.py").write_text(SESSION.replace("EVENT", event))
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=pipe.parent,
        env=os.environ | {"PIPE": str(pipe), "PYTEST_ADDOPTS": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def is_there(pid: int) -> bool:
    return (Path("/proc") / str(pid)).exists()


@pytest.mark.parametrize(
    ("event", "arguments", "code", "processes"),
    [
        ("{}", (), 0, 1),
        ("{'fails': number == 1}", ("-x",), 1, 1),
        ("{}", ("-n", "2", "--dist", "loadgroup"), 0, 2),
    ],
)
def test_no_process_is_left_when_a_session_has_ended(
    pipe: Path, event: str, arguments: tuple[str, ...], code: int, processes: int
) -> None:
    both_ends = os.open(pipe, os.O_RDWR)  # a worker of xdist that comes when the other has ended finds a reader, too
    with session(pipe, event, *arguments) as running:
        printed, _ = running.communicate()
    told = os.read(both_ends, 65536).decode().splitlines() if running.returncode == code else []
    os.close(both_ends)
    assert running.returncode == code, printed
    bases = {int(line.split()[1]) for line in told if line.startswith("base")}
    assert len(bases) == len(told) == processes * len(HASH_SEEDS), "each template served the whole session"
    assert not any(map(is_there, bases))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_process_is_left_when_a_session_is_interrupted(pipe: Path, how: signal.Signals) -> None:
    with session(pipe, "{'hangs': number == 1}") as running:
        bases: list[int] = []
        with pipe.open() as file:
            for line in file:
                what, pid = line.split()
                if what == "hangs":
                    running.send_signal(how)
                else:
                    bases.append(int(pid))
        running.communicate()
    assert len(bases) == len(HASH_SEEDS)
    if how == signal.SIGINT:
        assert running.returncode == pytest.ExitCode.INTERRUPTED
        assert not any(map(is_there, bases))
