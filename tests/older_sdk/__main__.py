"""Run the patterns on whatever SDK is installed, and export each execution: `python -m tests.older_sdk FOLDER`.

Nothing of the conformance engine is imported: what the service keeps of an execution is that SDK's local runner's own.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python_testing import DurableFunctionTestRunner

from patterns.durable import durable_handler
from providers.scripted import ScriptedProvider
from tests.patterns.watched import WATCHED, workflow_of

POLL_SECONDS = 0.01


def exported(pattern: str) -> dict[str, Any]:
    """What the runner exports of a pattern's execution."""
    watched = WATCHED[pattern]
    workflow = durable_handler(workflow_of(pattern), model=ScriptedProvider(watched.script)).__wrapped__
    with DurableFunctionTestRunner(durable_execution(workflow), poll_interval=POLL_SECONDS) as runner:
        arn = runner.run_async(input=json.dumps(watched.event))
        for name, answer in watched.answers.items():
            callback = runner.wait_for_callback(arn, f"{name} create callback id")
            _wait_until_suspended(runner, arn)
            runner.send_callback_success(callback, answer.encode())
        assert runner.wait_for_result(arn).status.value == "SUCCEEDED", pattern
        return _history(runner, arn)


def _wait_until_suspended(runner: DurableFunctionTestRunner, arn: str) -> None:
    """An answer that comes before takes the running invocation's checkpoint token from it: the service has others."""
    while all(event["EventType"] != "InvocationCompleted" for event in _history(runner, arn)["Events"]):
        time.sleep(POLL_SECONDS)


def _history(runner: DurableFunctionTestRunner, arn: str) -> dict[str, Any]:
    # Testing SDK 1.2.1, the last that takes SDK 2.0, has no public way to it. It is pinned: it stays where it is.
    history = runner._executor.get_execution_history(arn, include_execution_data=True)
    document: dict[str, Any] = json.loads(json.dumps(history.to_dict(), default=str))
    return document


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in WATCHED:
        (folder / f"{pattern}.json").write_text(json.dumps(exported(pattern)))
    sys.stdout.write(f"exported from aws-durable-execution-sdk-python {version('aws-durable-execution-sdk-python')}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
