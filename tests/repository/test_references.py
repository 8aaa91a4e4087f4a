"""Links within the repository resolve, and the files and modules that the documents name are there."""

from __future__ import annotations

import re

import pytest

from tests.repository.documents import DOCUMENTS, text_of
from tests.repository.files import ROOT, files_of
from tests.repository.references import broken_links, missing_references


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_and_references_lead_somewhere(document: str) -> None:
    assert broken_links(document, text_of(document)) == []
    assert missing_references(document, text_of(document)) == []


def test_links_that_lead_nowhere_are_found() -> None:
    text = (
        "# A heading: *so* it is\n[a](README.md#limits) [b](#a-heading-so-it-is) [c](https://example.com/none)\n"
        "[d](none.md) [e](README.md#none) [f](#none) [g](.venv)\n[h]: tests/none\n"
    )
    assert broken_links("CHANGELOG.md", text) == ["none.md", "README.md#none", "#none", ".venv", "tests/none"]


def test_references_to_nothing_are_found() -> None:
    there = "`tests/stand_in` `constraints/` `uv.txt` `default.yaml` `cassettes/<pattern>/default.yaml` `word` `a/b`"
    modules = "`patterns.durable` `durable_conformance.effects.Effect` `tests.wire` `providers.model.ModelRequest.user`"
    none = (
        "`tests/nowhere` `none.py` `cassettes/<pattern>/none.yaml` `nowhere/none.md` `patterns.none` `tests.wire.none`"
    )
    assert missing_references("README.md", f"{there} {modules}") == ["providers.model.ModelRequest.user"]
    assert missing_references("cassettes/README.md", none) == sorted(re.findall("`(.*?)`", none))


def test_every_document_is_looked_at() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "cassettes/README.md"} <= set(DOCUMENTS)


REGISTRIES = [
    ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"))
]


def test_no_file_names_the_host_of_a_registry() -> None:
    """Packages are named; where they come from is the business of whoever installs them."""
    texts = {path: path.read_bytes().decode(errors="replace") for path in files_of(ROOT) if path.is_file()}
    named = [
        (path.relative_to(ROOT).as_posix(), host) for path, text in texts.items() for host in REGISTRIES if host in text
    ]
    assert named == []
