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
from providers.cassette import ENDPOINT, FAULT_STATUS, Interaction, read_cassette, read_provenance
from tests.providers.cassette.recording import isolated_keys, recordings
from tests.providers.contract import question
from tests.repository.cassette_scan import PATTERNS, faults_of, main, scanned, secrets_in
from tests.repository.files import ROOT, files_of
from tests.stand_in import Drop, Fail, Reply, Sequenced, ToolUse

CASSETTES = sorted((ROOT / "cassettes").rglob("*.yaml"))


def replayed_by_vcrpy(path: Path) -> int:
    """Ask with boto3, through vcrpy alone, everything that a cassette holds; returns how much that is."""
    interactions = read_cassette(path).interactions
    recorder = vcr.VCR(record_mode="none", match_on=("method", "path", "body"))
    with recorder.use_cassette(str(path)) as played:
        client = make_client(session=isolated_keys(), endpoint_url=ENDPOINT)
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
    assert len(PATTERNS) >= 7


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
    """A copy of it to spoil, in a repository of its own."""
    path = tmp_path / "cassettes" / "prompt_chaining" / "sample.yaml"
    path.parent.mkdir(parents=True)
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
    assert re.match(rf"{re.escape(str(copy))}, line \d+: ", found)
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


def test_a_recording_passes_the_scan(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(copy)], root=copy.parents[2]) == 0
    assert capsys.readouterr().out == ""


def test_the_scan_names_what_is_wrong_in_files_that_are_named_and_in_all(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, planted = copy.parents[2], "AKIA" + "ABCDEFGH" * 2
    (root / "notes.md").write_text(f"My key: {planted}\n")
    spoil(copy, "      Content-Type:", "      Authorization:\n      - x\n      Content-Type:")
    header = f"{copy}, interaction 1: header Authorization"
    assert main([str(copy)], root=root) == 1
    assert capsys.readouterr().out.splitlines() == [header]
    assert main([], root=root) == 1
    everything = capsys.readouterr().out
    assert everything.splitlines() == [header, f"{root / 'notes.md'}, line 1: an AWS access key id"]
    assert planted not in everything


def test_a_cassette_anywhere_in_the_folder_is_scanned_as_one(copy: Path) -> None:
    root = copy.parents[2]
    astray = copy.rename(root / "cassettes" / "sample.yml")
    assert scanned(astray, root) == [f"{astray}: no pattern is called cassettes"]
    assert scanned(astray.rename(root / "sample.yml"), root) == []


def test_a_file_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path / "none.yaml")], root=tmp_path)
    assert "no such file" in capsys.readouterr().err


def test_a_cassette_in_a_folder_that_no_pattern_has_is_found(copy: Path) -> None:
    moved = copy.parent.with_name("no_such_pattern")
    copy.parent.rename(moved)
    assert faults_of(moved / copy.name) == [f"{moved / copy.name}: no pattern is called no_such_pattern"]


def test_a_cassette_that_only_our_reader_understands_is_found(copy: Path) -> None:
    spoil(copy, "%3A", ":")
    assert read_cassette(copy)
    with pytest.raises(AssertionError, match="ThrottlingException"):
        replayed_by_vcrpy(copy)
