"""Serve the stand-in: `python -m tests.stand_in [--port N]`, or `python -m tests.stand_in -- COMMAND …`.

The first form serves until it is interrupted and prints the variable to export. The second runs a command whose boto3
talks to the stand-in, with keys that mean nothing, and exits with the command's code.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

from tests.stand_in.environment import environment_for
from tests.stand_in.server import ConverseStandIn

COMMAND_NOT_FOUND = 127
KILLED = 128
"""A shell's exit codes: for a command that is not there, and, plus the signal's number, for one that was killed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, or run a command against the stand-in; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.stand_in", description="A stand-in for Bedrock Converse.")
    parser.add_argument("--port", type=int, default=0, help="the port on 127.0.0.1; a free one unless given")
    parser.add_argument("command", nargs="*", metavar="-- COMMAND", help="a command to run against the stand-in")
    options = parser.parse_args(arguments)
    with ConverseStandIn(port=options.port) as stand_in:
        return _run(options.command, stand_in.url) if options.command else _serve(stand_in.url)


def _serve(url: str) -> int:
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts background jobs with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    sys.stdout.write(f"export AWS_ENDPOINT_URL_BEDROCK_RUNTIME={url}\n")
    sys.stdout.flush()
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        return 0
    raise AssertionError("unreachable: nobody sets the event")


def _run(command: Sequence[str], url: str) -> int:
    try:
        code = subprocess.run(command, env=environment_for(url, os.environ), check=False).returncode
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return COMMAND_NOT_FOUND
    return KILLED - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(main())
