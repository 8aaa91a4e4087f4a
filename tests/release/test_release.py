"""A project that has nothing of this repository installs the wheel, finds a defect in its handler, and mends it."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.release import faults
from tests.repository.files import ROOT

DIST = "RELEASE_DIST"
"""The variable that names the folder of what was built; `tox -e release` sets it."""

HANDLER = """\
import json
from datetime import date

import boto3
from aws_durable_execution_sdk_python import durable_execution

bedrock = boto3.client("bedrock-runtime")


def summary(prompt):
    answer = bedrock.converse(modelId="a-model", messages=[{"role": "user", "content": [{"text": prompt}]}])
    return answer["output"]["message"]["content"][0]["text"]


@durable_execution
def handler(event, context):
    today = date.today().isoformat()
    return context.step(lambda _: summary(f"Summarize the news of {today}"), "summary")
"""
DATED = "    today = date.today().isoformat()\n"
KEPT = '    today = context.step(lambda _: date.today().isoformat(), "today")\n'
TEST = """\
def test_it_is_durable(durable_check):
    durable_check("app.py:handler", event={})
"""

needs_dist = pytest.mark.skipif(DIST not in os.environ, reason=f"{DIST} is not set: run `tox -e release`")


@pytest.mark.parametrize(
    ("tag", "fault"),
    [
        ("v1.2.3", []),
        ("1.2.3", ["the tag is 1.2.3, and pyproject.toml says 1.2.3: tag v1.2.3"]),
        ("v1.2.4", ["the tag is v1.2.4, and pyproject.toml says 1.2.3: tag v1.2.3"]),
    ],
)
def test_a_tag_is_the_version(tag: str, fault: list[str]) -> None:
    assert faults(tag, "1.2.3", "# Changelog\n\n## [1.2.3] - 2026-01-31\n") == fault


def test_what_is_released_stands_in_the_changelog() -> None:
    (found,) = faults("v1.2.3", "1.2.3", "# Changelog\n\n## [Unreleased]\n\n## [1.2.30] - 2026-01-31\n")
    assert found.startswith("CHANGELOG.md has no section `## [1.2.3] - DATE`")


def built(pattern: str) -> Path:
    """The one file of that kind that was built."""
    (file,) = Path(os.environ[DIST]).glob(pattern)
    return file


def typed(*command: str, folder: Path, venv: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What a person types in a folder, in an environment of its own and a home with nothing in it."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "AWS_", "VIRTUAL_ENV"))}
    search = os.pathsep.join([*([str(venv / "bin")] if venv else []), own["PATH"]])
    return subprocess.run(command, cwd=folder, env=own | {"PATH": search}, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that has the wheel with its extra, and pytest."""
    folder = tmp_path_factory.mktemp("empty")
    made = typed("uv", "venv", "--quiet", "--python", sys.executable, str(folder / "venv"), folder=folder)
    assert made.returncode == 0, made.stderr
    pins = str(ROOT / "constraints" / "project.txt")
    wheel = f"{built('*.whl')}[conformance]"
    install = ("uv", "pip", "install", "--quiet", "--python", str(folder / "venv"), "-c", pins, wheel, "pytest")
    installed = typed(*install, folder=folder)
    assert installed.returncode == 0, installed.stderr
    return folder / "venv"


@needs_dist
def test_the_sdist_holds_what_builds_the_wheel_and_no_more_is_in_the_wheel() -> None:
    with tarfile.open(built("*.tar.gz")) as archive:
        sources = {name.partition("/")[2] for name in archive.getnames()}
    with zipfile.ZipFile(built("*.whl")) as archive:
        packaged = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packaged <= sources
    assert {"pyproject.toml", "CHANGELOG.md", "template.yaml", "tox.ini"} <= sources


@needs_dist
def test_a_project_of_its_own_finds_a_defect_at_its_line_and_mends_it(venv: Path, tmp_path: Path) -> None:
    app = tmp_path / "app.py"
    app.write_text(HANDLER)
    check = ("durable-ai", "check", "app.py:handler", "--event", "{}")
    broken = typed(*check, folder=tmp_path, venv=venv)
    assert broken.returncode == 1, broken.stdout + broken.stderr
    line = HANDLER[: HANDLER.index(DATED)].count("\n") + 1
    assert f"app.py:{line}" in broken.stdout

    app.write_text(HANDLER.replace(DATED, KEPT))
    mended = typed(*check, folder=tmp_path, venv=venv)
    assert mended.returncode == 0, mended.stdout + mended.stderr


@needs_dist
def test_the_fixture_is_there(venv: Path, tmp_path: Path) -> None:
    (tmp_path / "test_app.py").write_text(TEST)
    (tmp_path / "app.py").write_text(HANDLER)
    broken = typed("pytest", "-q", folder=tmp_path, venv=venv)
    assert broken.returncode == 1, broken.stdout + broken.stderr
    (tmp_path / "app.py").write_text(HANDLER.replace(DATED, KEPT))
    mended = typed("pytest", "-q", folder=tmp_path, venv=venv)
    assert mended.returncode == 0, mended.stdout + mended.stderr


@needs_dist
def test_what_needs_the_repository_says_so(venv: Path, tmp_path: Path) -> None:
    demo = typed("durable-ai", "demo", folder=tmp_path, venv=venv)
    assert demo.returncode == 2
    assert "cassettes" in demo.stderr
    assert "Traceback" not in demo.stderr
