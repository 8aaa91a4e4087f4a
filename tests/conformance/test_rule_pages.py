"""Each rule has a page, whose broken handler breaks that rule, and whose mended one conforms."""

from __future__ import annotations

from pathlib import Path

import pytest

from durable_conformance import Report, Scenario, explore
from durable_conformance.rules import NAMES
from durable_conformance.subject import OK, Always, Reference
from tests.repository.documents import blocks, text_of

PAGES = Path(__file__).parents[2] / "docs" / "rules"
SECTIONS = ("## Why it breaks", "## Broken", "## Mended", "## In production")


def explored(folder: Path, name: str, code: str) -> Report:
    file = folder / f"{name}.py"
    file.write_text(code)
    handler = Reference(f"{file}:handler")
    return explore(handler, Scenario({"order": "7"}, ask=Always(OK)), elsewhere=handler)


def test_each_rule_has_a_page_and_each_page_a_rule() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == set(NAMES)
    index = text_of("docs/check.md")
    assert [name for name in NAMES if f"(rules/{name}.md)" not in index] == []


@pytest.mark.xdist_group("fresh-interpreters")
@pytest.mark.parametrize("rule", NAMES)
def test_the_broken_handler_of_a_page_breaks_its_rule_and_the_mended_one_none(rule: str, tmp_path: Path) -> None:
    text = text_of(f"docs/rules/{rule}.md")
    assert text.startswith(f"# {rule}\n")
    assert [section for section in SECTIONS if section not in text] == []
    broken, mended = blocks(text, "python")
    report = explored(tmp_path, f"broken_{rule.replace('-', '_')}", broken)
    assert report.could_not_run == ()
    assert rule in {one.rule for one in report.errors}, report.findings
    report = explored(tmp_path, f"mended_{rule.replace('-', '_')}", mended)
    assert (report.errors, report.could_not_run) == ((), ())
