"""What the command line loads before it does anything: what a bare program of typer's does, and little of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import typer.main
from packaging.requirements import Requirement

from durable_conformance.__main__ import EXTRA
from durable_conformance.commands import COMMANDS, app
from tests.repository.files import ROOT

HEAVY = {
    "aws_durable_execution_sdk_python",
    "aws_durable_execution_sdk_python_testing",
    "asyncio",
    "boto3",
    "botocore",
    "hypothesis",
    "jinja2",
    "jsonschema",
    "providers",
    "rich",
    "yaml",
}
BARE = """
from typing import Annotated
import typer
app = typer.Typer(rich_markup_mode=None)
@app.callback()
def main(_: Annotated[bool | None, typer.Option("--version")] = None): ...
@app.command()
def check(some: Annotated[int | None, typer.Option(min=1)] = None): ...
@app.command()
def other(): ...
"""
"""A program of the same shape, which does nothing."""

OURS = "from durable_conformance.__main__ import main as app"

SHORT = [
    ("--help",),
    (),
    ("--version",),
    ("--wrong",),
    ("chek",),
    ("check", "--help"),
    ("check", "--wrong"),
    ("check", "--generate", "0"),
    ("merge", "--help"),
    ("merge",),
    ("check", "--fail-on", "nothing"),
]


def loaded(program: str, words: tuple[str, ...]) -> set[str]:
    """The modules that a fresh interpreter has loaded when the program has answered."""
    code = (
        f"import sys\nsys.argv[1:] = {list(words)!r}\n{program}\n"
        "try:\n    app()\nexcept SystemExit:\n    pass\nprint('\\n' + chr(0) + ' '.join(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(ran.stdout.rpartition("\0")[2].split())


@pytest.mark.parametrize("words", SHORT, ids=" ".join)
def test_what_a_person_is_told_at_once_loads_nothing_of_what_a_check_needs(words: tuple[str, ...]) -> None:
    there = loaded(OURS, words)
    assert "typer" in there
    assert {one.partition(".")[0] for one in there} & HEAVY == set()
    bare = loaded(BARE, words)  # typer itself reads options by pydantic, if they are not `--help` of the whole
    assert len([one for one in there if one.startswith("pydantic")]) <= len(
        [one for one in bare if one.startswith("pydantic")]
    )


def test_the_first_help_loads_no_pydantic() -> None:
    assert not {"pydantic", "pydantic_core"} & loaded(OURS, ("--help",))


def test_a_command_that_is_run_loads_what_it_needs() -> None:
    """Otherwise the tests above would look at what can load nothing."""
    assert loaded(OURS, ("check", "nowhere.py:handler")) >= {"aws_durable_execution_sdk_python", "boto3", "rich"}


def test_the_process_that_explores_loads_none_of_what_executions_are_made_by() -> None:
    """Its workers do."""
    there = loaded(OURS, ("check", "nowhere.py:handler"))
    assert not {"aws_durable_execution_sdk_python_testing", "time_machine", "durable_conformance.runtime"} & there


def test_interpreters_are_started_before_anything_is_loaded_that_takes_time() -> None:
    """What they need is loaded while a check loads its own."""
    there = loaded("def app(): from durable_conformance.workers import Templates", ())
    assert "durable_conformance.workers.interpreters" in there
    assert not {one.partition(".")[0] for one in there} & {*HEAVY, "typer", "pydantic"}


BEHIND = """
import sys
from durable_conformance import runtime
behind = "aws_durable_execution_sdk_python_testing"
assert f"{behind}.model" in sys.modules and f"{behind}.runner" not in sys.modules, "its modules, and not its door"
from aws_durable_execution_sdk_python_testing import DurableFunctionTestRunner, __version__
import aws_durable_execution_sdk_python_testing as testing
assert testing.WebRunner.__module__ == f"{behind}.runner" and testing.__version__ == __version__
assert testing.model is sys.modules[f"{behind}.model"] and not hasattr(testing, "nothing")
"""


def test_what_the_testing_sdk_hands_on_is_there_for_who_asks() -> None:
    """A handler, or its test, may use the testing SDK, of which the engine loads a part."""
    ran = subprocess.run([sys.executable, "-c", BEHIND], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_table_of_commands_says_what_their_docstrings_say() -> None:
    group = typer.main.get_command(app)
    context = group.make_context("durable-ai", [], resilient_parsing=True)
    assert list(COMMANDS) == ["demo", "run", "check", "merge", "replay", "record-history"]
    for name, listed in COMMANDS.items():
        _, command, _ = group.resolve_command(context, [name])  # type: ignore[attr-defined]  # it is a group
        assert command.name == name
        assert command.get_short_help_str(200) == listed.told


def test_the_modules_of_the_extra_are_those_that_it_installs() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    wanted = {Requirement(one).name for one in (*extras["conformance"], *extras["cassettes"])} - {"durable-ai-patterns"}
    installs = packages_distributions()
    assert {name.lower() for module in EXTRA for name in installs[module]} == wanted


@pytest.mark.parametrize(
    ("missing", "words"),
    [("typer", ["--help"]), ("rich", ["check"]), ("jinja2", ["check"]), ("rich", ["run", "x"])],
)
def test_what_the_extra_would_install_is_named_where_it_is_missing(
    tmp_path: Path, missing: str, words: list[str]
) -> None:
    (tmp_path / f"{missing}.py").write_text(f"raise ModuleNotFoundError('missing', name={missing!r})")
    ran = subprocess.run(
        [sys.executable, "-m", "durable_conformance", *words],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = f"durable-ai: {missing!r} is not installed; install durable-ai-patterns[conformance].\n"
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", said)
