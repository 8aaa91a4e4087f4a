"""What the README and its pages say and tell people to type: on a fresh clone, and on what they have edited there."""

from __future__ import annotations

import re

from durable_conformance.histories import UPGRADE
from durable_conformance.rules import NAMES
from durable_conformance.subject import pattern_names
from providers.selection import provider_names
from tests.repository.documents import DOCUMENTS, commands, text_of
from tests.repository.tooling import TOX, tox_ini

FOR_USERS = ("README.md", *(document for document in DOCUMENTS if document.startswith("docs/")))
"""The README, and the pages that it sends its readers to."""


def test_every_command_can_be_typed_as_it_is() -> None:
    calls = [command.text for command in commands() if command.document in FOR_USERS and "tox" in command.words]
    assert calls
    assert [call for call in calls if not call.startswith(TOX)] == []


def test_the_readme_sends_its_readers_to_every_page() -> None:
    readme = text_of("README.md")
    rules = {f"docs/rules/{name}.md" for name in NAMES}  # which docs/check.md leads to
    assert [page for page in FOR_USERS if page not in readme and page not in {"README.md", *rules}] == []


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
    assert sorted(rows("provider")) == sorted(provider_names())
    (named,) = re.findall(r"^\| `MODEL_PROVIDER` \| (.*?) \|", text_of("docs/models.md"), re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", named)) == sorted(provider_names())


def test_the_command_line_may_ask_bedrock_and_openai() -> None:
    environment = tox_ini()["testenv:durable-ai"]
    assert {"AWS_*", "MODEL_*", "OPENAI_*"} <= set(environment["pass_env"].split())
    assert "offline" not in environment["set_env"]
