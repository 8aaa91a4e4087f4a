"""What the command line says about itself: help that a terminal of 80 columns shows, its version, and completions."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.conformance.command_line import DurableAi, command_line

COMMANDS = ("run", "demo", "check", "merge", "replay", "record-history")
GROUPS = {
    "What is checked": {"--event", "--event-file", "--generate", "--events", "--template", "--function"},
    "What it meets": {"--env", "--env-file", "--setup", "--script", "--answer", "--invoke", "--answers", "--live"},
    "What is tried": {"--pairs", "--horizon", "--to-the-end", "--exit-first", "--patience", "--case", "--shard"},
    "What is told": {"--fail-on", "--ignore", "--output-format", "--watch", "--json", "--html"},
}


@pytest.fixture
def durable_ai(capsys: pytest.CaptureFixture[str]) -> DurableAi:
    return command_line(capsys)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("command", [(), *((one,) for one in COMMANDS)], ids=" ".join)
def test_help_is_whole_in_80_columns(durable_ai: DurableAi, command: tuple[str, ...]) -> None:
    shown = durable_ai(*command, "--help")
    assert shown.code == 0
    assert max(map(len, shown.out.splitlines())) <= 80
    told = [line for line in shown.out.splitlines() if not line.startswith("Usage:")]
    assert not any("..." in line.replace("]...", "") for line in told), "nothing is cut short"
    assert "<bool>" not in shown.out


@pytest.mark.usefixtures("narrow")
def test_the_options_of_a_check_stand_in_groups(durable_ai: DurableAi) -> None:
    shown = durable_ai("check", "--help").out
    places = [shown.index(f"\n{group}:") for group in GROUPS]
    assert places == sorted(places)
    for (group, options), place, end in zip(GROUPS.items(), places, [*places[1:], len(shown)], strict=True):
        begun = {line.split()[0].rstrip(",") for line in shown[place:end].splitlines() if line.startswith("  -")}
        begun |= {word.rstrip(",") for line in shown[place:end].splitlines() for word in line.split()[:2]}
        assert options <= begun, group


def test_the_version_is_told_with_those_it_was_checked_on(durable_ai: DurableAi) -> None:
    shown = durable_ai("--version")
    assert shown.code == 0
    sdk = version("aws-durable-execution-sdk-python")
    here = ".".join(map(str, sys.version_info[:3]))
    ours = version("durable-ai-patterns")
    assert shown.out.strip() == f"durable-ai {ours} (aws-durable-execution-sdk-python {sdk}, Python {here})"


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["check", "--ignore", "request-"], "request-stability"),
        (["check", "--output-format", "sa"], "sarif"),
        (["che"], "check"),
        (["check", "ha"], "handlers.py:"),
        (["check", "handlers.py:"], "handlers.py:handler"),
        (["check", "handlers.py:"], "handlers.py:other"),
        (["check", "fo"], "folder/"),
    ],
)
def test_the_shell_completes(tmp_path: Path, words: list[str], completed: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "handlers.py").write_text(
        "@durable_execution\ndef handler(event, context): ...\n\ndef helper(): ...\n\nother = durable_handler(helper)\n"
    )
    shown = completions(tmp_path, words)
    assert completed in shown
    assert "helper" not in shown


@pytest.mark.parametrize("typed", ["broken.py:", "missing.py:", "nowhere/x"])
def test_what_cannot_be_read_completes_to_nothing(tmp_path: Path, typed: str) -> None:
    (tmp_path / "broken.py").write_text("def (")
    assert completions(tmp_path, ["check", typed]) == "_files", "it is left to the shell"


def completions(folder: Path, words: list[str]) -> str:
    """What zsh is told when these words are typed in `folder`."""
    environment = os.environ | {
        "_DURABLE_AI_COMPLETE": "complete_zsh",
        "_TYPER_COMPLETE_ARGS": " ".join(["durable-ai", *words]),
    }
    shown = subprocess.run(
        [Path(sys.executable).parent / "durable-ai"],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return shown.replace("\\", "").strip()
