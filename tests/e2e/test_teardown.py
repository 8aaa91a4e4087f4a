"""Whatever ends the program that serves the functions, no process is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path

from tests.wire.artifacts import ROOT
from tests.wire.wire import ALIAS

BOUND_SECONDS = 60
"""Longest that processes may take to notice: they take milliseconds, on an idle machine."""

CALL = """
import boto3, os
client = boto3.client("lambda")
started = client.invoke(FunctionName="try-prompt-chaining:live", InvocationType="Event", Payload="{}")
waiter = client.get_durable_execution(DurableExecutionArn=started["DurableExecutionArn"])
raise SystemExit(7 if waiter["Status"] in {"RUNNING", "SUCCEEDED"} else 8)
"""


@contextmanager
def session_of(*arguments: str, temporary: Path) -> Iterator[subprocess.Popen[str]]:
    """The program, leading a session of its own: all that it starts belongs to one process group."""
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.wire", *arguments],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    try:
        yield program
    finally:
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.communicate()


def is_there(process_group: int) -> bool:
    """Whether a process of the group runs. One that has ended counts as gone, though nobody may have taken note yet."""
    for process in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _parent, group, *_ = process.read_text().rpartition(")")[2].split()
            if int(group) == process_group and state not in {"Z", "X"}:
                return True
    return False


def assert_gone(process_group: int) -> None:
    """Its processes end, each when it notices."""
    deadline = time.monotonic() + BOUND_SECONDS
    while is_there(process_group):
        assert time.monotonic() < deadline, "processes are left"
        time.sleep(0.05)


def test_a_program_that_is_killed_while_it_serves(tmp_path: Path) -> None:
    with session_of(temporary=tmp_path) as program:
        assert program.stdout is not None
        served = list(takewhile(f"# local-durable-strands-agent:{ALIAS}\n".__ne__, program.stdout))
        assert "export AWS_ENDPOINT_URL_LAMBDA=http://127.0.0.1:" in "".join(served)
        program.kill()
        program.wait(BOUND_SECONDS)
        assert_gone(program.pid)


def test_a_program_that_has_run_its_command(tmp_path: Path) -> None:
    with session_of("--prefix", "try", "--", sys.executable, "-c", CALL, temporary=tmp_path) as program:
        assert program.wait(2 * BOUND_SECONDS) == 7
        assert_gone(program.pid)
