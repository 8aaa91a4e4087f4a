"""The deployment's tools, each with pins of its own in an environment of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.template.deployment import ROOT


def run(tool: str, *arguments: str, folder: Path = ROOT, environment: Mapping[str, str] | None = None) -> str:
    """What the tool prints, when it ends well.

    Args:
        tool: The environment variable that names the program.
        arguments: The program's.
        folder: Where it runs.
        environment: Variables that it is given beside those of this process.
    """
    if tool not in os.environ:
        pytest.fail(f"{tool} names no program: `tox -e template` installs it and says where it is.")
    command, variables = [os.environ[tool], *arguments], {**os.environ, **(environment or {})}
    ran = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{tool} {' '.join(arguments)}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout
