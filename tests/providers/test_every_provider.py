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
    return sorted(
        {name for name, path in found for class_, bases in classes(path).items() if is_of(name, class_, bases)}
    )


def is_of(name: str, class_: str, bases: list[str]) -> bool:
    """Whether a class is the provider `name`, in whatever capitals: `openai` is an `OpenAIProvider`."""
    return class_.lower() == f"{name.replace('_', '')}provider" and "Protocol" not in bases


def test_there_are_providers() -> None:
    assert {"bedrock", "cassette", "openai", "scripted"} <= set(written())


@pytest.mark.parametrize("name", written())
def test_a_provider_keeps_the_contract(name: str) -> None:
    tested = [bases for path in (TESTS / name).glob("test_*.py") for bases in classes(path).values()]
    assert ["ProviderContract"] in tested, f"no class in tests/providers/{name} inherits ProviderContract"


@pytest.mark.parametrize("name", written())
def test_a_provider_is_registered(name: str) -> None:
    assert name in provider_names()


def test_a_provider_that_is_registered_is_found_here() -> None:
    """Else it would keep no contract, and no test would say so."""
    assert set(provider_names()) == set(written())
