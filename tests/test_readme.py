"""What the README tells people to type: it works on a fresh clone, and on what they have edited there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from conformance.lookup import pattern_names
from conformance.model_choice import ProviderName
from conformance.rules import NAMES
from conformance.rules.upgrade import UPGRADE
from tests.documents import commands_in, text_of
from tests.tooling import ROOT, TOX, tox_ini


def test_every_command_of_the_readme_can_be_typed_as_it_is() -> None:
    calls = [command.text for command in commands_in(text_of("README.md")) if "tox" in command.words]
    assert calls
    assert [call for call in calls if not call.startswith(TOX)] == []


def rows(heading: str) -> list[str]:
    """The first cells of the README's table with this heading, as code."""
    (table,) = re.findall(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text_of("README.md"), re.MULTILINE)
    return re.findall(r"^\| \[?`(.+?)`", table, re.MULTILINE)


def test_the_readme_has_a_row_for_each_pattern() -> None:
    assert sorted(rows("pattern")) == pattern_names()


def test_the_readme_has_a_row_for_each_rule() -> None:
    assert rows("rule") == [*NAMES, UPGRADE.name]


def test_the_readme_has_a_row_for_each_provider_and_names_it_for_the_environment() -> None:
    assert sorted(rows("provider")) == sorted(ProviderName)
    (named,) = re.findall(r"^\| `MODEL_PROVIDER` \| (.*?) \|", text_of("README.md"), re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", named)) == sorted(ProviderName)


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
