"""What is tethered is never left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

TETHER = Path(__file__).with_name("tether.py")

SERVE = """
print('serving', flush=True)
while True:
    time.sleep(0.01)
"""
"""Notices every interrupt. An interrupt just before a blocking call is noticed only after that call."""

STARTER = """
import subprocess, sys
subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=sys.stdout)
sys.stdin.read()
"""


def tethered(code: str) -> list[str]:
    return [sys.executable, str(TETHER), sys.executable, "-c", f"import time\n{code}"]


def start(command: list[str]) -> subprocess.Popen[bytes]:
    """Start the command, and return once what it tethers says that it serves."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stdout.readline() == b"serving\n"
    return process


def test_the_commands_exit_code_is_ours() -> None:
    with subprocess.Popen(tethered("raise SystemExit(7)"), stdin=subprocess.PIPE) as process:
        assert process.wait() == 7


def test_it_is_interrupted_when_standard_input_ends() -> None:
    with start(tethered(SERVE)) as process:
        process.communicate()
    assert process.returncode == -signal.SIGINT % 256


def test_it_is_interrupted_though_whoever_started_us_ignores_interrupts() -> None:
    """As a shell has what it runs in the background do."""
    with start(["sh", "-c", 'trap "" INT; exec "$@"', "sh", *tethered(SERVE)]) as process:
        process.communicate()
    assert process.returncode == -signal.SIGINT % 256


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_whoever_started_it(kill: signal.Signals) -> None:
    with start([sys.executable, "-c", STARTER, *tethered(SERVE)]) as starter:
        starter.send_signal(kill)
        assert starter.stdout is not None
        # The tethered process holds the other end of this pipe: it closes when that process, too, is gone.
        assert starter.stdout.read() == b""
