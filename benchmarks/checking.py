"""What a check of a small handler takes beside its imports, and a further one in one session of pytest beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.progress import track

from benchmarks.comparison import Pair, Row, compared, row_of
from benchmarks.targets import FURTHER, ROOT, TWO_STEPS
from durable_conformance.durable_check import DurableCheck
from durable_conformance.workers import Templates

ROUNDS = 7
HANDLER = """
import boto3
from aws_durable_execution_sdk_python import durable_execution


@durable_execution
def handler(event, context):
    number = context.step(lambda _: event.get("number", 1) + 1, "first")
    return context.step(lambda _: number * 2, "second")
"""
IMPORTS = "import boto3, aws_durable_execution_sdk_python"


def two_steps() -> Row:
    """Wall time of the whole command, and of an interpreter that imports what its handler does."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "durable_conformance", "check", _handler(Path(folder)), "--event", "{}"]
        note = "an interpreter for each of five hash seeds imports the libraries, too, and so does the command"
        return compared(
            TWO_STEPS, lambda: _seconds(*command), lambda: _seconds("-c", IMPORTS), rounds=ROUNDS, note=note
        )


def further() -> Row:
    """Wall time of the second check of a session, and of the first."""
    pairs: list[Pair] = []
    with tempfile.TemporaryDirectory() as folder:
        target = _handler(Path(folder))
        for _ in track(range(ROUNDS), FURTHER.what, transient=True):
            with Templates() as templates:
                check = DurableCheck(in_other_processes=True, templates=templates)
                first = _timed(partial(check, target, event={"number": 1}))
                second = _timed(partial(check, target, event={"number": 2}))
            pairs.append((second, first))
    return row_of(FURTHER, pairs, "the first without what pytest's own process imports")


def _handler(folder: Path) -> str:
    (folder / "two_steps.py").write_text(HANDLER, encoding="utf-8")
    return f"{folder / 'two_steps.py'}:handler"


def _seconds(*arguments: str) -> float:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, *arguments]
    return _timed(lambda: subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True))


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
