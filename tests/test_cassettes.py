"""What holds for the whole repository: nothing secret in any file, every cassette as cassettes/README.md says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import vcr  # type: ignore[import-untyped]  # it has no types
from botocore.exceptions import ClientError

from providers import ModelThrottledError, ToolSpec
from providers.bedrock import make_client
from providers.cassette_file import ENDPOINT, FAULT_STATUS, CassetteError, Interaction, read_cassette, read_provenance
from providers.cassette_scrub import NO_ACCOUNT, REQUEST_HEADERS, RESPONSE_HEADERS, Finding, findings
from tests.providers.contract import question
from tests.providers.recording import keys, recordings
from tests.stand_in import Drop, Fail, Reply, Sequenced, ToolUse

ROOT = Path(__file__).parent.parent
PATTERNS = sorted(path.stem for path in (ROOT / "patterns").glob("*.py") if path.stem != "__init__")
CASSETTES = sorted((ROOT / "cassettes").rglob("*.yaml"))

_TWELVE_DIGITS = re.compile(rf"(?<![\w.])(?!{NO_ACCOUNT})\d{{12}}(?!\w)")
_NOT_OURS = {
    "__pycache__",
    "build",
    ".aws-sam",
    ".git",
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".tox",
    ".venv",
}


def files_of(root: Path) -> list[Path]:
    """Every file that is in the repository or would be added to it; in a copy without git, every file."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):  # no git, or no checkout
        paths = [path for path in root.rglob("*") if not _NOT_OURS & set(path.relative_to(root).parts)]
        return sorted(path for path in paths if path.is_file())
    return sorted(path for name in ran.stdout.split("\0") if name and (path := root / name).is_file())


def secrets_in(path: Path) -> list[str]:
    """What in a file looks like a credential or an account id, by line."""
    text = path.read_bytes().decode("utf-8", "replace")
    numbered = enumerate(text.splitlines(), start=1)
    digits = [number for number, line in numbered if _TWELVE_DIGITS.search(line)]
    found = [*findings(text), *(Finding(number, "twelve digits, as an account id has") for number in digits)]
    return [f"{path.name}, {finding}" for finding in found]


def faults_of(path: Path) -> list[str]:
    """What is wrong with a cassette, beside its secrets."""
    try:
        cassette, _ = read_cassette(path), read_provenance(path)
    except CassetteError as error:
        return [str(error)]
    wrong = [] if path.parent.name in PATTERNS else [f"{path}: no pattern is called {path.parent.name}"]
    for number, item in enumerate(cassette.interactions, start=1):
        for allowed, given in ((REQUEST_HEADERS, item.request_headers), (RESPONSE_HEADERS, item.headers)):
            wrong += [f"{path}, interaction {number}: header {name}" for name in given if name.lower() not in allowed]
        if not item.uri.startswith(f"{ENDPOINT}/model/"):
            wrong.append(f"{path}, interaction {number}: {item.uri} is no model call to the example endpoint")
    return wrong


def replayed_by_vcrpy(path: Path) -> int:
    """Ask with boto3, through vcrpy alone, everything that a cassette holds; returns how much that is."""
    interactions = read_cassette(path).interactions
    recorder = vcr.VCR(record_mode="none", match_on=("method", "path", "body"))
    with recorder.use_cassette(str(path)) as played:
        client = make_client(session=keys(), endpoint_url=ENDPOINT)
        for item in interactions:
            recorded = json.loads(item.body)
            assert answered(client, item) == (recorded.get("output") or item.headers["x-amzn-errortype"])
        assert played.all_played
    return len(interactions)


def answered(client: Any, item: Interaction) -> Any:
    """What boto3 makes of a recorded request: the output, or the error's code."""
    try:
        response = client.converse(modelId=unquote(item.uri.split("/")[-2]), **json.loads(item.request_body))
    except ClientError as error:
        return [error.response["Error"]["Code"]]
    return response["output"]


