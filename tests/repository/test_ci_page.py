"""What `docs/ci.md` has people copy: its jobs use what the action has, and are run here with a stand-in for GitHub."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from durable_conformance.durable_check import DurableCheck
from tests.conformance.command_line import DurableAi, Output, command_line
from tests.repository.command_lookup import look_up
from tests.repository.documents import blocks, text_of
from tests.repository.files import ROOT

PAGE = "docs/ci.md"
ORDERS = """
from aws_durable_execution_sdk_python import durable_execution

calls = []

@durable_execution
def handler(event, context):
    calls.append(event["order"])
    return context.step(lambda _: 1, name="one") + len(calls)
"""


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for block in blocks(text_of(PAGE), "yaml"):
        yield from yaml.safe_load(block).get("jobs", {}).items()


def job(name: str) -> dict[str, Any]:
    (found,) = (one for its, one in jobs() if its == name)
    return found


def steps(one: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(one["steps"])


def uses_of_the_action(one: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [step["with"] for step in steps(one) if step.get("uses", "").startswith("OWNER/durable-ai-patterns@")]


def typed(given: Mapping[str, str], shard: int = 1) -> list[str]:
    """What the action types for what it is given."""
    inputs = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
    assert given.keys() <= inputs.keys()
    said = {name: str(given.get(name, of["default"])) for name, of in inputs.items()}
    assert said["working-directory"] == "."
    arguments = said["args"].replace("${{ matrix.shard }}", str(shard))
    assert "${{" not in arguments
    return [said["command"], "--output-format", said["output-format"], *shlex.split(arguments)]


@pytest.fixture
def durable_ai(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DurableAi:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "orders.py").write_text(ORDERS)
    monkeypatch.chdir(tmp_path)
    return command_line(capsys)


def test_every_job_uses_the_action_as_it_is() -> None:
    used = [given for _, one in jobs() for given in uses_of_the_action(one)]
    assert len(used) == 4
    for given in used:
        look_up(["durable-ai", *typed(given)])


@pytest.mark.parametrize("block", blocks(text_of(PAGE), "yaml"))
def test_what_is_to_be_copied_is_yaml_and_asks_for_no_more_than_it_needs(block: str) -> None:
    document = yaml.safe_load(block)
    for one in document.get("jobs", {}).values():
        uploads = any("upload-sarif" in step.get("uses", "") for step in one["steps"])
        assert one["permissions"] == {"contents": "read"} | ({"security-events": "write"} if uploads else {})


def test_a_job_keeps_the_files_that_it_has_written(durable_ai: DurableAi) -> None:
    for given in (uses_of_the_action(one)[0] for name, one in jobs() if name == "durable"):
        shown = durable_ai(*typed(given))
        assert shown.code == 1
        assert shown.out
    assert Path(steps(next(one for _, one in jobs()))[-1]["with"]["path"]).is_file()


def test_the_shards_of_the_matrix_are_merged_by_the_last_job(durable_ai: DurableAi) -> None:
    shard, merge = job("shard"), job("merge")
    numbers = shard["strategy"]["matrix"]["shard"]
    (given,), (joined,) = uses_of_the_action(shard), uses_of_the_action(merge)
    outputs: Sequence[Output] = [durable_ai(*typed(given, number)) for number in numbers]
    assert {one.code for one in outputs} <= {0, 1}
    for step in steps(shard):
        if "upload-artifact" in step.get("uses", ""):
            kept = [step["with"]["path"].replace("${{ matrix.shard }}", str(number)) for number in numbers]
            assert all(Path(file).is_file() for file in kept)
    shown = durable_ai(*typed(joined))
    assert shown.code == 1
    assert Path(steps(merge)[-1]["with"]["path"]).is_file()
    Path(kept[2]).unlink()
    assert "shard-3.json" in durable_ai(*typed(joined)).err
    assert merge["needs"] == "shard"


def test_the_test_of_the_page_checks_the_shard_that_the_variable_names(
    durable_ai: DurableAi, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shown,) = blocks(text_of(PAGE), "python")
    names: dict[str, Any] = {}
    exec(shown, names)  # the repository's own page
    monkeypatch.setenv("SHARD", "2/4")
    with pytest.raises(pytest.fail.Exception, match="shard 2 of 4 alone"):
        names["test_orders_survive_every_crash"](DurableCheck(in_other_processes=False))
    (variable,) = re.findall(r"`SHARD: (.*?)`", text_of(PAGE))
    assert variable.replace("${{ matrix.shard }}", "2") == os.environ["SHARD"]
