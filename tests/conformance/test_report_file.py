"""Files that a command writes at its end: what happens to them before."""

from __future__ import annotations

from pathlib import Path

import pytest

from durable_conformance.errors import CannotRunError
from durable_conformance.reporting.report_file import make_sure_of


def test_what_can_be_written_stays_as_it_is_until_it_is(tmp_path: Path) -> None:
    """A command that is interrupted leaves no empty file, and nothing of the report before it is lost."""
    new, old = tmp_path / "new.html", tmp_path / "old.html"
    old.write_text("the report before")
    for file in (new, old):
        make_sure_of("--html", file)
    assert not new.exists()
    assert old.read_text() == "the report before"


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotRunError, match=r"--html cannot be written to .*gone/a\.html: No such"):
        make_sure_of("--html", tmp_path / "gone" / "a.html")
