"""What `sam build` makes of the template: what is deployed and nothing else, for the machine that runs it."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.template.code import makefile_variable, pattern_names
from tests.template.deployment import ROOT, Deployment, template
from tests.template.tool import run

pytestmark = pytest.mark.xdist_group("artifact")  # one worker builds, once

STRANDS = "durable_strands_agent"
FUNCTIONS = {function.pattern: function for function in Deployment(template()).functions}
LARGEST = 250 * 1024 * 1024
"""Bytes, unzipped: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

AARCH64 = 0xB7
"""In an ELF file's header: https://www.sco.com/developers/gabi/latest/ch4.eheader.html"""

each_function = pytest.mark.parametrize("pattern", pattern_names())


@pytest.fixture(scope="module")
def built() -> Path:
    """The folder that `sam build` makes, with one folder for each function."""
    if "SAM_BUILD" not in os.environ:
        pytest.fail("SAM_BUILD names no folder to build in: `tox -e template` does.")
    folder = Path(os.environ["SAM_BUILD"])
    run("SAM", "build", "--build-dir", str(folder), "--region", "us-east-1")
    return folder


def artifact(built: Path, pattern: str) -> Path:
    return built / FUNCTIONS[pattern].logical_id


def requirements(pattern: str) -> dict[str, str]:
    """Version by project name, as pinned for a function."""
    name = "runtime-strands" if pattern == STRANDS else "runtime-core"
    return pins(name)


def pins(name: str) -> dict[str, str]:
    text = (ROOT / "constraints" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE))


def files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.relative_to(folder).as_posix()


def installed(folder: Path) -> dict[str, str]:
    """Version by normalised name of the distributions in a folder."""
    names = (path.name.removesuffix(".dist-info").rpartition("-") for path in folder.glob("*.dist-info"))
    return {name.lower().replace("_", "-").replace(".", "-"): version for name, _, version in names}


def recorded(folder: Path) -> set[str]:
    """The files that the distributions in a folder say they have, but for programs: those are not deployed."""
    return {
        row[0]
        for record in folder.glob("*.dist-info/RECORD")
        for row in csv.reader(record.read_text().splitlines())
        if not row[0].startswith(("../", "bin/"))
    } | {f"{folder_.name}/REQUESTED" for folder_ in folder.glob("*.dist-info")}


@each_function
def test_a_function_holds_its_requirements_and_the_two_packages_and_nothing_else(built: Path, pattern: str) -> None:
    folder = artifact(built, pattern)
    packages = (ROOT / "patterns", ROOT / "providers")
    sources = {path.relative_to(ROOT).as_posix() for package in packages for path in package.rglob("*.py")}
    code = {name for name in files(folder) if not name.endswith(".pyc")}

    assert installed(folder) == requirements(pattern)
    assert code - recorded(folder) == sources
    assert len(sources) > 30
    assert not {path.name for path in folder.iterdir()} & {"bin", "cassettes", "durable_conformance", "tests"}
    assert (folder / "strands").exists() == (pattern == STRANDS)


@pytest.mark.parametrize("name", ["runtime-core", "runtime-strands"])
def test_what_is_deployed_is_what_is_tested(name: str) -> None:
    deployed, tested = pins(name), pins("project")
    assert deployed == {project: tested[project] for project in deployed}
    assert {"aws-durable-execution-sdk-python", "boto3", "pydantic"} <= set(deployed)


@each_function
def test_a_function_fits(built: Path, pattern: str) -> None:
    folder = artifact(built, pattern)
    assert sum((folder / name).stat().st_size for name in files(folder)) < LARGEST


def test_functions_that_need_the_same_are_the_same_so_that_they_are_uploaded_once(built: Path) -> None:
    first, *others = (artifact(built, pattern) for pattern in pattern_names() if pattern != STRANDS)
    names = set(files(first))
    assert others
    for other in others:
        assert set(files(other)) == names
        assert [name for name in names if not same(first / name, other / name)] == []


