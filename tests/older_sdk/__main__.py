"""Run the patterns on whatever SDK is installed, and export each execution: `python -m tests.older_sdk FOLDER`.

Nothing of the conformance engine is imported: it needs today's SDK.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python_testing import DurableFunctionTestRunner

from patterns.durable import durable_handler
from providers.scripted import ScriptedProvider
from tests.patterns.watched import WATCHED, workflow_of

LEFT_OUT = frozenset({"durable_strands_agent", "human_review"})
"""Strands is pinned for today's SDK; and a callback does not start on that SDK's local runner: it waits for ever."""


def exported(pattern: str) -> dict[str, Any]:
    """What the runner exports of a pattern's execution."""
    watched = WATCHED[pattern]
    workflow = durable_handler(workflow_of(pattern), model=ScriptedProvider(watched.script)).__wrapped__
    with DurableFunctionTestRunner(durable_execution(workflow), poll_interval=0.01) as runner:
        arn = runner.run_async(input=json.dumps(watched.event))
        assert runner.wait_for_result(arn).status.value == "SUCCEEDED", pattern
        # Testing SDK 1.2.1, the last that takes SDK 2.0, has no public way to it. It is pinned: it stays where it is.
        history = runner._executor.get_execution_history(arn, include_execution_data=True)
    document: dict[str, Any] = json.loads(json.dumps(history.to_dict(), default=str))
    return document


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in WATCHED:
        if pattern not in LEFT_OUT:
            (folder / f"{pattern}.json").write_text(json.dumps(exported(pattern)))
    sys.stdout.write(f"exported from aws-durable-execution-sdk-python {version('aws-durable-execution-sdk-python')}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
