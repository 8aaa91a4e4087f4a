"""What runs the checks by itself: the workflow on GitHub, and the hooks before a commit."""

from __future__ import annotations

import functools
import itertools
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from durable_conformance.reporting import WRITERS
from tests.repository.command_lookup import look_up
from tests.repository.files import ROOT
from tests.repository.tooling import TOX, pinned, tox_ini

WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
UV_RUN = ("uv", "run", "--no-sync")
"""Runs what stands in `.venv`, as it stands there."""

_ACTION = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
_GIVEN = {"actions/checkout": {"persist-credentials": False}, "astral-sh/setup-uv": {"enable-cache": False}}
"""What an action must be given: no token left on the disk, and no cache that a pull request could have filled."""

_PROVES_WHO_IT_IS = {"id-token": "write"}
"""The permission by which PyPI knows the workflow; no code of the repository runs beside it."""

_PUBLISHES = ["actions/download-artifact", "pypa/gh-action-pypi-publish"]
"""All that the job with that permission does."""


# The workflows --------------------------------------------------------------------------------------------------------


def faults(text: str) -> list[str]:
    """What is wrong with a workflow."""
    workflow: dict[Any, Any] = yaml.safe_load(text)
    used = re.findall(r"^\s*(?:- )?uses: *+(?!\$/)(.*)$", text, re.MULTILINE)
    publishes = [name for name, job in workflow["jobs"].items() if job.get("permissions") == _PROVES_WHO_IT_IS]
    wrong = [f"not pinned by a commit, with its version: {action}" for action in used if not _ACTION.fullmatch(action)]
    if workflow["permissions"] != {"contents": "read"}:
        wrong.append("it may do more than read")
    events = workflow[True]  # to YAML 1.1, `on` is a truth value
    if not set(events) <= {"push", "pull_request", "workflow_call"}:
        wrong.append("it runs on other events, which may see secrets")
    if publishes and events != {"push": {"tags": ["v*"]}}:
        wrong.append("it publishes what has no tag")
    if workflow["concurrency"]["cancel-in-progress"] == bool(publishes):
        wrong.append("an upload may be cut" if publishes else "a superseded run goes on")
    for name, job in workflow["jobs"].items():
        if name in publishes:
            runs = [step.get("uses", "").partition("@")[0] for step in job["steps"]]
            wrong += [f"{name}: it runs more than it publishes with"] if runs != _PUBLISHES else []
            wrong += [f"{name}: anybody may publish"] if "environment" not in job else []
            wrong += [f"{name}: it publishes what was not tested"] if set(job["needs"]) != {"tox", "build"} else []
        elif "permissions" in job:
            wrong.append(f"{name}: permissions of its own")
        if "uses" in job:  # another workflow of this repository, which is held to the same
            wrong += [f"{name}: it hands on secrets"] if "secrets" in job else []
            continue
        wrong += [f"{name}: no timeout"] if "timeout-minutes" not in job else []
        for step in job["steps"]:
            action, options = step.get("uses", "").partition("@")[0], step.get("with", {})
            if not _GIVEN.get(action, {}).items() <= options.items():
                wrong.append(f"{name}: {action} is not given {json.dumps(_GIVEN[action])}")
    return [*wrong, *(["a secret"] if "secrets." in text else [])]


