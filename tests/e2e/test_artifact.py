"""A handler's process finds what is deployed, and nothing else of the project or of its tools."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wire.artifacts import Artifacts
from tests.wire.function import Function, Returned

NOWHERE = (
    "aws_durable_execution_sdk_python_testing",
    "cassettes",
    "durable_conformance",
    "moto",
    "pytest",
    "rich",
    "tests",
    "vcr",
)


@pytest.mark.parametrize(
    ("pattern", "there", "nowhere"),
    [
        ("prompt_chaining", ("patterns", "providers", "boto3", "pydantic"), (*NOWHERE, "strands")),
        ("durable_strands_agent", ("patterns", "providers", "boto3", "pydantic", "strands"), NOWHERE),
    ],
)
def test_what_can_be_imported(
    artifacts: Artifacts, tmp_path: Path, pattern: str, there: tuple[str, ...], nowhere: tuple[str, ...]
) -> None:
    with Function(artifacts.of(pattern), "importlib.util.find_spec", tmp_path / "log") as function:
        assert {name for name in (*there, *nowhere) if not is_there(function, name)} == set(nowhere)


def is_there(function: Function, name: str) -> bool:
    """Whether a process finds a module: what it then returns is no JSON."""
    context = {
        "aws_request_id": "r",
        "function_name": "f",
        "function_version": "1",
        "invoked_function_arn": "arn",
        "deadline": 0,
    }
    outcome = function.start().run({"event": name, "context": context, "environment": {}}, timeout=60)
    return outcome != Returned(None)
