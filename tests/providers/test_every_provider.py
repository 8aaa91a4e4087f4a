"""What holds for each provider: it keeps the contract, and is registered, so that it can be chosen."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from providers.selection import provider_names

TESTS = Path(__file__).parent
PROVIDERS = TESTS.parents[1] / "providers"


def classes(path: Path) -> dict[str, list[str]]:
    """The names of a module's classes, each with its bases."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name: [ast.unparse(base) for base in node.bases] for node in tree.body if isinstance(node, ast.ClassDef)
    }


def written() -> list[str]:
    """The rooms and modules of `providers` that hold a provider: `scripted` holds a `ScriptedProvider`."""
    found = {(path.relative_to(PROVIDERS).parts[0].removesuffix(".py"), path) for path in PROVIDERS.rglob("*.py")}
    wanted = {(name, f"{name.title().replace('_', '')}Provider", path) for name, path in found}
    return sorted(name for name, class_, path in wanted if "Protocol" not in classes(path).get(class_, ["Protocol"]))


def test_there_are_providers() -> None:
    assert {"bedrock", "cassette", "scripted"} <= set(written())


@pytest.mark.parametrize("name", written())
def test_a_provider_keeps_the_contract(name: str) -> None:
    tested = [bases for path in (TESTS / name).glob("test_*.py") for bases in classes(path).values()]
    assert ["ProviderContract"] in tested, f"no class in tests/providers/{name} inherits ProviderContract"


@pytest.mark.parametrize("name", written())
def test_a_provider_is_registered(name: str) -> None:
    assert name in provider_names()
