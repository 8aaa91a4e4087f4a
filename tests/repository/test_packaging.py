"""What the distribution holds and what importing from it costs, checked on a wheel built from this tree.

The probes are fresh interpreters that see the wheel and the installed dependencies, never the checkout: a file that the
wheel lacks cannot be found there by accident.
"""

from __future__ import annotations

import configparser
import email
import email.message
import json
import re
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest
from pydantic import JsonValue

from tests.repository.files import ROOT
from tests.repository.tooling import pinned

pytestmark = pytest.mark.xdist_group("packaging")  # one worker builds the wheel, once

PACKAGES = ("durable_conformance", "patterns", "providers")
TEMPLATES = "durable_conformance/reporting/html/templates"
PATTERNS = sorted(path.stem for path in (ROOT / "patterns").glob("*.py") if path.stem != "__init__")
STRANDS_PATTERN = "durable_strands_agent"

# Loaded only once the environment names them.
CHOSEN_LATER = {"patterns.durable.sns_notifier", "providers.bedrock", "providers.cassette", "providers.scripted"}

# Never loaded by a deployed pattern: what tests, cassettes, the engine and the command line need.
DEVELOPMENT_ONLY = {
    "aws_durable_execution_sdk_python_testing",
    "durable_conformance",
    "jinja2",
    "openai",
    "pytest",
    "rich",
    "typer",
    "vcr",
    "yaml",
}

_PROBE = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
sys.path.insert(0, WHEEL)
import importlib, json
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from this tree by the installed build backend: no network, no isolated environment."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


def names(wheel: Path) -> set[str]:
    """The paths inside a wheel, POSIX style."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def text(wheel: Path, suffix: str) -> str:
    """The one file of a wheel whose path ends so."""
    (path,) = (name for name in names(wheel) if name.endswith(suffix))
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(path).decode()


def metadata(wheel: Path) -> email.message.Message:
    """The wheel's core metadata."""
    return email.message_from_string(text(wheel, ".dist-info/METADATA"))


