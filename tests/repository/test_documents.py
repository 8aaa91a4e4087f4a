"""What the documents tell people to type is there.

What nothing here can look up stands in `NOT_LOOKED_UP`, with the reason. A command of a kind that is not known fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.exceptions import TyperException

from durable_conformance.commands import project_file
from providers.scripted import ScriptedProvider
from tests.repository.command_lookup import UnknownError, look_up, named
from tests.repository.documents import DOCUMENTS, Command, blocks, commands, commands_in, text_of
from tests.repository.tooling import PYTEST, TOX

NOT_LOOKED_UP: Mapping[str, str] = {
    "uv venv -p 3.13": "uv's own; it names nothing of this project",
    "uv run --no-sync pre-commit install": "writes into the folder `.git`; `tox -e lint` reads what it would install",
    "uv run --no-sync pre-commit run --all-files": "tests/repository/test_automation.py says what the hooks run",
    "sam build": "`tox -e template` runs it",
    'uv add --dev "durable-ai-patterns[conformance] @ git+https://ADDRESS"': "changes another project",
    'pip install "durable-ai-patterns[conformance] @ git+https://ADDRESS"': "changes another environment",
    'pip install "FOLDER[conformance]"': "changes another environment",
    "sam delete": "needs an account",
}
"""Commands that no test here can look up, and why that is so, or where they are run instead."""


def inline(text: str) -> list[str]:
    """The commands in the running text: in backticks, with an argument at least, and nothing left out."""
    quoted = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    typed = [f"tox {one}" if one.startswith("-e ") else one for one in quoted]
    return [one for one in typed if re.match(r"(tox|durable-ai|python|pytest) [\w-]", one)]


@pytest.mark.parametrize("command", commands(), ids=lambda command: f"{command.document}: {command.text}"[:80])
def test_a_command_is_there(command: Command) -> None:
    if command.text not in NOT_LOOKED_UP:
        look_up(command.words)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_commands_in_the_running_text_are_there(document: str) -> None:
    for command in inline(text_of(document)):
        words = Command(document, command).words
        if words[0] == "durable-ai" and len(words) == 2:
            named(words[1])
        else:
            look_up(words)


def test_scripts_answers_and_settings_that_a_document_shows_are_taken(tmp_path: Path) -> None:
    text = text_of("docs/check-your-own.md")
    file = tmp_path / "shown.json"
    kinds: list[str] = []
    for block in blocks(text, "json"):
        file.write_text(block)
        if isinstance(value := json.loads(block), dict) and all("." in name for name in value):
            kinds.append("answers")
        else:
            ScriptedProvider.from_file(file)
            kinds.append("script")
    assert kinds == ["answers", "script", "script"]
    (settings,) = blocks(text, "toml")
    (tmp_path / "pyproject.toml").write_text(settings)
    assert project_file(tmp_path)


def test_nothing_is_excused_that_no_document_says() -> None:
    assert set(NOT_LOOKED_UP) <= {command.text for command in commands()}


@pytest.mark.parametrize(
    "bad",
    [
        "tox -e no-such-environment",
        f"{TOX} -e durable-ai -- run",
        "tox -e py313 -- tests/no_such_test.py",
        "tox exec -e lint",
        "durable-ai run human_review --aprove",
        "durable-ai walk human_review",
        "durable-ai check app.py:f --patience soon",
        f"{PYTEST} test_nothing.py",
        "python -m tests.no_such_module",
        "python -m tests.histories.selection.nothing",
        "python -m tests.stand_in -- pytest tests/nothing.py",
        "python setup.py",
        "uv pip install -c constraints/nothing.txt",
        'uv pip install -e ".[nothing]"',
        "uv pip install --group nothing",
        "uv run --no-sync pytest tests/nothing",
        "uv sync",
        "sam deploy --guided --parameter-overrides Nothing=1",
        "aws lambda invoke --function-nam x",
        "aws lambda envoke",
        "make everything",
    ],
)
def test_a_command_that_is_not_there_is_found(bad: str) -> None:
    (command,) = commands_in(f"```console\n$ {bad}\n```\n")
    with pytest.raises((UnknownError, ModuleNotFoundError, TyperException)):
        look_up(command.words)


def test_a_command_is_what_is_typed() -> None:
    block = (
        "```console\n$ tox -e a   # why\nA=$(aws x \\\n  --query \"[?a=='#b']\")\naws y > file.json\n\n```\n`tox -e b`"
    )
    typed = [command.text for command in commands_in(block)]
    assert typed == ["tox -e a", "aws x --query \"[?a=='#b']\"", "aws y"]
    assert inline(block) == ["tox -e b"]
