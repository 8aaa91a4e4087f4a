"""What programs have in common that serve something to other programs: until interrupted, or while a command runs."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

_NOTICE_SECONDS = 0.1
"""How soon an interrupt is noticed that comes just before a wait: only after it."""

COMMAND_NOT_FOUND = 127
KILLED = 128
"""A shell's exit codes: for a command that is not there, and, plus the signal's number, for one that was killed."""


def until_interrupted(announcement: str) -> int:
    """Say what is served, and wait for SIGINT or SIGTERM; returns the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts background jobs with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    sys.stdout.write(announcement)
    sys.stdout.flush()
    try:
        while True:
            time.sleep(_NOTICE_SECONDS)
    except KeyboardInterrupt:
        return 0


def while_running(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run `command` in `environment`; returns its exit code, as a shell would."""
    try:
        code = subprocess.run(command, env=environment, check=False).returncode
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return COMMAND_NOT_FOUND
    return KILLED - code if code < 0 else code
