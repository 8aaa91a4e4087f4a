"""What the README tells people to type: it works on a fresh clone, and on what they have edited there."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "cassettes/README.md")
PREFIX = "uvx -p 3.13 -c constraints/tox.txt --with tox-uv tox"

_TYPED = re.compile(r"^(?:\$ )?((?:uvx [^#\n]* )?tox\b[^#\n]*)", re.MULTILINE)


def typed(document: str) -> list[str]:
    """The tox commands of a document's code blocks."""
    blocks = re.findall(r"^```console\n(.*?)^```", (ROOT / document).read_text(), re.MULTILINE | re.DOTALL)
    return [command.strip() for block in blocks for command in _TYPED.findall(block)]


def tox_ini() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "tox.ini")
    return parser


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_tox_command_names_an_environment_that_there_is_and_installs_it(document: str) -> None:
    commands = typed(document)
    assert commands
    for command in commands:
        assert "tox exec" not in command, "it installs nothing: not there on a fresh clone, and stale after an edit"
        environments = re.findall(r" -e (\S+)", command.partition(" -- ")[0])
        assert all(f"testenv:{name}" in tox_ini() for name in environments), command


def test_every_command_of_the_readme_can_be_typed_as_it_is() -> None:
    assert [command for command in typed("README.md") if not command.startswith(PREFIX)] == []


def test_the_command_line_may_ask_bedrock() -> None:
    environment = tox_ini()["testenv:durable-ai"]
    assert {"AWS_*", "MODEL_*"} <= set(environment["pass_env"].split())
    assert "offline" not in environment["set_env"]


def test_a_pattern_that_was_edited_is_the_one_that_runs(tmp_path: Path) -> None:
    """And not the copy that tox has installed."""
    for package in ("conformance", "patterns", "providers"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    pattern = tmp_path / "patterns" / "prompt_chaining.py"
    pattern.write_text(pattern.read_text().replace('"review-joke"', '"review-the-joke"'))
    command = tox_ini()["testenv:durable-ai"]["commands"].splitlines()[-1]
    arguments = command.replace("{posargs:--help}", "run prompt_chaining --provider scripted").split()
    assert arguments.pop(0) == "python"
    ran = subprocess.run([sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "succeeded /2:review-the-joke" in ran.stdout
