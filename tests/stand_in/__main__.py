"""Serve the stand-in: `python -m tests.stand_in [--port N]`, or `python -m tests.stand_in -- COMMAND …`.

The first form serves until it is interrupted and prints the variable to export. The second runs a command whose boto3
talks to the stand-in, with keys that mean nothing, and exits with the command's code.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from tests.loopback import until_interrupted, while_running
from tests.stand_in.environment import environment_for
from tests.stand_in.server import ConverseStandIn


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, or run a command against the stand-in; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.stand_in", description="A stand-in for Bedrock Converse.")
    parser.add_argument("--port", type=int, default=0, help="the port on 127.0.0.1; a free one unless given")
    parser.add_argument("command", nargs="*", metavar="-- COMMAND", help="a command to run against the stand-in")
    options = parser.parse_args(arguments)
    with ConverseStandIn(port=options.port) as stand_in:
        if options.command:
            return while_running(options.command, environment_for(stand_in.url, os.environ))
        return until_interrupted(f"export AWS_ENDPOINT_URL_BEDROCK_RUNTIME={stand_in.url}\n")


if __name__ == "__main__":
    sys.exit(main())
