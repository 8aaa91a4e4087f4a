"""Where the documents point to: links, and what stands in backticks as a file, a folder or a module of ours does."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path

from tests.repository.files import ROOT, files_of


@functools.cache
def repository() -> frozenset[str]:
    """Every file of the repository, and every folder that holds one."""
    files = [path.relative_to(ROOT) for path in files_of(ROOT)]
    return frozenset(path.as_posix() for file in files for path in (file, *file.parents))


def broken_links(document: str, text: str) -> list[str]:
    """The links of a document that lead nowhere within the repository."""
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"^\[[^]]+\]:\s*(\S+)", text, re.MULTILINE)
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    return [target for target in local if not _leads_somewhere(document, text, target)]


def _leads_somewhere(document: str, text: str, target: str) -> bool:
    name, _, anchor = target.partition("#")
    path = (ROOT / document).parent / name if name else ROOT / document
    if not path.exists() or path.resolve().relative_to(ROOT.resolve()).as_posix() not in repository():
        return False
    return not anchor or anchor in _anchors(path.read_text(encoding="utf-8") if name else text)


def _anchors(text: str) -> set[str]:
    """The headings of a document as GitHub links to them."""
    headings = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return {re.sub(r" ", "-", re.sub(r"[^\w\- ]", "", heading.lower())) for heading in headings}


def missing_references(document: str, text: str) -> list[str]:
    """What stands in backticks as a file, a folder or a module of ours does, and is none."""
    quoted = set(re.findall(r"(?<!`)`([\w./<>-]+)`(?!`)", text))
    return sorted(one for one in quoted if not (_is_file(document, one) and _is_module(one)))


def _is_file(document: str, one: str) -> bool:
    known, suffixes = repository(), {Path(name).suffix for name in repository()} - {""}
    folder, name = one.rstrip("/").rpartition("/")[::2]
    if not folder and Path(name).suffix not in suffixes and not one.endswith("/"):
        return True  # a word
    if folder and one.partition("/")[0] not in known and Path(name).suffix not in suffixes:
        return True  # some other thing with a slash
    pattern = re.sub(r"<\w+>|NAME", "*", one.rstrip("/"))
    here = (Path(document).parent / pattern).as_posix()
    places = (pattern, here) if folder else (pattern, here, f"**/{pattern}")
    return any(
        Path(path).full_match(f"**/{place}" if place.startswith("*/") else place) for path in known for place in places
    )


def _is_module(one: str) -> bool:
    """Whether a dotted name that starts with a package of ours is a module, or stands in one."""
    package, *rest = one.split(".")
    if not rest or package not in {"benchmarks", "durable_conformance", "patterns", "providers", "tests"} or "/" in one:
        return True
    for length in range(len(rest) + 1, 0, -1):
        name = ".".join([package, *rest][:length])
        try:
            found = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            continue
        if found:
            return _has(importlib.import_module(name), rest[length - 1 :]) if length <= len(rest) else True
    return False


def _has(value: object, names: Iterable[str]) -> bool:
    for name in names:
        if not hasattr(value, name):
            return False
        value = getattr(value, name)
    return True
