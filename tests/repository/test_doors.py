"""Rooms have doors: who is outside imports from a room's package, and not from a module in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository.files import ROOT, files_of

PACKAGES = ("durable_conformance", "providers")


def rooms() -> list[str]:
    """Every package in the engine and the model layer, such as `durable_conformance.rules`."""
    doors = (door for package in PACKAGES for door in (ROOT / package).rglob("*/__init__.py"))
    return sorted(".".join(door.parent.relative_to(ROOT).parts) for door in doors)


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def test_there_are_rooms() -> None:
    assert {"durable_conformance.rules", "durable_conformance.reporting.html", "providers.bedrock"} <= set(rooms())


@pytest.mark.parametrize("room", rooms())
def test_who_is_outside_a_room_goes_through_its_door(room: str) -> None:
    inside = ROOT.joinpath(*room.split("."))
    past_it = [
        (path.relative_to(ROOT).as_posix(), module)
        for path in files_of(ROOT)
        if path.suffix == ".py" and inside not in path.parents
        for module in imported(path)
        if module.startswith(f"{room}.") and module not in rooms()
    ]
    assert past_it == []


@pytest.mark.parametrize("room", rooms())
def test_a_door_names_what_it_hands_on(room: str) -> None:
    door = ast.parse(ROOT.joinpath(*room.split("."), "__init__.py").read_text(encoding="utf-8"))
    names = [
        alias.asname or alias.name for node in door.body if isinstance(node, ast.ImportFrom) for alias in node.names
    ]
    (all_,) = (node.value for node in door.body if isinstance(node, ast.Assign))
    assert sorted(ast.literal_eval(all_)) == sorted(names)
    assert ast.get_docstring(door)
