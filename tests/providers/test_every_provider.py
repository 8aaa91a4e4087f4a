"""What holds for each provider: it keeps the contract, and the environment and the command line can choose it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from durable_conformance.commands.model_choice import ProviderName
from providers.selection import ProviderSelectionError, provider_from_environment

TESTS = Path(__file__).parent
MODULES = sorted((TESTS.parents[1] / "providers").glob("*.py"))


def classes(path: Path) -> dict[str, list[str]]:
    """The names of a module's classes, each with its bases."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name: [ast.unparse(base) for base in node.bases] for node in tree.body if isinstance(node, ast.ClassDef)
    }


def provider_names() -> list[str]:
    """The modules of `providers` that hold a provider: `scripted` holds a `ScriptedProvider`."""
    found = {path.stem: classes(path).get(f"{path.stem.title().replace('_', '')}Provider") for path in MODULES}
    return sorted(name for name, bases in found.items() if bases is not None and "Protocol" not in bases)


def test_there_are_providers() -> None:
    assert {"bedrock", "cassette", "scripted"} <= set(provider_names())


@pytest.mark.parametrize("name", provider_names())
def test_a_provider_keeps_the_contract(name: str) -> None:
    tested = [bases for path in TESTS.glob(f"test_{name}*.py") for bases in classes(path).values()]
    assert ["ProviderContract"] in tested, f"no class in tests/providers/test_{name}*.py inherits ProviderContract"


@pytest.mark.parametrize("name", provider_names())
def test_a_provider_can_be_chosen_by_the_environment(name: str) -> None:
    try:
        provider_from_environment({"MODEL_PROVIDER": name})
    except ProviderSelectionError as error:  # it needs more than its name
        assert "is unknown" not in str(error)  # noqa: PT017  # what it needs, it may say


@pytest.mark.parametrize("name", provider_names())
def test_a_provider_can_be_chosen_on_the_command_line(name: str) -> None:
    assert name in list(ProviderName)
