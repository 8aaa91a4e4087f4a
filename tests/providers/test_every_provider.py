"""What holds for each provider: it keeps the contract, and the environment and the command line can choose it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from conformance.model_choice import ProviderName
from providers.selection import ProviderSelectionError, provider_from_environment

TESTS = Path(__file__).parent
PROVIDERS = TESTS.parents[1] / "providers"


def classes(path: Path) -> dict[str, list[str]]:
    """The names of a module's classes, each with its bases."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name: [ast.unparse(base) for base in node.bases] for node in tree.body if isinstance(node, ast.ClassDef)
    }


def provider_names() -> list[str]:
    """The rooms and modules of `providers` that hold a provider: `scripted` holds a `ScriptedProvider`."""
    found = {(path.relative_to(PROVIDERS).parts[0].removesuffix(".py"), path) for path in PROVIDERS.rglob("*.py")}
    wanted = {(name, f"{name.title().replace('_', '')}Provider", path) for name, path in found}
    return sorted(name for name, class_, path in wanted if "Protocol" not in classes(path).get(class_, ["Protocol"]))


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
