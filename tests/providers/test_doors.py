"""The doors of the model layer's rooms load nothing that is not asked for."""

from __future__ import annotations

import subprocess
import sys

from tests.repository.files import ROOT


def loaded_by(*modules: str) -> set[str]:
    """The modules that are loaded in a fresh interpreter that imports some."""
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


def test_who_does_without_bedrock_and_cassettes_loads_neither_boto3_nor_yaml() -> None:
    """The import of a pattern is paid at every cold start, and `providers.scripted` by every test."""
    neutral = [f"providers.{path.stem}" for path in (ROOT / "providers").glob("*.py") if path.stem != "__init__"]
    loaded = loaded_by("providers", "providers.scripted", *neutral)
    assert {"providers.model", "providers.scripted.script"} <= loaded
    assert not {"boto3", "botocore", "yaml", "aws_durable_execution_sdk_python"} & loaded


def test_what_is_deployed_needs_no_cassettes() -> None:
    assert not {"yaml", "providers.cassette", "providers.scripted"} & loaded_by(
        "providers.bedrock", "providers.selection"
    )
