"""A handler's process finds what is deployed, and nothing else of the project or of its tools."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wire.artifacts import Artifacts
from tests.wire.function import Function, Raised

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
    with Function(artifacts.of(pattern), "importlib.import_module", tmp_path / "log") as function:
        errors = {name: imported(function, name) for name in (*there, *nowhere)}
    assert {name for name, error in errors.items() if error == f"No module named '{name}'"} == set(nowhere)


def imported(function: Function, name: str) -> str:
    """What a process says that was made to import a module: a module is no JSON, if it is there."""
    context = {
        "aws_request_id": "r",
        "function_name": "f",
        "function_version": "1",
        "invoked_function_arn": "arn",
        "deadline": 0,
    }
    outcome = function.start().run({"event": name, "context": context, "environment": {}}, timeout=60)
    assert isinstance(outcome, Raised)
    return outcome.error["errorMessage"]
