"""A fresh interpreter ends, with all that it runs, when nobody is there to hear of it."""

from __future__ import annotations

import os
from pathlib import Path

from durable_conformance.execution.run import Run
from durable_conformance.runtime.driver import Conditions
from durable_conformance.subject.reference import Reference
from durable_conformance.subject.scenario import Scenario
from durable_conformance.workers.batch import Batch, Request
from durable_conformance.workers.interpreter import Interpreter
from durable_conformance.workers.perturbation import Perturbation
from providers.scripted import ScriptedProvider

HANDLER = """
import os, threading
from aws_durable_execution_sdk_python import durable_execution

@durable_execution
def handler(event, context):
    with open(event["pipe"], "w") as pipe:   # its reader sees the end of it when this process has ended
        pipe.write("running")
        pipe.flush()
        threading.Event().wait()
"""


def test_what_hangs_is_ended_when_the_other_end_closes(tmp_path: Path) -> None:
    (tmp_path / "hanging.py").write_text(HANDLER)
    os.mkfifo(tmp_path / "pipe")
    interpreter = Interpreter.start("durable_conformance.workers.sandbox", 1)
    scenario = Scenario({"pipe": str(tmp_path / "pipe")}, ScriptedProvider)
    request = Request(Conditions(), Perturbation())
    target = Reference(f"{tmp_path / 'hanging.py'}:handler")
    interpreter.connection.send(Batch(1, target, scenario, [request], patience=3_600))
    with (tmp_path / "pipe").open() as pipe:
        assert pipe.read(len("running")) == "running"
        interpreter.connection.close()
        assert pipe.read() == "", "the process that ran the handler has ended"
    assert interpreter.process.wait() == 0


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


def test_an_exploration_imports_the_handler_once_and_each_execution_finds_it_as_imported(tmp_path: Path) -> None:
    (tmp_path / "counting.py").write_text(COUNTING)
    interpreter = Interpreter.start("durable_conformance.workers.sandbox", 1)
    target = Reference(f"{tmp_path / 'counting.py'}:handler")
    results = []
    for exploration in (1, 1, 2):
        batch = Batch(
            exploration, target, Scenario({}, ScriptedProvider), [Request(Conditions(), Perturbation())] * 2, 60
        )
        interpreter.connection.send(batch)
        while (reply := interpreter.connection.recv()) is not None:
            assert isinstance(reply.outcome, Run)
            results.append(reply.outcome.result)
    interpreter.connection.close()
    assert interpreter.process.wait() == 0
    assert results == [1] * 6
    assert (tmp_path / "imported").read_text() == "once once "


ON_IMPORT = """
import threading
from pathlib import Path
from aws_durable_execution_sdk_python import durable_execution

pipe = (Path(__file__).parent / "pipe").open("w")   # its reader sees the end of it when this process has ended
pipe.write("importing")
pipe.flush()
{deed}

@durable_execution
def handler(event, context):
    return "fine"
"""
STARTS_A_THREAD = "threading.Thread(target=threading.Event().wait).start()"
STARTS_A_THREAD_AND_FAILS = f"{STARTS_A_THREAD}; raise SystemExit(5)"
HANGS = "threading.Event().wait()"


def importing(folder: Path, deed: str) -> Batch:
    """One execution of a handler whose module does `deed` when it is imported."""
    (folder / "importing.py").write_text(ON_IMPORT.format(deed=deed))
    os.mkfifo(folder / "pipe")
    target = Reference(f"{folder / 'importing.py'}:handler")
    return Batch(1, target, Scenario({}, ScriptedProvider), [Request(Conditions(), Perturbation())], patience=3_600)


def test_a_thread_that_the_handlers_module_has_started_keeps_no_process(tmp_path: Path) -> None:
    interpreter = Interpreter.start("durable_conformance.workers.sandbox", 1)
    interpreter.connection.send(importing(tmp_path, STARTS_A_THREAD))
    with (tmp_path / "pipe").open() as pipe:
        reply = interpreter.connection.recv()
        assert reply.outcome.result == "fine"
        interpreter.connection.close()
        assert pipe.read() == "importing", "the process that imported the handler has ended"
    assert interpreter.process.wait() == 0


def test_a_module_that_starts_a_thread_and_ends_its_process_is_told(tmp_path: Path) -> None:
    interpreter = Interpreter.start("durable_conformance.workers.sandbox", 1)
    interpreter.connection.send(importing(tmp_path, STARTS_A_THREAD_AND_FAILS))
    with (tmp_path / "pipe").open() as pipe:
        reply = interpreter.connection.recv()
        assert reply.outcome == "the process that imports the handler ended with exit code 5"
        assert pipe.read() == "importing", "the process that imported the handler has ended"
    interpreter.connection.close()
    assert interpreter.process.wait() == 0


def test_an_import_that_hangs_is_ended_when_the_other_end_closes(tmp_path: Path) -> None:
    interpreter = Interpreter.start("durable_conformance.workers.sandbox", 1)
    interpreter.connection.send(importing(tmp_path, HANGS))
    with (tmp_path / "pipe").open() as pipe:
        assert pipe.read(len("importing")) == "importing"
        interpreter.connection.close()
        assert pipe.read() == "", "the process that imports the handler has ended"
    assert interpreter.process.wait() == 0