def same(one: Path, other: Path) -> bool:
    """Whether two files hold the same; the Makefile links where it can instead of copying."""
    return one.samefile(other) or one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("pattern", ["human_review", STRANDS])
def test_binaries_are_for_lambdas_processor_and_python(built: Path, pattern: str) -> None:
    binaries = [path for path in artifact(built, pattern).rglob("*.so*") if path.is_file()]
    version = makefile_variable("PYTHON_VERSION").replace(".", "")
    assert binaries
    for binary in binaries:
        assert int.from_bytes(binary.read_bytes()[18:20], "little") == AARCH64, binary
        assert re.search(rf"\.(cpython-{version}-aarch64-linux-gnu|abi3)\.so$", binary.name), binary


@pytest.mark.parametrize("pattern", ["human_review", STRANDS])
def test_byte_code_is_there_is_of_its_source_and_is_never_checked(built: Path, pattern: str) -> None:
    folder = artifact(built, pattern)
    sources = [path for path in folder.rglob("*.py") if path.is_file()]
    assert sources
    for source in sources:
        code = Path(importlib.util.cache_from_source(str(source))).read_bytes()
        assert code[:4] == importlib.util.MAGIC_NUMBER, source
        assert int.from_bytes(code[4:8], "little") == 0b01, f"{source}: hash-based and unchecked (PEP 552)"
        assert code[8:16] == importlib.util.source_hash(source.read_bytes()), source
        assert str(ROOT).encode() not in code, f"{source}: byte code names this machine's folder"


def host_artifact(folder: Path, kind: str) -> Path:
    """The same artifact, for this machine."""
    target = folder / kind
    made = make(kind, f"ARTIFACTS_DIR={target}", f"PLATFORM=manylinux2014_{platform.machine()}")
    assert made.returncode == 0, made.stderr
    return target


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


_START = """
import importlib, json, sys
sys.path.insert(0, ARTIFACT)
handlers = [callable(importlib.import_module(handler.rpartition(".")[0]).handler) for handler in HANDLERS]
from patterns.durable.sns_notifier import make_client as sns
from providers.bedrock import make_client as bedrock
clients = [client.meta.service_model.service_name for client in (bedrock(region_name="eu-west-1"), sns("eu-west-1"))]
import sysconfig
library = sysconfig.get_paths()["stdlib"]
files = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
strangers = [file for file in files if file and not file.startswith((ARTIFACT, library))]
print(json.dumps([handlers, clients, strangers]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the artifact is for Linux")
@pytest.mark.parametrize("kind", ["artifact-core", "artifact-strands"])
def test_every_handler_starts_from_the_artifact_alone(tmp_path: Path, kind: str) -> None:
    handlers = [f.handler for p, f in FUNCTIONS.items() if (p == STRANDS) == (kind == "artifact-strands")]
    folder = host_artifact(tmp_path, kind)
    script = _START.replace("ARTIFACT", repr(str(folder))).replace("HANDLERS", repr(handlers))
    command = [sys.executable, "-I", "-S", "-B", "-c", script]
    ran = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert handlers
    assert json.loads(ran.stdout) == [[True] * len(handlers), ["bedrock-runtime", "sns"], []]


def test_the_makefile_says_what_it_wants(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    nowhere, occupied = make("artifact-core"), make("artifact-core", f"ARTIFACTS_DIR={tmp_path}")
    assert nowhere.returncode == occupied.returncode == 2
    assert "make artifact-core ARTIFACTS_DIR=FOLDER" in nowhere.stderr
    assert f"ARTIFACTS_DIR={tmp_path} is not empty" in occupied.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_module_that_is_gone_is_gone_from_the_next_artifact() -> None:
    """The Makefile looks at folders, too, which change when a file in them is gone."""
    printed = make("--dry-run", "--print-data-base", "artifact-core", "ARTIFACTS_DIR=anywhere").stdout
    prerequisites = next(line for line in printed.splitlines() if re.match(r"build/\S+/artifact-core:", line)).split()
    assert {"patterns", "patterns/durable", "providers"} <= set(prerequisites)