@functools.cache
def workflow_text(name: str) -> str:
    return (ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8")


def tox_workflow() -> str:
    return workflow_text("tox.yml")


def environments() -> list[str]:
    """The tox environments that the workflow runs."""
    rows = yaml.safe_load(tox_workflow())["jobs"]["tox"]["strategy"]["matrix"]["include"]
    return [name for row in rows for name in row["environments"].split(",")]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_read_and_nothing_else_and_runs_what_it_pins(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8")) == []


def test_the_workflow_runs_all_that_tox_and_ci_run_and_the_guides() -> None:
    listed = [name.strip() for name in tox_ini()["tox"]["env_list"].split(",")]
    in_ci = re.findall(r"^uvx .* -e (\S+)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert in_ci
    assert sorted(environments()) == sorted([*listed, *in_ci, "guides"])


def test_the_workflow_types_what_the_readme_says_with_the_pinned_uv() -> None:
    (job,) = yaml.safe_load(tox_workflow())["jobs"].values()
    typed = [step["run"] for step in job["steps"] if "run" in step]
    assert typed == ['uv python install 3.13 "$PYTHON"', f'{TOX} -e "$ENVIRONMENTS"']
    (uv,) = [step["with"] for step in job["steps"] if "setup-uv" in step.get("uses", "")]
    named = ROOT / uv["version-file"]
    # As the action reads it: https://github.com/astral-sh/setup-uv/blob/main/src/version/requirements-file.ts
    assert re.findall(r"^uv==(\S+)", named.read_text(), re.MULTILINE) == [pinned("tox")["uv"]]


@pytest.mark.parametrize("environment", environments())
def test_the_workflow_installs_the_interpreter_that_an_environment_needs(environment: str) -> None:
    rows = yaml.safe_load(tox_workflow())["jobs"]["tox"]["strategy"]["matrix"]["include"]
    (python,) = (row["python"] for row in rows if environment in row["environments"].split(","))
    section = f"testenv:{environment}"
    needed = tox_ini()[section]["base_python"] if section in tox_ini() else environment
    assert needed == f"py{python.replace('.', '')}"


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda text: re.sub(r"@[0-9a-f]{40} # (v\d+)", r"@\1 # \1", text, count=1), "not pinned"),
        (lambda text: re.sub(r"@([0-9a-f]{39})[0-9a-f]", r"@\1", text, count=1), "not pinned"),
        (lambda text: re.sub(r" # v[\d.]+", "", text, count=1), "not pinned"),
        (lambda text: text.replace("contents: read", "contents: write"), "do more than read"),
        (lambda text: text.replace("  pull_request:", "  pull_request_target:"), "other events"),
        (lambda text: text.replace("cancel-in-progress: true", "cancel-in-progress: false"), "superseded"),
        (lambda text: text.replace("persist-credentials: false", "persist-credentials: true"), "persist-credentials"),
        (lambda text: text.replace("enable-cache: false", "enable-cache: true"), "enable-cache"),
        (lambda text: text.replace("timeout-minutes:", "# timeout-minutes:"), "no timeout"),
        (lambda text: text.replace("    steps:", "    permissions: write-all\n    steps:"), "permissions of its own"),
        (lambda text: text + "# ${{ secrets.TOKEN }}\n", "a secret"),
    ],
)
def test_a_workflow_that_is_not_safe_is_found(spoil: Callable[[str], str], fault: str) -> None:
    assert spoil(tox_workflow()) != tox_workflow()
    (found,) = faults(spoil(tox_workflow()))
    assert fault in found


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda text: text.replace("    environment: pypi\n", ""), "anybody may publish"),
        (lambda text: text.replace("needs: [tox, build]", "needs: [build]"), "not tested"),
        (lambda text: text.replace('    tags: ["v*"]', "    branches: [main]"), "no tag"),
        (lambda text: text.replace("cancel-in-progress: false", "cancel-in-progress: true"), "may be cut"),
        (lambda text: f"{text}      - run: python setup.py\n", "more than it publishes with"),
        (lambda text: text.replace("id-token: write", "contents: write"), "permissions of its own"),
        (lambda text: text.replace("yml\n\n", "yml\n    secrets: inherit\n\n"), "hands on secrets"),
    ],
)
def test_a_release_that_is_not_safe_is_found(spoil: Callable[[str], str], fault: str) -> None:
    release = workflow_text("release.yml")
    assert spoil(release) != release
    assert any(fault in found for found in faults(spoil(release)))


def test_a_release_builds_what_tox_tries_and_uploads_that() -> None:
    jobs = yaml.safe_load(workflow_text("release.yml"))["jobs"]
    typed = [step["run"] for step in jobs["build"]["steps"] if "run" in step]
    assert typed[1:] == [
        'uv run --no-project -p 3.13 python -m tests.release "$GITHUB_REF_NAME"',
        f"{TOX} -e release",
    ]
    (upload,) = [step["with"]["path"].split() for step in jobs["build"]["steps"] if "upload" in step.get("uses", "")]
    assert upload == ["dist/*.whl", "dist/*.tar.gz"]
    assert tox_ini()["testenv:release"]["set_env"].endswith("RELEASE_DIST = {tox_root}{/}dist")


def test_lint_reads_every_workflow() -> None:
    (read,) = [line for line in tox_ini()["testenv:lint"]["commands"].splitlines() if "github-workflows" in line]
    assert sorted(read.split()[3:]) == [path.relative_to(ROOT).as_posix() for path in WORKFLOWS]


