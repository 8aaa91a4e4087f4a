"""A provider is chosen by name, whoever says the name: the environment or the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from providers import PermanentModelError
from providers.bedrock import BedrockConfigurationError, BedrockProvider
from providers.cassette import CassetteError, CassetteProvider, write_cassette
from providers.scripted import ScriptedProvider, ScriptError
from providers.selection import (
    ProviderSelectionError,
    ProviderSettings,
    check_provider,
    make_provider,
    provider_from_environment,
    provider_names,
)
from tests.providers.cassette.interactions import cassette, recorded
from tests.providers.contract import question


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.json"
    path.write_text(json.dumps({"*": ["hi"]}))
    return path


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    write_cassette(tmp_path / "look.yaml", cassette(recorded(question(), "A cat.")))
    return tmp_path / "look.yaml"


# By settings ----------------------------------------------------------------------------------------------------------


def test_each_is_made_from_the_settings_that_are_its_own(script: Path, recording: Path) -> None:
    models = {"MODEL_SMALL": "amazon.nova-micro-v1:0"}
    settings = ProviderSettings(environment=models, cassette=recording, script=script)
    assert make_provider("cassette", settings).converse(question()).text == "A cat."
    assert make_provider("scripted", settings).converse(question()).text == "hi"
    bedrock = make_provider("bedrock", settings)
    assert isinstance(bedrock, BedrockProvider)
    assert bedrock.model_id("small") == "amazon.nova-micro-v1:0"


def test_each_call_makes_a_new_one(script: Path) -> None:
    """An execution that uses up a script leaves the next one its own."""
    for _ in range(2):
        assert make_provider("scripted", ProviderSettings(script=script)).converse(question()).text == "hi"


def test_without_a_script_whatever_fits_is_answered() -> None:
    assert make_provider("scripted", ProviderSettings()).converse(question()).text


@pytest.mark.parametrize(
    ("name", "settings", "problem"),
    [
        ("gemini", ProviderSettings(), f"'gemini' is unknown; use one of: {', '.join(provider_names())}"),
        ("cassette", ProviderSettings(), "cassette needs a recording to replay"),
    ],
)
def test_what_cannot_be_made_is_said(name: str, settings: ProviderSettings, problem: str) -> None:
    for make in (make_provider, check_provider):
        with pytest.raises(ProviderSelectionError, match=problem):
            make(name, settings)


# Whether it can be asked ----------------------------------------------------------------------------------------------


def test_what_can_be_asked_passes(script: Path, recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(variable, "stand-in")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in provider_names():
        check_provider(name, ProviderSettings(cassette=recording, script=script))


@pytest.mark.parametrize(
    ("name", "settings", "kind", "problem"),
    [
        ("cassette", ProviderSettings(cassette=Path("gone.yaml")), CassetteError, "no cassette gone.yaml"),
        ("scripted", ProviderSettings(script=Path("gone.json")), ScriptError, r"gone\.json"),
        ("bedrock", ProviderSettings(), BedrockConfigurationError, "no AWS credentials"),
        (
            "bedrock",
            ProviderSettings(environment={"MODEL_READ_TIMEOUT": "soon"}),
            BedrockConfigurationError,
            "MODEL_READ_TIMEOUT='soon'",
        ),
    ],
)
def test_what_cannot_be_asked_is_said_before_anything_runs(
    name: str, settings: ProviderSettings, kind: type[PermanentModelError], problem: str
) -> None:
    with pytest.raises(kind, match=problem):
        check_provider(name, settings)


def test_credentials_without_a_region_are_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, "stand-in")
    with pytest.raises(BedrockConfigurationError, match="no AWS region; set AWS_DEFAULT_REGION"):
        check_provider("bedrock", ProviderSettings())


def test_a_profile_that_does_not_exist_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    with pytest.raises(BedrockConfigurationError, match="no-such-profile"):
        check_provider("bedrock", ProviderSettings())


# By environment -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("environment", [{}, {"MODEL_PROVIDER": ""}, {"MODEL_PROVIDER": "bedrock"}])
def test_bedrock_is_the_default(environment: dict[str, str]) -> None:
    assert isinstance(provider_from_environment(environment), BedrockProvider)


def test_a_script_is_named_by_a_second_variable(script: Path) -> None:
    environment = {"MODEL_PROVIDER": "scripted", "MODEL_SCRIPT": str(script)}
    assert isinstance(provider_from_environment(environment), ScriptedProvider)


def test_a_cassette_is_named_by_a_second_variable(recording: Path) -> None:
    environment = {"MODEL_PROVIDER": "cassette", "MODEL_CASSETTE": str(recording)}
    assert isinstance(provider_from_environment(environment), CassetteProvider)


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"MODEL_PROVIDER": "gemini"}, f"'gemini' is unknown; use one of: {', '.join(provider_names())}"),
        ({"MODEL_PROVIDER": "scripted"}, "needs MODEL_SCRIPT"),
        ({"MODEL_PROVIDER": "cassette"}, "needs MODEL_CASSETTE"),
    ],
)
def test_what_the_environment_cannot_choose_is_said(environment: dict[str, str], problem: str) -> None:
    with pytest.raises(ProviderSelectionError, match=problem):
        provider_from_environment(environment)
