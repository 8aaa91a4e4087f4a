"""tox skips an interpreter that is missing, and its last lines say so."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.files import ROOT
from tests.repository.tooling import TOX

_OFFLINE = shlex.split(TOX.replace("uvx", "uvx --offline", 1))
"""The tox that these tests were started with, most often: uv has it."""

MINE = f"py{sys.version_info.major}{sys.version_info.minor}"
"""The environment of the Python that runs this."""

_INI = """
[tox]
env_list = {environments}
skip_missing_interpreters = true
no_package = true
[testenv]
commands = python --version
"""


@pytest.fixture(scope="module")
def outside() -> dict[str, str]:
    """The environment of a tox that is not run by a tox; skipped where uv does not have it."""
    if shutil.which("uvx") is None:
        pytest.skip("there is no uvx on PATH")
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("TOX_", "VIRTUAL_ENV"))}
    mine |= {"UV_PYTHON_DOWNLOADS": "never", "NO_COLOR": "1"}
    mine["PATH"] = os.pathsep.join([str(Path(sys.base_prefix) / "bin"), os.environ.get("PATH", "")])
    asked = subprocess.run([*_OFFLINE, "--version"], cwd=ROOT, env=mine, capture_output=True, text=True, check=False)
    if asked.returncode:
        pytest.skip(f"uv has not fetched tox yet: {TOX} does")
    return mine


def last_lines(folder: Path, outside: dict[str, str], environments: str) -> list[str]:
    """What tox prints after its summary of each environment."""
    shutil.copy(ROOT / "toxfile.py", folder)
    (folder / "tox.ini").write_text(_INI.format(environments=environments))
    command = [*_OFFLINE, "--conf", str(folder)]
    ran = subprocess.run(command, cwd=ROOT, env=outside, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    summary = ran.stdout.rpartition("congratulations")[2]
    return [line.strip() for line in summary.splitlines()[1:]]


def test_what_is_missing_is_told_last(tmp_path: Path, outside: dict[str, str]) -> None:
    assert last_lines(tmp_path, outside, f"{MINE}, py399, py398") == [
        "py398 ran NOTHING: there is no py398 on this machine",
        "py399 ran NOTHING: there is no py399 on this machine",
    ]


def test_nothing_is_told_where_nothing_is_missing(tmp_path: Path, outside: dict[str, str]) -> None:
    assert last_lines(tmp_path, outside, MINE) == []
