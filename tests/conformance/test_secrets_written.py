"""Every kind of secret, in every form, in every kind of file: none is written.

A report is written all the same, with words in the secret's place.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from durable_conformance.commands import EventsFile, model_of
from durable_conformance.errors import CannotRunError
from durable_conformance.execution import OperationRecord, Status
from durable_conformance.histories import History, HistoryError, load_history, save_history, text_of
from durable_conformance.model import masked, withheld
from durable_conformance.reporting import WRITERS, Checked, Outcome, write_html
from durable_conformance.rules import MadeUp, Severity
from providers.cassette import CassetteError, read_cassette, write_cassette
from providers.scrub import findings
from tests.conformance.made_up_reports import wordy
from tests.histories.selection import Golden
from tests.patterns.snapshots import ScannedSnapshots
from tests.providers.test_scrub import FORMS, KINDS
from tests.repository.files import ROOT

CASSETTE = ROOT / "cassettes" / "prompt_chaining" / "default.yaml"
HISTORY = Golden("llm_as_judge", "one candidate throttled once").path
ACCOUNT = "an AWS account id"

each_kind = pytest.mark.parametrize("secret", KINDS, ids=KINDS.values())
each_form = pytest.mark.parametrize("form", FORMS)


@each_form
@each_kind
def test_no_cassette_is_written(secret: str, form: str, tmp_path: Path) -> None:
    cassette = read_cassette(CASSETTE)
    body = json.dumps({"output": {"message": {"content": [{"text": FORMS[form](secret)}]}}})
    spoilt = cassette.interactions[0].model_copy(update={"body": body})
    with pytest.raises(CassetteError, match=f"interaction 1: .*{KINDS[secret]}") as refused:
        write_cassette(tmp_path / "x.yaml", cassette.model_copy(update={"interactions": (spoilt,)}))
    assert secret not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@each_form
@each_kind
def test_no_history_is_written_that_holds_it(secret: str, form: str, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    history: History = load_history(HISTORY).model_copy(update={"event": {"question": FORMS[form](secret)}})
    if findings(masked(text_of(history))):
        with pytest.raises(HistoryError, match=KINDS[secret]) as refused:
            save_history(history, file)
        assert secret not in str(refused.value)
        assert list(tmp_path.iterdir()) == []
    else:
        assert KINDS[secret] == ACCOUNT, "which is masked"
        save_history(history, file)
        assert findings(file.read_text(encoding="utf-8")) == ()


@each_form
@each_kind
def test_no_script_is_followed_that_holds_it(secret: str, form: str, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text(json.dumps({"*": ["fine", {"always": FORMS[form](secret)}]}, indent=1), encoding="utf-8")
    with pytest.raises(CannotRunError, match=rf"x\.json holds secrets: line 5: .*{KINDS[secret]}") as refused:
        model_of(file)
    assert secret not in str(refused.value)


@each_form
@each_kind
def test_no_file_of_events_is_used_or_added_to_that_would_hold_it(secret: str, form: str, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    event = {"question": FORMS[form](secret)}
    left_out = EventsFile(file, (MadeUp({"question": "mine"}),)).write([MadeUp(event), MadeUp({"question": "fine"})])
    assert json.loads(file.read_text(encoding="utf-8")) == [{"question": "mine"}, {"question": "fine"}]
    assert len(left_out) == 1
    assert KINDS[secret] in left_out[0]
    assert secret not in left_out[0]

    file.write_text(json.dumps([{"question": "fine"}, event], indent=1), encoding="utf-8")
    with pytest.raises(CannotRunError, match=rf"x\.json .*holds secrets: line 6: .*{KINDS[secret]}") as refused:
        EventsFile.read(file)
    assert secret not in str(refused.value)


@each_form
@each_kind
def test_no_snapshot_is_written(secret: str, form: str) -> None:
    extension = ScannedSnapshots()
    assert "fine" in extension.serialize({"said": "fine"})
    with pytest.raises(AssertionError, match=KINDS[secret]):
        extension.serialize({"said": FORMS[form](secret)})


@each_kind
def test_every_report_says_that_it_was_withheld(secret: str, tmp_path: Path) -> None:
    explored = [wordy(f"before {form(secret)} after") for form in FORMS.values()]
    write_html(tmp_path / "report.html", "title", explored)
    outcome = Outcome(tuple(Checked(one.name, "app.py", Severity.ERROR, one.report) for one in explored))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for text in (page, *(write(outcome) for write in WRITERS.values())):
        assert findings(text) == ()
        assert secret not in text
        assert "before" in text
        assert "withheld" in text


@each_form
@each_kind
def test_what_is_withheld_is_the_secret_and_what_holds_it_and_nothing_else(secret: str, form: str) -> None:
    text = withheld(f"100% of ü & \\u00fc\n{FORMS[form](secret)}\nafter")
    assert findings(text) == ()
    assert text.startswith("100% of ü & \\u00fc\n")
    assert text.endswith("\nafter")
    said = FORMS[form]("nothing secret")
    if "base64" not in form and form != "gzip" and KINDS[secret] != ACCOUNT:
        before, _, after = text.split("\n")[1].partition(f"[withheld: {KINDS[secret]}]")
        assert said.startswith(before.removesuffix("\\"))
        assert len(after) <= len(said)


def test_a_private_key_is_withheld_to_its_end() -> None:
    body = base64.b64encode(bytes(range(96))).decode()
    key = "\n".join(["-----BEGIN " + "PRIVATE KEY-----", body, body, "-----END " + "PRIVATE KEY-----"])
    assert withheld(f"a\n{key}\nb") == "a\n[withheld: a private key]\nb"
    assert withheld(json.dumps({"key": key, "b": 1})) == '{"key": "[withheld: a private key]", "b": 1}'


def test_a_tree_without_secrets_is_itself_and_one_with_keeps_its_types() -> None:
    fine = wordy("fine")
    assert withheld(fine) is fine
    secret = next(iter(KINDS))
    record = OperationRecord(f"/1:{secret}", "STEP", None, Status.SUCCEEDED, result=secret)
    said = "[withheld: a GitHub token]"
    shown = withheld({"records": (record, [frozenset({secret})], 1, None)})["records"]
    assert shown == (
        OperationRecord(f"/1:{said}", "STEP", None, "SUCCEEDED", result=said),
        [frozenset({said})],
        1,
        None,
    )
    assert isinstance(shown[0].status, Status)


def test_no_package_of_a_user_stands_in_for_the_scan(tmp_path: Path) -> None:
    (tmp_path / "providers").mkdir()
    (tmp_path / "providers" / "__init__.py").write_text("raise ValueError")
    secret = next(iter(KINDS))
    code = f"from durable_conformance.model import withheld\nprint(withheld('{secret[:4]}' '{secret[4:]}'))"
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, env=environment
    )
    assert ran.stdout == "[withheld: a GitHub token]\n"
