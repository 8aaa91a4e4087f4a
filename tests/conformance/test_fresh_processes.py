"""A fresh interpreter that is gone is told, and the next batch gets another one."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from durable_conformance.execution.run import Run
from durable_conformance.runtime.driver import Conditions
from durable_conformance.subject.reference import Reference
from durable_conformance.subject.scenario import Scenario
from durable_conformance.workers.batch import Batch, Request
from durable_conformance.workers.fresh_processes import FreshProcess, FreshProcessError
from durable_conformance.workers.perturbation import Perturbation
from providers.scripted import ScriptedProvider

HANDLER = """
import os
from pathlib import Path
from aws_durable_execution_sdk_python import durable_execution

(Path(__file__).parent / "interpreter").write_text(str(os.getppid()))

@durable_execution
def handler(event, context):
    return "fine"
"""


def test_an_interpreter_that_has_died_between_two_batches_is_told_and_replaced(tmp_path: Path) -> None:
    (tmp_path / "fine.py").write_text(HANDLER)
    target = Reference(f"{tmp_path / 'fine.py'}:handler")
    batch = Batch(1, target, Scenario({}, ScriptedProvider), [Request(Conditions(), Perturbation())], patience=60)
    process = FreshProcess(1)

    def results() -> list[object]:
        return [reply.outcome.result for reply in process.run(batch) if isinstance(reply.outcome, Run)]

    assert results() == ["fine"]
    interpreter = int((tmp_path / "interpreter").read_text())
    os.kill(interpreter, signal.SIGKILL)
    os.waitid(os.P_PID, interpreter, os.WEXITED | os.WNOWAIT)
    with pytest.raises(FreshProcessError):
        results()
    assert results() == ["fine"]
    process.close()
