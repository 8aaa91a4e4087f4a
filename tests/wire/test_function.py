"""A function's invocations are processes of their own, see the artifact alone, and die when they are killed."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.wire.function import Died, Function, FunctionDownError, Outcome, Raised, Returned

ROOT = Path(__file__).parents[2]

HANDLERS = """
import importlib.util, os, sys, time

seen = []

def echo(event, context):
    print("printed by a handler")
    return [event, context.function_name, context.get_remaining_time_in_millis() > 0]

def remember(event, context):
    seen.append(event)
    return [seen, os.getpid(), os.environ.get("COLOUR")]

def fail(event, context):
    raise LookupError(event)

def leave(event, context):
    sys.exit(event)

def no_json(event, context):
    return object()

def wait(event, context):
    if event:
        open(event, "w").close()
        time.sleep(60)

def hold(event, context):
    with open(event, "w") as pipe:
        time.sleep(20)
        pipe.write("left behind")

def find(event, context):
    found = importlib.util.find_spec(event)
    return found and found.origin
"""

type Deploy = Callable[[str], Function]


@pytest.fixture
def deploy(tmp_path: Path) -> Iterator[Deploy]:
    artifact = tmp_path / "artifact"
    artifact.mkdir()
    (artifact / "handlers.py").write_text(textwrap.dedent(HANDLERS))
    with ExitStack() as functions:
        yield lambda name: functions.enter_context(Function(artifact, f"handlers.{name}", tmp_path / f"{name}.log"))


@pytest.fixture
def running(tmp_path: Path) -> Path:
    """A pipe: whoever reads it waits until the handler `wait` has opened it."""
    pipe = tmp_path / "running"
    os.mkfifo(pipe)
    return pipe


def request(event: Any, **environment: str) -> dict[str, Any]:
    context = {
        "aws_request_id": "r",
        "function_name": "f",
        "function_version": "1",
        "invoked_function_arn": "arn:f",
        "deadline": time.time() + 60,
    }
    return {"event": event, "context": context, "environment": environment}


def invoke(function: Function, event: Any, **environment: str) -> Outcome:
    return function.start().run(request(event, **environment), timeout=60)


def test_a_handler_gets_the_event_and_lambdas_context(deploy: Deploy) -> None:
    assert invoke(deploy("echo"), {"a": [1, None]}) == Returned([{"a": [1, None]}, "f", True])


def test_each_invocation_is_a_process_with_an_environment_and_globals_of_its_own(deploy: Deploy) -> None:
    function = deploy("remember")
    first, second = invoke(function, 1, COLOUR="red"), invoke(function, 2)
    assert isinstance(first, Returned)
    assert isinstance(second, Returned)
    assert (first.output[0], first.output[2]) == ([1], "red")
    assert (second.output[0], second.output[2]) == ([2], None)
    assert len({first.output[1], second.output[1], os.getpid()}) == 3


@pytest.mark.parametrize(
    ("handler", "event", "error"),
    [
        ("fail", "key", {"errorType": "LookupError", "errorMessage": "key"}),
        ("leave", 3, {"errorType": "SystemExit", "errorMessage": "3"}),
    ],
)
def test_what_a_handler_lets_out_is_reported(deploy: Deploy, handler: str, event: Any, error: dict[str, str]) -> None:
    assert invoke(deploy(handler), event) == Raised(error)


def test_an_output_that_is_no_json_is_an_error(deploy: Deploy) -> None:
    outcome = invoke(deploy("no_json"), None)
    assert isinstance(outcome, Raised)
    assert outcome.error["errorType"] == "TypeError"


def test_a_killed_process_is_dead_and_the_next_one_lives(deploy: Deploy, running: Path) -> None:
    function = deploy("wait")
    with ThreadPoolExecutor(1) as pool:
        process = function.start()
        outcome = pool.submit(process.run, request(str(running)), 60)
        running.read_bytes()  # the handler runs
        assert process.kill()
        assert outcome.result() == Died("Runtime exited with error: signal: killed")
    assert not process.kill(), "it is dead"
    assert invoke(function, None) == Returned(None)


def test_a_process_that_takes_too_long_is_killed(deploy: Deploy, running: Path) -> None:
    process = deploy("wait").start()
    assert process.run(request(str(running)), timeout=0.05) == Died("Task timed out after 0.05 seconds")
    assert not process.kill(), "it is dead"


def test_what_runs_ends_with_whoever_started_it(deploy: Deploy, running: Path, tmp_path: Path) -> None:
    deploy("hold")  # for its artifact
    function = f"Function(Path({str(tmp_path / 'artifact')!r}), 'handlers.hold', Path({str(tmp_path / 'log')!r}))"
    code = f"""
from pathlib import Path
from tests.wire.function import Function
function = {function}
function.start().run({request(str(running))!r}, 60)
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as starter, running.open("rb") as pipe:
        starter.kill()
        assert pipe.read() == b""


def test_nothing_but_the_artifact_and_the_standard_library_can_be_imported(deploy: Deploy, tmp_path: Path) -> None:
    function = deploy("find")
    for missing in ("tests", "durable_conformance", "cassettes", "patterns", "pytest", "boto3", "runtime"):
        assert invoke(function, missing) == Returned(None), missing
    assert invoke(function, "handlers") == Returned(str(tmp_path / "artifact" / "handlers.py"))
    assert invoke(function, "json") != Returned(None)


def test_a_handler_that_cannot_be_imported_is_named_with_its_log(deploy: Deploy) -> None:
    with pytest.raises(FunctionDownError, match=r"(?s)handlers\.missing does not run.*AttributeError"):
        deploy("missing").start()


def test_what_a_handler_prints_is_in_its_log(deploy: Deploy, tmp_path: Path) -> None:
    invoke(deploy("echo"), None)
    assert (tmp_path / "echo.log").read_text() == "printed by a handler\n"
