"""What the README claims of the check: the numbers and the output that it shows are what the commands print."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from durable_conformance.exploring import HORIZON
from durable_conformance.histories import load_history
from tests.conformance import one_run
from tests.histories.selection import GOLDEN
from tests.repository import ROOT, blocks, changes, commands_in, text_of, tox_ini

WIDTH = 100
"""Characters in a line of the output that the README shows."""


def test_the_page_on_histories_counts_them_right() -> None:
    changes_of = [len(load_history(path).changes) for path in GOLDEN.rglob("*.json")]
    all_, prefixes = len(changes_of), sum(changes_of) + len(changes_of)
    said = f"{all_} of {all_} histories replay: {prefixes} prefixes, {prefixes} runs"
    assert said in text_of("docs/histories.md")


def test_the_readme_quotes_what_one_run_finds() -> None:
    *_, counted = one_run.lines()
    assert f"\n{counted}\n" in text_of("README.md")


def test_the_documents_say_which_workflows_are_long_and_how_far_their_executions_are_followed() -> None:
    readme, check = (" ".join(text_of(page).split()) for page in ("README.md", "docs/check.md"))
    assert f"more than {2 * HORIZON} operations it follows an interruption {HORIZON} operations far" in readme
    assert f"of up to {2 * HORIZON} operations has every execution followed to its end" in check
    assert f"begins {HORIZON} operations before" in check
    assert f"stops {HORIZON} operations after" in check


def test_the_readme_shows_what_the_check_prints_about_the_line_that_it_has_people_change(tmp_path: Path) -> None:
    """In the folder where they changed it: the copy of the pattern that tox has installed conforms."""
    readme = text_of("README.md")
    for package in ("durable_conformance", "patterns", "providers"):
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
    """A report's text without how long it took, what the title is padded with, and how much other files hold."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"other files: \d+ of \d+", "other files: N of N", re.sub(r"\d+\.\d seconds", "N seconds", lines))
