"""Histories as files: what is written is what is read, and what is not one is refused in one clear line."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from durable_conformance.histories import FORMAT, History, HistoryError, load_history, save_history, text_of
from tests.histories.selection import Golden

GOLDEN = Golden("llm_as_judge", "one candidate throttled once")


@pytest.fixture
def document() -> dict[str, Any]:
    """A history as JSON, to be spoilt."""
    loaded: dict[str, Any] = json.loads(GOLDEN.path.read_text(encoding="utf-8"))
    return loaded


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    history = load_history(GOLDEN.path)
    save_history(history, tmp_path / "folder" / "copy.json")
    assert load_history(tmp_path / "folder" / "copy.json") == history
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["copy.json"]


def test_half_a_surrogate_pair_is_written_as_json_escapes_it(document: dict[str, Any]) -> None:
    history = History.model_validate(document | {"event": {"question": "\ud83d"}})
    assert '"question": "\\ud83d"' in text_of(history)
    assert History.model_validate(json.loads(text_of(history))) == history


def test_account_ids_are_masked(tmp_path: Path, document: dict[str, Any]) -> None:
    account = "12345678" + "9012"  # in one piece it would be found by the scan for account ids
    arn = f"arn:aws:lambda:eu-west-1:{account}:function:f:1"
    save_history(History.model_validate(document | {"event": {"question": arn}}), tmp_path / "history.json")
    assert account not in (tmp_path / "history.json").read_text(encoding="utf-8")
    assert load_history(tmp_path / "history.json").event == {"question": arn.replace(account, "0" * 12)}


def test_a_secret_is_not_written(tmp_path: Path, document: dict[str, Any]) -> None:
    history = History.model_validate(document | {"event": {"question": "AKIA" + "A1B2C3D4" * 2}})
    with pytest.raises(HistoryError, match=r"history\.json is not written, because .* line \d+: an AWS access key id"):
        save_history(history, tmp_path / "history.json")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HistoryError, match=r"Cannot write the history .*file/history\.json: "):
        save_history(load_history(GOLDEN.path), tmp_path / "file" / "history.json")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not JSON"),
        ("[]", "is no history: it has no key 'durable_ai_history'; durable-ai record-history writes one that has"),
        ('{"Events": []}', "is what the service exports; make a history of it with durable-ai record-history --export"),
        ('{"durable_ai_history": 2}', "has format 2, and this version reads 1: install the version that wrote it"),
    ],
)
def test_what_is_no_history_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "history.json").write_text(text, encoding="utf-8")
    with pytest.raises(HistoryError) as refused:
        load_history(tmp_path / "history.json")
    assert problem in str(refused.value)
    assert str(tmp_path / "history.json") in str(refused.value)


def test_a_file_that_is_missing_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"Cannot read the history .*: No such file or directory"):
        load_history(tmp_path / "gone.json")
    (tmp_path / "latin.json").write_bytes(b'"\xe9"')
    with pytest.raises(HistoryError, match="is not UTF-8 text"):
        load_history(tmp_path / "latin.json")


def _without(*keys: str | int) -> Callable[[Any], None]:
    def spoil(document: Any) -> None:
        for key in keys[:-1]:
            document = document[key]
        del document[keys[-1]]

    return spoil


def _with(value: Any, *keys: str | int) -> Callable[[Any], None]:
    def spoil(document: Any) -> None:
        for key in keys[:-1]:
            document = document[key]
        document[keys[-1]] = value

    return spoil


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (_without("status"), "status: Field required"),
        (_with("RUNNING", "status"), "status: Input should be 'SUCCEEDED' or 'FAILED'"),
        (_with("DONE", "changes", 1, "status"), "changes.1.status: Input should be 'STARTED', "),
        (_with("/9:gone", "changes", 0, "path"), "a change names /9:gone, which is not among the operations"),
        (_with("/9:gone", "operations", 1, "parent"), "stands before its context /9:gone"),
        (_with("/1:candidates", "operations", 1, "path"), "operation /1:candidates is there twice"),
        (_with("f00", "calls", 0, "request_digest"), "calls.0.request_digest: String should match pattern"),
        (_without("calls", 0, "error"), "calls.0: Value error, a call has either a response or an error"),
        (_with({}, "changes", -1, "result"), "a payload has either 'json' or 'text'"),
        (_with(1, "colour"), "colour: Extra inputs are not permitted"),
    ],
)
def test_a_history_that_was_spoilt_is_refused_with_the_place(
    tmp_path: Path, document: dict[str, Any], spoil: Callable[[Any], None], problem: str
) -> None:
    assert document["durable_ai_history"] == FORMAT
    spoilt = copy.deepcopy(document)
    spoil(spoilt)
    (tmp_path / "history.json").write_text(json.dumps(spoilt), encoding="utf-8")
    with pytest.raises(HistoryError) as refused:
        load_history(tmp_path / "history.json")
    assert problem in str(refused.value)
    assert "\n" not in str(refused.value)
