"""Reports are written whatever a handler's texts hold; and what happens to their files before."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from durable_conformance import CannotRunError, Finding, Report, Severity
from durable_conformance.commands import can_be_written
from durable_conformance.evidence import Explored
from durable_conformance.reporting import Checked, Outcome, as_json, plain, summary, write_html
from durable_conformance.reporting.html import rendered as page
from tests.conformance.made_up_reports import wordy


def test_what_can_be_written_stays_as_it_is_until_it_is(tmp_path: Path) -> None:
    """A command that is interrupted leaves no empty file, and nothing of the report before it is lost."""
    new, old = tmp_path / "new.html", tmp_path / "old.html"
    old.write_text("the report before")
    for file in (new, old):
        can_be_written("--html", file)
    assert not new.exists()
    assert old.read_text() == "the report before"


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotRunError, match=r"--html cannot be written to .*gone/a\.html: No such"):
        can_be_written("--html", tmp_path / "gone" / "a.html")


HALF = "half of \ud83d a pair"


def report(text: str) -> Report:
    found = Finding("budget", f"/1:{text}", text, text, text, text)
    return Report(1, 1, ("budget",), 0.0, (found,), (text,), (text,), text, (text,), (text,))


def test_half_a_surrogate_pair_is_written_in_every_format(tmp_path: Path) -> None:
    written = as_json(Outcome((Checked(HALF, "app.py", Severity.ERROR, report(HALF)),)))
    assert written.encode(), "it can be written to a file"
    assert json.loads(written)["checks"][0]["report"]["findings"][0]["path"] == f"/1:{HALF}"
    write_html(tmp_path / "page.html", HALF, [Explored(HALF, HALF, report(HALF), ())])
    assert "half of \\ud83d a pair" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "half of" in plain(report(HALF))


def test_what_is_left_behind_and_where_something_failed_is_told() -> None:
    told = plain(
        Report(
            0, 0, (), 0.0, (), ("run 1: ValueError: no",), left_behind=("a thread (sleeper), in 3 runs",),
            tracebacks=('  File "mine.py", line 7, in handler\nValueError: no\n',),
        )
    )  # fmt: skip
    assert "could not run: run 1: ValueError: no" in told
    assert "left behind: a thread (sleeper), in 3 runs" in told
    assert 'File "mine.py", line 7' in told


@pytest.mark.parametrize(
    ("report", "says"),
    [
        (Report(4, 9, ("budget",), 1.0, ()), "exhaustive over these points, for this input and these answers"),
        (Report(4, 9, ("budget",), 1.0, (), interrupted=True), "not all was run"),
        (Report(4, 9, ("budget",), 1.0, (), ("a run was lost",)), "not all was run"),
    ],
)
def test_no_report_says_that_it_is_exhaustive_where_something_was_not_run(report: Report, says: str) -> None:
    assert summary(report).endswith(f"; {says}")
    head = page("x", [replace(wordy("x"), report=report)]).partition("</header>")[0]
    assert f'"scope">{says.capitalize()}.' in head


def test_a_warning_does_not_make_a_check_of_what_could_not_be_run() -> None:
    warning = Finding("retry-policy", "/", "", "", "", "", Severity.WARNING)
    told = summary(Report(0, 1, (), 1.0, (warning,), ("the undisturbed execution FAILED",)))
    assert told == "nothing was checked, 1 could not run: 1 run, 1.0 seconds"