def probe(wheel: Path, folder: Path, code: str, **environment: str) -> JsonValue:
    """What `code` prints as JSON in a fresh interpreter that imports from the wheel and sees only `environment`."""
    script = _PROBE.replace("WHEEL", repr(str(wheel))) + textwrap.dedent(code)
    ran = subprocess.run(
        [sys.executable, "-I", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    printed: JsonValue = json.loads(ran.stdout)
    return printed


def test_the_wheel_holds_the_packages_typed_and_nothing_else(wheel: Path) -> None:
    sources = {path.relative_to(ROOT).as_posix() for name in PACKAGES for path in (ROOT / name).rglob("*.py")}
    markers = {f"{name}/py.typed" for name in PACKAGES}
    templates = {path.relative_to(ROOT).as_posix() for path in (ROOT / TEMPLATES).iterdir()}

    packaged = {name for name in names(wheel) if ".dist-info/" not in name}

    assert packaged == sources | markers | templates
    assert {
        f"{TEMPLATES}/page.html.jinja",
        f"{TEMPLATES}/report.js",
    } <= templates
    assert len(sources) > len(PACKAGES)


def test_the_metadata_says_what_an_installer_needs(wheel: Path) -> None:
    fields = metadata(wheel)
    scripts = configparser.ConfigParser()
    scripts.read_string(text(wheel, ".dist-info/entry_points.txt"))

    required = {re.split(r"[^\w-]", line)[0] for line in fields.get_all("Requires-Dist", []) if "extra ==" not in line}

    assert fields["Name"] == "durable-ai-patterns"
    assert fields["License-Expression"] == "MIT-0"
    assert fields["Requires-Python"] == ">=3.13"
    sdk = "aws-durable-execution-sdk-python"
    assert required == {sdk, f"{sdk}-otel", "boto3", "pydantic"}
    assert {"strands", "cassettes", "conformance", "openai"} <= set(fields.get_all("Provides-Extra", []))
    assert scripts["console_scripts"]["durable-ai"] == "durable_conformance.__main__:main"
    assert "MIT No Attribution" in text(wheel, ".dist-info/licenses/LICENSE")


def test_the_command_can_be_loaded(wheel: Path, tmp_path: Path) -> None:
    code = "print(json.dumps(callable(importlib.import_module('durable_conformance.__main__').main)))"

    assert probe(wheel, tmp_path, code) is True


def test_all_seven_patterns_are_checked_below() -> None:
    assert len(PATTERNS) >= 7
    assert STRANDS_PATTERN in PATTERNS


def loaded_by(wheel: Path, folder: Path, *patterns: str) -> dict[str, list[str]]:
    """By pattern, the names of modules that importing it added, in one fresh interpreter, one after another."""
    code = f"""
    added = {{}}
    for pattern in {patterns!r}:
        before = set(sys.modules)
        module = importlib.import_module("patterns." + pattern)
        assert module.__file__.startswith({str(wheel)!r}), module.__file__
        added[pattern] = sorted(set(sys.modules) - before)
    print(json.dumps(added))
    """
    added = probe(wheel, folder, code)
    assert isinstance(added, dict)
    return {pattern: [str(name) for name in modules] for pattern, modules in added.items() if isinstance(modules, list)}


def unwanted(modules: list[str], distributions: set[str]) -> set[str]:
    """Which of the modules are loaded too early or belong to one of the top-level packages."""
    return {name for name in modules if name in CHOSEN_LATER or name.partition(".")[0] in distributions}


def test_a_pattern_loads_only_what_is_deployed(wheel: Path, tmp_path: Path) -> None:
    plain = [pattern for pattern in PATTERNS if pattern != STRANDS_PATTERN]

    loaded = loaded_by(wheel, tmp_path, *plain)

    assert {pattern: unwanted(modules, DEVELOPMENT_ONLY | {"strands"}) for pattern, modules in loaded.items()} == {
        pattern: set() for pattern in plain
    }


def test_the_strands_pattern_adds_strands_alone(wheel: Path, tmp_path: Path) -> None:
    # Strands brings libraries of its own, so of the development tools only those are named that it does not bring.
    modules = loaded_by(wheel, tmp_path, STRANDS_PATTERN)[STRANDS_PATTERN]

    assert "strands" in modules
    assert not unwanted(modules, {"aws_durable_execution_sdk_python_testing", "durable_conformance", "pytest", "vcr"})


def test_importing_patterns_chooses_no_provider_and_makes_no_client(wheel: Path, tmp_path: Path) -> None:
    code = f"""
    for pattern in {PATTERNS!r}:
        importlib.import_module("patterns." + pattern)
    from providers.selection import selected_provider
    clients = [path for path in opened if "service-2.json" in path]
    print(json.dumps({{"choices": selected_provider.cache_info().misses, "clients": clients}}))
    """

    assert probe(wheel, tmp_path, code, MODEL_PROVIDER="none-such") == {"choices": 0, "clients": []}


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "constraints").glob("*.txt")))
def test_constraints_hold_names_versions_and_hashes_only(name: str) -> None:
    lines = (ROOT / "constraints" / f"{name}.txt").read_text().splitlines()

    pins = [line for line in lines if re.fullmatch(r"[\w.-]+==[\w.+!]+( ; [^/@]+)?( \\)?", line)]
    hashes = [line for line in lines if re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line)]
    comments = [line for line in lines if line.startswith("#") and "/" not in line]

    assert pins
    assert set(lines) == {*pins, *hashes, *comments}
    assert bool(hashes) == (name != "tox")  # `uvx` verifies no hashes: there they would promise what nobody checks


def test_everything_that_the_project_names_is_pinned(wheel: Path) -> None:
    requirements = {re.split(r"[^\w-]", line)[0] for line in metadata(wheel).get_all("Requires-Dist", [])}
    tools = {"hatchling", "hypothesis", "import-linter", "mypy", "pytest", "pytest-xdist", "ruff", "syrupy", "zizmor"}

    assert (requirements | tools) - {"durable-ai-patterns"} <= set(pinned("project"))
    assert {"tox", "tox-uv", "uv"} <= set(pinned("tox"))
    assert pinned("uv")["uv"] == pinned("tox")["uv"]


def test_what_npm_installs_is_pinned_by_version_and_hash_and_says_nothing_of_where_from() -> None:
    folder = ROOT / "tests" / "second_service"
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    text = (folder / "package-lock.json").read_text()
    packages = {name: one for name, one in json.loads(text)["packages"].items() if name}

    assert {packages[f"node_modules/{name}"]["version"] for name in wanted} == set(wanted.values())
    assert all(one["integrity"].startswith("sha512-") and "resolved" not in one for one in packages.values())
    assert "://" not in text


def test_ci_types_what_the_readme_says() -> None:
    typed = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line.startswith("uvx ")]
    readme = [line.strip() for line in (ROOT / "README.md").read_text().splitlines()]

    assert typed[0].endswith(" tox")  # the test command, with nothing before it that could do its work
    assert set(typed) <= set(readme)
