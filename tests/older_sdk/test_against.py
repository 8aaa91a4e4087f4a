"""`durable-ai replay --against-python` between this SDK and 2.0.0: either goes on with what began on the other."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.older_sdk.test_replay import RECORDED

OLDER = os.environ.get("OLDER_SDK_PYTHON", "")
"""The interpreter of the environment that `tox -e older-sdk` makes for SDK 2.0.0."""

pytestmark = pytest.mark.skipif(not OLDER, reason="tox -e older-sdk installs the older SDK")

HERE = f"this code with SDK {version('aws-durable-execution-sdk-python')}"
THERE = "this code with SDK 2.0.0"

HANDLER = """
from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.config import ChildConfig

@durable_execution
def handler(event, context):
    return context.run_in_child_context(lambda child: child.step(lambda _: 12, "price"), "order", ChildConfig())
"""


def durable_ai(*arguments: str, cwd: Path | None = None) -> tuple[int, str]:
    command = [sys.executable, "-m", "durable_conformance", *arguments]
    ran = subprocess.run(
        command, cwd=cwd, env={**os.environ, "COLUMNS": "300"}, capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout or ran.stderr


def test_the_patterns_go_on_from_each_to_the_other() -> None:
    code, printed = durable_ai("replay", "--against-python", OLDER, str(RECORDED.relative_to(Path.cwd())))
    assert code == 0, printed
    deployed, rolled_back = printed.split(f"Rolled back: executions that began on {HERE} go on on {THERE}")
    assert deployed.startswith(f"Deployed: executions that began on {THERE} go on on {HERE}")
    assert "7 of 7 histories replay" in deployed
    assert "7 of 7 histories replay" in rolled_back


def test_what_only_the_newer_one_takes_is_found(tmp_path: Path) -> None:
    """A subtype of one's own: an execution hangs on SDK 2 (`tests.older_sdk`), and one that began here fails there."""
    (tmp_path / "shop.py").write_text(HANDLER)
    recorded = durable_ai("record-history", "shop.py:handler", "-o", "histories/order.json", cwd=tmp_path)
    assert recorded[0] == 0, recorded
    against = ("replay", "--patience", "10", "--against-python", OLDER, "histories")
    code, printed = durable_ai(*against, cwd=tmp_path)
    assert code == 0, printed

    (tmp_path / "shop.py").write_text(HANDLER.replace("ChildConfig()", "ChildConfig(sub_type='Order')"))
    code, printed = durable_ai(*against, cwd=tmp_path)
    assert code == 1, printed
    assert "cannot be recorded: still running after 10 s" in printed
    assert printed.splitlines()[-1] == (
        f"Deploying {HERE} could not be tried; rolling back to {THERE} breaks executions under way."
    )
