"""What is deployed, built for this machine by the same Makefile that builds it for Lambda."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

KINDS = {"durable_strands_agent": "strands"}
"""Patterns whose artifact is not the core one."""

_PLATFORMS = {
    ("Linux", "x86_64"): "manylinux2014_x86_64",
    ("Linux", "aarch64"): "manylinux2014_aarch64",
}


class BuildError(RuntimeError):
    """An artifact cannot be built. The message ends with what the build printed."""


class Artifacts:
    """Where each pattern's artifact is.

    Args:
        folder: Holds a folder for each kind of artifact.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, pattern: str) -> Path:
        """The folder to deploy for a pattern."""
        return self._folder / KINDS.get(pattern, "core")


def build(folder: Path) -> Artifacts:
    """Build every kind of artifact below `folder`, for the Python that runs this.

    Raises:
        BuildError: It cannot be built.
    """
    machine = (platform.system(), platform.machine())
    if machine not in _PLATFORMS:
        known = ", ".join(" ".join(one) for one in _PLATFORMS)
        raise BuildError(f"Lambda's wheels run on {known}, and this is {' '.join(machine)}.")
    for kind in {"core", *KINDS.values()}:
        command = ["make", "--silent", f"artifact-{kind}", f"ARTIFACTS_DIR={folder / kind}"]
        command += [f"PLATFORM={_PLATFORMS[machine]}", f"PYTHON={sys.executable}"]
        command += [f"PYTHON_VERSION={sys.version_info.major}.{sys.version_info.minor}"]
        made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if made.returncode:
            raise BuildError(f"`{' '.join(command)}` failed:\n{made.stdout}{made.stderr}")
    return Artifacts(folder)
