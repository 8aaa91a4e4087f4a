"""Run the seven patterns on the real model, and kill them wherever they can be: see the package."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx2
from rich.console import Console

from durable_conformance.runtime import quiet_sdk_logs
from providers.openai import OpenAIProvider, make_client
from tests.local_model.crashing import ALL_KINDS, Execution, crashed
from tests.local_model.dialect import OlderSchema
from tests.local_model.server import ALIAS, LocalModel
from tests.local_model.showing import Row, endings, rows, table, told
from tests.patterns.catalogue import CATALOGUE

PYTHON = "LOCAL_MODEL_PYTHON"
"""The variable that names the interpreter of the server."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; returns the exit code: 1 if something is wrong that no model explains."""
    parser = argparse.ArgumentParser(prog="python -m tests.local_model", description=__doc__)
    parser.add_argument("--once", action="store_true", help="run each pattern once, and kill none")
    parser.add_argument("--unconstrained", action="store_true", help="send no schema: JSON is up to the prompt")
    parser.add_argument("--record", action="store_true", help="record the conversations of the tests anew, and no more")
    parser.add_argument("patterns", nargs="*", choices=[[], *CATALOGUE], help="which patterns; all unless given")
    options = parser.parse_args(arguments)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    quiet_sdk_logs("strands")
    made: list[Row] = []
    began = time.monotonic()
    with LocalModel(Path(os.environ.get(PYTHON, sys.executable))) as server:
        if options.record:
            recording = ["pytest", "--record-mode=rewrite", "-n", "0", "tests/providers/openai/test_recorded.py"]
            environment = os.environ | {"LOCAL_MODEL_URL": server.url}
            return subprocess.run([sys.executable, "-m", *recording], env=environment, check=False).returncode
        tiers = dict.fromkeys(("small", "medium", "large"), ALIAS)
        model = OpenAIProvider(
            client_factory=lambda: make_client(
                api_key="none-is-wanted",
                base_url=server.url,
                http={"transport": OlderSchema(httpx2.HTTPTransport())},
            ),
            tiers=tiers,
            structured_output=not options.unconstrained,
        )
        for pattern in options.patterns or CATALOGUE:
            console.print(pattern)

            def tell(one: Execution) -> None:
                if one.crash is None:
                    said = [*map(told, one.said), f"  {one.run.status} {one.run.error_message or ''}"]
                    console.print("\n".join(said))
                else:  # minutes may pass from one to the next
                    console.print(f"  {one.crash}: {one.run.status}, {len(one.said)} calls")

            done = crashed(CATALOGUE[pattern].workflow, {}, model, () if options.once else ALL_KINDS, tell)
            console.print("\n".join(endings(done)))
            made.append(rows(done))
            console.print(f"  {made[-1]}\n")
    Console(width=200).print(table(made))
    console.print(f"{time.monotonic() - began:.0f} seconds")
    return int(any(row.findings for row in made))


if __name__ == "__main__":
    sys.exit(main())
