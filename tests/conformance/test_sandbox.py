"""A fresh interpreter ends, with all that it runs, when nobody is there to hear of it."""

from __future__ import annotations

import os
from pathlib import Path

from conformance.batch import Batch, Request
from conformance.in_process import Conditions
from conformance.interpreter import Interpreter
from conformance.perturbation import Perturbation
from conformance.reference import Reference
from conformance.scenario import Scenario
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
    interpreter = Interpreter.start("conformance.sandbox", 1)
    scenario = Scenario({"pipe": str(tmp_path / "pipe")}, ScriptedProvider)
    request = Request(Conditions(), Perturbation())
    target = Reference(f"{tmp_path / 'hanging.py'}:handler")
    interpreter.connection.send(Batch(target, scenario, [request], patience=3_600))
    with (tmp_path / "pipe").open() as pipe:
        assert pipe.read(len("running")) == "running"
        interpreter.connection.close()
        assert pipe.read() == "", "the process that ran the handler has ended"
    assert interpreter.process.wait() == 0
