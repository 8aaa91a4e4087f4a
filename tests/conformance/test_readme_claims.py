"""What the README claims of the check: the numbers and the output that it shows are what the commands print."""

from __future__ import annotations

import os
import re
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


def test_the_readme_shows_what_the_check_prints_about_its_handler_and_what_mends_it(tmp_path: Path) -> None:
    readme = text_of("README.md")
    (app,) = (block for block in blocks(readme, "python") if block.startswith("# app.py\n"))
    (typed,) = (command.words for command in commands_in(readme) if "check" in command.words)
    arguments = typed[typed.index("--") + 1 :]
    program, *command = tox_ini()["testenv:durable-ai"]["commands"].splitlines()[-1].split()
    assert (program, command.pop()) == ("python", "{posargs:--help}")

    def checked(text: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "app.py").write_text(text)
        environment = os.environ | {"COLUMNS": str(WIDTH), "NO_COLOR": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        line = [sys.executable, *command, *arguments]
        return subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    ran = checked(app)
    assert ran.returncode == 1, ran.stderr
    printed, shown = without_seconds(ran.stdout), list(map(without_seconds, blocks(readme)))
    assert [block for block in shown if printed.startswith(f"{block}\nwarning: ")]
    assert [block for block in shown if printed.endswith(f"\n{block}")]
    assert printed.count("\nwarning: ") == 2, "as the text says"

    ran = checked(changes(readme)[0].applied(app))
    assert (ran.returncode, "conforms, with 2 warnings" in ran.stdout) == (0, True), ran.stdout


def without_seconds(text: str) -> str:
    """A report's text without how long it took, what the title is padded with, and how much other files hold."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"other files: \d+ of \d+", "other files: N of N", re.sub(r"\d+\.\d seconds", "N seconds", lines))
