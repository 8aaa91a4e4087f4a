"""The rooms of the model layer have doors: who is outside imports from a room, and not from a module in it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cassette_scan import files_of
from tests.tooling import ROOT

ROOMS = sorted(path.parent.name for path in (ROOT / "providers").glob("*/__init__.py"))


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def loaded_by(*modules: str) -> set[str]:
    """The modules that are loaded in a fresh interpreter that imports some."""
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


def test_there_are_rooms() -> None:
    assert ROOMS == ["bedrock", "cassette", "scripted"]


@pytest.mark.parametrize("room", ROOMS)
def test_who_is_outside_a_room_goes_through_its_door(room: str) -> None:
    inside = ROOT / "providers" / room
    past_it = [
        (path.relative_to(ROOT).as_posix(), module)
        for path in files_of(ROOT)
        if path.suffix == ".py" and inside not in path.parents
        for module in imported(path)
        if module.startswith(f"providers.{room}.")
    ]
    assert past_it == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_door_names_what_it_hands_on(room: str) -> None:
    door = ast.parse((ROOT / "providers" / room / "__init__.py").read_text(encoding="utf-8"))
    names = [alias.name for node in door.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    (all_,) = (node.value for node in door.body if isinstance(node, ast.Assign))
    assert sorted(ast.literal_eval(all_)) == sorted(names)


def test_who_does_without_bedrock_and_cassettes_loads_neither_boto3_nor_yaml() -> None:
    """The import of a pattern is paid at every cold start, and `providers.scripted` by every test."""
    neutral = [f"providers.{path.stem}" for path in (ROOT / "providers").glob("*.py") if path.stem != "__init__"]
    loaded = loaded_by("providers", "providers.scripted", *neutral)
    assert {"providers.model", "providers.scripted.script"} <= loaded
    assert not {"boto3", "botocore", "yaml", "aws_durable_execution_sdk_python"} & loaded


def test_what_is_deployed_needs_no_cassettes() -> None:
    assert not {"yaml", "providers.cassette", "providers.scripted"} & loaded_by(
        "providers.bedrock", "providers.selection"
    )