@pytest.fixture(params=CASSETTES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def cassette(request: pytest.FixtureRequest) -> Path:
    path = request.param
    assert isinstance(path, Path)
    return path


def test_every_pattern_has_a_cassette_and_says_where_it_comes_from() -> None:
    assert {path.parent.name for path in CASSETTES} == set(PATTERNS)
    assert len(PATTERNS) == 7


def test_no_file_of_the_repository_holds_a_credential_or_an_account_id() -> None:
    files = files_of(ROOT)
    assert Path(__file__) in files, "the scan finds the files"
    assert [secret for path in files for secret in secrets_in(path)] == []


def test_a_cassette_is_as_the_readme_says(cassette: Path) -> None:
    assert faults_of(cassette) == []
    assert read_provenance(cassette).model_ids


def test_vcrpy_replays_a_cassette_without_faults(cassette: Path) -> None:
    if any(item.status == FAULT_STATUS for item in read_cassette(cassette).interactions):
        return  # vcrpy cannot raise an exception
    assert replayed_by_vcrpy(cassette) > 0


# The checks can fail --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cassette with an answer, a tool use, and a failure that passes."""
    path = tmp_path_factory.mktemp("repository") / "cassettes" / "prompt_chaining" / "sample.yaml"
    behaviours = {
        "text": [Reply(text="“A cat.” 🐈")],
        "tool": [Reply(text="I look.", tool_uses=(ToolUse("look", {"where": ["roof", 1.5, None]}),))],
        "failure": [Fail("ThrottlingException"), Reply(text="At last.")],
    }
    with recordings(path) as recording_of:
        model, recorder = recording_of(Sequenced(behaviours, lambda _: Drop()))  # type: ignore[arg-type]  # lists of each
        model.converse(question(label="text", system="Be brief.", temperature=0.5))
        model.converse(question(label="tool", tools=(ToolSpec(name="look", description="Look.", input_schema={}),)))
        with pytest.raises(ModelThrottledError):
            model.converse(question(label="failure"))
        model.converse(question(label="failure"))
        recorder.save()
    return path


@pytest.fixture
def copy(sample: Path, tmp_path: Path) -> Path:
    """A copy of it to spoil, in a folder of the same name."""
    path = tmp_path / "prompt_chaining" / "sample.yaml"
    path.parent.mkdir()
    shutil.copy(sample, path)
    return path


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_recording_passes_every_check(sample: Path) -> None:
    assert secrets_in(sample) == []
    assert faults_of(sample) == []
    assert replayed_by_vcrpy(sample) == 4


@pytest.mark.parametrize(
    "planted",
    [
        "AKIA" + "ABCDEFGH" * 2,
        "wJalrXUtnFEMI" + "/K7MDENG/" + "bPxRfiCYEXAMPLEKEY",
        "IQoJb3JpZ2lu" + "X2Vj" * 20,
        "arn:aws:iam::" + "1234" * 3 + ":role/x",
        "1234" * 3,
    ],
    ids=range(5),
)
def test_a_planted_secret_is_found(copy: Path, planted: str) -> None:
    spoil(copy, "At last.", f"At last {planted}.")
    (found, *_) = secrets_in(copy)
    assert re.match(r"sample\.yaml, line \d+: ", found)
    assert planted not in found


def test_a_planted_file_is_scanned_with_and_without_git(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("folder/new.txt", "ignored.txt", ".tox/x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / ".gitignore").write_text("ignored.txt\n.tox\n")
    names = [path.relative_to(tmp_path).as_posix() for path in files_of(tmp_path)]
    assert names == [".gitignore", "folder/new.txt", "ignored.txt"]
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    names = [path.relative_to(tmp_path).as_posix() for path in files_of(tmp_path)]
    assert names == [".gitignore", "folder/new.txt"]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            "      Content-Type:",
            "      Authorization:\n      - x\n      Content-Type:",
            "interaction 1: header Authorization",
        ),
        (
            "      content-type:",
            "      x-amzn-requestid:\n      - x\n      content-type:",
            "interaction 1: header x-amzn",
        ),
        ("version: 1", "version: 2", "version"),
        ("provenance:", "origin:", "where it was recorded"),
        ("source: stand-in", "source: somewhere", "source"),
        ("https://bedrock-runtime.example.", "https://bedrock-runtime.us-east-1.", "example endpoint"),
        ("/model/", "/elsewhere/", "no model call"),
    ],
)
def test_a_spoilt_cassette_is_found(copy: Path, old: str, new: str, why: str) -> None:
    spoil(copy, old, new)
    (found, *_) = faults_of(copy)
    assert why in found


def test_a_cassette_in_a_folder_that_no_pattern_has_is_found(copy: Path) -> None:
    moved = copy.parent.with_name("no_such_pattern")
    copy.parent.rename(moved)
    assert faults_of(moved / copy.name) == [f"{moved / copy.name}: no pattern is called no_such_pattern"]


def test_a_cassette_that_only_our_reader_understands_is_found(copy: Path) -> None:
    spoil(copy, "%3A", ":")
    assert read_cassette(copy)
    with pytest.raises(AssertionError, match="ThrottlingException"):
        replayed_by_vcrpy(copy)
