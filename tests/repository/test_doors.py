"""Rooms have doors: who is outside imports from a room's package, and not from a module in it."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.repository.files import ROOT, files_of

PACKAGES = ("durable_conformance", "providers")


def rooms() -> list[str]:
    """Every package in the engine and the model layer, such as `durable_conformance.rules`."""
    doors = (door for package in PACKAGES for door in (ROOT / package).rglob("*/__init__.py"))
    return sorted(".".join(door.parent.relative_to(ROOT).parts) for door in doors)


@cache
def code() -> dict[Path, str]:
    """Every Python file of the repository, and its text."""
    return {path: path.read_text(encoding="utf-8") for path in files_of(ROOT) if path.suffix == ".py"}


@cache
def imports() -> dict[Path, set[str]]:
    """The modules that each imports, wherever in it."""
    return {path: set(imported(text)) for path, text in code().items()}


def imported(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
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
        for path, modules in imports().items()
        if inside not in path.parents
        for module in modules
        if module.startswith(f"{room}.") and module not in rooms()
    ]
    assert past_it == []


def door_of(room: str) -> ast.Module:
    return ast.parse(ROOT.joinpath(*room.split("."), "__init__.py").read_text(encoding="utf-8"))


def handed_on(door: ast.Module) -> list[ast.alias]:
    """What it imports, at once or, of a lazy door, when it is asked for."""
    at_once = [node for node in door.body if isinstance(node, ast.ImportFrom)]
    return [alias for node in later(door) or at_once for alias in node.names]


def later(door: ast.Module) -> list[ast.ImportFrom]:
    """The imports under `if TYPE_CHECKING`."""
    blocks = [node.body for node in door.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    return [node for body in blocks for node in body if isinstance(node, ast.ImportFrom)]


def used_outside(room: str) -> set[str]:
    """The names that others take from a room, in code or in a text that is run as code."""
    parent, _, own = room.rpartition(".")
    taken = re.compile(rf"from {re.escape(room)} import (\([^)]*\)|.*)")
    whole = re.compile(rf"from {re.escape(parent)} import (?:\([^)]*|.*)\b{own}\b")
    found: set[str] = set()
    for path, text in code().items():
        if ROOT.joinpath(*room.split(".")) not in path.parents:
            found.update(word for match in taken.finditer(text) for word in re.findall(r"\w+", match[1]))
            found.update(re.findall(rf"\b{own}\.(\w+)", text) if whole.search(text) else ())
    return found


@pytest.mark.parametrize("room", rooms())
def test_a_door_says_what_it_is(room: str) -> None:
    assert ast.get_docstring(door_of(room))


@pytest.mark.parametrize("room", [room for room in rooms() if room.startswith("durable_conformance.")])
def test_a_door_of_the_engine_hands_on_what_others_use_and_nothing_else(room: str) -> None:
    names = handed_on(door_of(room))
    assert [alias.name for alias in names if alias.asname != alias.name] == [], "`A as A` hands on"
    assert {alias.name for alias in names} - used_outside(room) == set()


def test_there_are_lazy_doors() -> None:
    assert later(door_of("durable_conformance.commands"))


@pytest.mark.parametrize("room", ["durable_conformance", *(one for one in rooms() if later(door_of(one)))])
def test_a_lazy_door_finds_what_it_tells_a_type_checker(room: str) -> None:
    door = importlib.import_module(room)
    for node in later(door_of(room)):
        for alias in node.names:
            assert alias.name in door.__all__
            assert getattr(door, alias.name) is getattr(importlib.import_module(node.module or ""), alias.name)
    assert sorted(door.__all__) == sorted(alias.name for node in later(door_of(room)) for alias in node.names)


@pytest.mark.parametrize("room", [room for room in rooms() if room.startswith("providers.")])
def test_a_door_of_the_model_layer_names_what_it_hands_on(room: str) -> None:
    door = door_of(room)
    (all_,) = (node.value for node in door.body if isinstance(node, ast.Assign))
    assert sorted(ast.literal_eval(all_)) == sorted(alias.asname or alias.name for alias in handed_on(door))
