"""Which provider the environment asks for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from providers.bedrock import BedrockProvider
from providers.scripted import ScriptedProvider
from providers.selection import ProviderSelectionError, provider_from_environment


@pytest.mark.parametrize("environment", [{}, {"MODEL_PROVIDER": ""}, {"MODEL_PROVIDER": "bedrock"}])
def test_bedrock_is_the_default(environment: dict[str, str]) -> None:
    assert isinstance(provider_from_environment(environment), BedrockProvider)


def test_a_script_is_named_by_a_second_variable(tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text(json.dumps({"*": ["hi"]}))
    environment = {"MODEL_PROVIDER": "scripted", "MODEL_SCRIPT": str(tmp_path / "script.json")}
    assert isinstance(provider_from_environment(environment), ScriptedProvider)


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"MODEL_PROVIDER": "gemini"}, "'gemini' is unknown; use one of: bedrock, cassette, scripted"),
        ({"MODEL_PROVIDER": "scripted"}, "needs MODEL_SCRIPT"),
        ({"MODEL_PROVIDER": "cassette"}, "needs MODEL_CASSETTE"),
    ],
)
def test_what_cannot_be_chosen_is_said(environment: dict[str, str], problem: str) -> None:
    with pytest.raises(ProviderSelectionError, match=problem):
        provider_from_environment(environment)
