"""Serve the seven patterns: `python -m tests.wire [--prefix NAME]`, or `python -m tests.wire -- COMMAND …`.

The first form serves until it is interrupted and prints what to export: whoever does can use the AWS CLI. The second
runs a command in that environment, and exits with the command's code.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.loopback import until_interrupted, while_running
from tests.patterns.catalogue import CATALOGUE
from tests.stand_in import environment_for
from tests.wire.artifacts import BuildError, build
from tests.wire.deployable import function_name
from tests.wire.wire import ALIAS, Wire


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, or run a command against what is served; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.wire", description="The patterns, served on this machine.")
    parser.add_argument("--prefix", default="local", help="what the functions' names begin with (default: local)")
    parser.add_argument("command", nargs="*", metavar="-- COMMAND", help="a command to run against them")
    options = parser.parse_args(arguments)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # moto's server tells of every request
    with tempfile.TemporaryDirectory() as folder:
        try:
            artifacts = build(Path(folder) / "artifacts")
        except BuildError as error:
            sys.stderr.write(f"{error}\n")
            return 2
        with Wire(Path(folder)) as wire:
            for pattern in CATALOGUE:
                name = function_name(options.prefix, pattern)
                wire.deploy(name, artifacts.of(pattern), f"patterns.{pattern}.handler")
            if options.command:
                return while_running(options.command, environment(wire, os.environ))
            return until_interrupted(announcement(options.prefix, wire))


def environment(wire: Wire, base: Mapping[str, str]) -> dict[str, str]:
    """`base`, changed so that boto3 finds the functions, the models and the reviewer's topic and queue."""
    endpoints = {"LAMBDA": wire.url, "SNS": wire.inbox.url, "SQS": wire.inbox.url}
    return environment_for(wire.models_url, base) | {f"AWS_ENDPOINT_URL_{name}": url for name, url in endpoints.items()}


def announcement(prefix: str, wire: Wire) -> str:
    """What to export, and what can then be invoked."""
    exports = [f"export {name}={value}" for name, value in environment(wire, {}).items()]
    return "\n".join([*exports, *(f"# {function_name(prefix, pattern)}:{ALIAS}" for pattern in CATALOGUE), ""])


if __name__ == "__main__":
    sys.exit(main())