# The hooks ------------------------------------------------------------------------------------------------------------


def hooks() -> dict[str, dict[str, Any]]:
    """The hooks before a commit, by id."""
    configuration = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    return {hook["id"]: hook for repository in configuration["repos"] for hook in repository["hooks"]}


def test_hooks_come_from_here_and_name_no_version() -> None:
    configuration = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in configuration["repos"]] == ["local"]
    for hook in hooks().values():
        assert hook["language"] == "system"
        assert not {"additional_dependencies", "rev", "language_version"} & set(hook)
        assert tuple(hook["entry"].split()[:3]) == UV_RUN


def test_hooks_run_what_tox_runs_at_the_versions_of_the_constraints() -> None:
    entries = {name: hook["entry"].removeprefix(f"{' '.join(UV_RUN)} ") for name, hook in hooks().items()}
    in_tox = [*tox_ini()["testenv:lint"]["commands"].splitlines(), *tox_ini()["testenv:types"]["commands"].splitlines()]
    assert entries == {
        "ruff-check": "ruff check --force-exclude",  # leaves out what the project leaves out, though it is named
        "ruff-format": "ruff format --force-exclude",
        "mypy": "mypy",
        "cassette-scan": "python -m tests.repository.cassette_scan",
    }
    assert {"ruff check", "ruff format --check", "mypy {posargs}"} <= set(in_tox)
    assert {"pre-commit", "ruff", "mypy"} <= set(pinned("project"))


# What other repositories take from this one ---------------------------------------------------------------------------


def action() -> dict[str, Any]:
    """The action that other repositories use."""
    return dict(yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8")))


def test_the_action_installs_itself_and_runs_the_command_with_options_that_it_has() -> None:
    install, check = (step["run"] for step in action()["runs"]["steps"])
    assert install.split()[:4] == ["python", "-m", "pip", "install"]
    extra = re.search(r"\$ACTION\[(\w+)\]", install)
    assert extra
    assert extra[1] in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    typed = check.splitlines()[-1].partition(" > ")[0].replace('"${words[@]}"', "")
    for chosen, command in itertools.product(WRITERS, ("check", "merge 1.json")):
        look_up(shlex.split(typed.replace('"$COMMAND"', command).replace("$OUTPUT_FORMAT", chosen)))
    assert action()["inputs"]["command"]["default"] == "check"
    assert action()["inputs"]["output-format"]["default"] in WRITERS
    used = {name for step in action()["runs"]["steps"] for name in re.findall(r"inputs\.([\w-]+)", str(step))}
    assert used == set(action()["inputs"])
    assert "${{" not in install + check, "what is given is no code"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", []),
        (" \n", []),
        ("""app.py:f --event '{"a": "b c"}'\n--pairs""", ["app.py:f", "--event", '{"a": "b c"}', "--pairs"]),
    ],
)
def test_the_action_takes_arguments_apart_as_a_shell_does(tmp_path: Path, given: str, words: list[str]) -> None:
    """A stand-in for the command writes down what it is given."""
    stand_in = tmp_path / "durable-ai"
    stand_in.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\nsys.exit(1)\n")
    stand_in.chmod(0o700)
    script = action()["runs"]["steps"][-1]["run"]
    folders = os.pathsep.join([str(tmp_path), str(Path(sys.executable).parent), os.environ["PATH"]])
    of_the_action = {"COMMAND": "check", "ARGS": given, "OUTPUT_FORMAT": "sarif", "OUTPUT_FILE": "a.sarif"}
    environment = os.environ | {"PATH": folders} | of_the_action
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]  # as GitHub runs it
    ended = subprocess.run(command, cwd=tmp_path, env=environment, check=False)
    assert ended.returncode == 1, "that of the command"
    assert json.loads((tmp_path / "a.sarif").read_text()) == ["check", "--output-format", "sarif", *words]


def test_the_hook_for_others_runs_the_command_with_what_it_needs() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    look_up(shlex.split(hook["entry"]))
    assert (hook["language"], hook["pass_filenames"]) == ("python", False)
    assert hook["additional_dependencies"] == [".[conformance]"]


def test_lint_reads_what_others_take() -> None:
    commands = tox_ini()["testenv:lint"]["commands"]
    assert "vendor.github-actions action.yml" in commands
    assert "pre-commit validate-manifest" in commands
