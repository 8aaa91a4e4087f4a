"""Links within the repository resolve, and the files and modules that the documents name are there."""

from __future__ import annotations

import hashlib
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


REGISTRIES = {
    "a4aa2ac280bb8d1a0ce7a1be5a7bfb10292b49fe9435ad5cff19f421f3c70e41",
    "8b5bb5eb9d758455b8635855cf8aaf05b68775e3f83f0291e800ef338fb9783c",
    "8743857e3ea00fd1c64bbc68b8af241954ad2c285e7a60340eec7ea5dcb200db",
    "3ca29e55be4befa48f875d24c27f9bed32fe06588819ed6264084b6670a1ebb0",
}
"""SHA-256 of the hosts of Python's and npm's registries, two of each: this file names none either."""

_HOST = re.compile(r"([\w-]+)\.(?=(org|com))")


def names(text: str, hosts: set[str]) -> bool:
    """Whether a host with one of these digests stands anywhere in `text`, as a part of a longer name, too."""
    found = {(one[1], one[2]) for one in _HOST.finditer(text)}
    ends = {f"{name[first:]}.{top}" for name, top in found for first in range(len(name))}
    return not hosts.isdisjoint(hashlib.sha256(one.encode()).hexdigest() for one in ends)


@pytest.mark.parametrize("before", ["", "https://", "files.", "my", "a_"])
@pytest.mark.parametrize("after", ["", "/simple", ":443", "anisation"])
def test_a_host_is_found_by_its_digest_wherever_it_stands(before: str, after: str) -> None:
    host = {hashlib.sha256(b"some-registry.org").hexdigest()}
    assert names(f"see {before}some-registry.org{after}", host)
    assert not names(f"see {before}some.registry.org{after} some-registry.com", host)


def test_no_file_names_the_host_of_a_registry() -> None:
    """Packages are named; where they come from is the business of whoever installs them."""
    texts = {path: path.read_bytes().decode(errors="replace") for path in files_of(ROOT) if path.is_file()}
    assert [path.relative_to(ROOT).as_posix() for path, text in texts.items() if names(text, REGISTRIES)] == []
