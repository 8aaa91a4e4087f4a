"""What the README and its pages say and tell people to type: on a fresh clone, and on what they have edited there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from conformance.lookup import pattern_names
from conformance.model_choice import ProviderName
from conformance.rules import NAMES
from conformance.rules.upgrade import UPGRADE
from tests.conformance import one_run
from tests.documents import DOCUMENTS, blocks, changes, commands, commands_in, text_of
from tests.tooling import ROOT, TOX, tox_ini

FOR_USERS = ("README.md", *(document for document in DOCUMENTS if document.startswith("docs/")))
"""The README, and the pages that it sends its readers to."""

WIDTH = 100
"""Characters in a line of the output that the README shows."""


def test_every_command_can_be_typed_as_it_is() -> None:
    calls = [command.text for command in commands() if command.document in FOR_USERS and "tox" in command.words]
    assert calls
    assert [call for call in calls if not call.startswith(TOX)] == []


def test_the_readme_sends_its_readers_to_every_page() -> None:
    readme = text_of("README.md")
    assert [page for page in FOR_USERS if page not in readme and page != "README.md"] == []


def rows(heading: str) -> list[str]:
    """The first cells of the only table with this heading, as code."""
    texts = "\n".join(map(text_of, FOR_USERS))
    (table,) = re.findall(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", texts, re.MULTILINE)
    return re.findall(r"^\| \[?`(.+?)`", table, re.MULTILINE)


def test_the_readme_has_a_row_for_each_pattern() -> None:
    assert sorted(rows("pattern")) == pattern_names()


def test_the_row_of_a_pattern_leads_to_its_file_and_says_how_long_it_is() -> None:
    said = re.findall(r"^\| \[`(\w+)`\]\((\S+)\) \|.*\| (\d+) \|$", text_of("README.md"), re.MULTILINE)
    paths = [(name, f"patterns/{name}.py") for name in pattern_names()]
    assert sorted(said) == [(name, path, str(len(text_of(path).splitlines()))) for name, path in paths]


def test_there_is_a_row_for_each_rule() -> None:
    assert rows("rule") == [*NAMES, UPGRADE.name]


def test_there_is_a_row_for_each_provider_and_its_name_for_the_environment() -> None:
    assert sorted(rows("provider")) == sorted(ProviderName)
    (named,) = re.findall(r"^\| `MODEL_PROVIDER` \| (.*?) \|", text_of("docs/models.md"), re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", named)) == sorted(ProviderName)


def test_the_readme_quotes_what_one_run_finds() -> None:
    *_, counted = one_run.lines()
    assert f"\n{counted}\n" in text_of("README.md")


def test_the_command_line_may_ask_bedrock() -> None:
    environment = tox_ini()["testenv:durable-ai"]
    assert {"AWS_*", "MODEL_*"} <= set(environment["pass_env"].split())
    assert "offline" not in environment["set_env"]


def test_the_readme_shows_what_the_check_prints_about_the_line_that_it_has_people_change(tmp_path: Path) -> None:
    """In the folder where they changed it: the copy of the pattern that tox has installed conforms."""
    readme = text_of("README.md")
    for package in ("conformance", "patterns", "providers"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    (typed,) = (command.words for command in commands_in(readme) if "check" in command.words)
    arguments = typed[typed.index("--") + 1 :]
    pattern = tmp_path / arguments[1].partition(":")[0]
    pattern.write_text(changes(readme)[0].applied(pattern.read_text()))
    program, *command = tox_ini()["testenv:durable-ai"]["commands"].splitlines()[-1].split()
    assert (program, command.pop()) == ("python", "{posargs:--help}")

    ran = subprocess.run(
        [sys.executable, *command, *arguments],
        cwd=tmp_path,
        env=os.environ | {"COLUMNS": str(WIDTH), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 1, ran.stderr
    assert without_seconds(ran.stdout) in map(without_seconds, blocks(readme))


def without_seconds(text: str) -> str:
    """A report's text without how long it took, and without what the title is padded with."""
    return re.sub(r"\d+\.\d seconds", "N seconds", "\n".join(line.rstrip() for line in text.splitlines()))
