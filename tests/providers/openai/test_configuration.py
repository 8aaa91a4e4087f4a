"""What the environment and the constructor may say to the OpenAI provider, and what they may not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from providers import ModelTimeoutError, PermanentModelError
from providers.openai import DEFAULT_TIERS, OpenAIConfigurationError, OpenAIProvider, check_access
from providers.selection import ProviderSettings, check_provider, provider_from_environment
from tests.providers.contract import Sighting, question
from tests.providers.openai.stand_in import KEY, StandInThat
from tests.repository.files import ROOT
from tests.stand_in import Reply, Stall


def test_the_packages_variables_lead_to_the_stand_in(
    stand_in_that: StandInThat, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = stand_in_that(Reply(text="hi"))
    monkeypatch.setenv("OPENAI_BASE_URL", stand_in.url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    provider = provider_from_environment({"MODEL_PROVIDER": "openai"})
    assert isinstance(provider, OpenAIProvider)
    assert provider.converse(question()).text == "hi"
    assert len(stand_in.requests) == 1
    check_provider("openai", ProviderSettings())
    assert len(stand_in.requests) == 1, "a check asks no model"


def test_the_environment_names_models_timeout_and_structured_output(
    stand_in_that: StandInThat, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = stand_in_that(Stall())
    monkeypatch.setenv("OPENAI_BASE_URL", stand_in.url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    provider = OpenAIProvider.from_environment(
        {
            "MODEL_SMALL": "llama3.2:1b",
            "MODEL_READ_TIMEOUT": "1",
            "MODEL_STRUCTURED_OUTPUT": "off",
            "MODEL_TOKEN_LIMIT": "max_completion_tokens",
        }
    )
    with pytest.raises(ModelTimeoutError):
        provider.converse(question(output_schema=Sighting))
    (received,) = stand_in.requests
    assert received.model_id == "llama3.2:1b"
    assert set(received.body) == {"model", "messages", "max_completion_tokens"}


@pytest.mark.parametrize(
    "environment",
    [{}, dict.fromkeys(("MODEL_SMALL", "MODEL_READ_TIMEOUT", "MODEL_STRUCTURED_OUTPUT", "MODEL_TOKEN_LIMIT"), "")],
)
def test_an_empty_environment_is_the_defaults(environment: dict[str, str]) -> None:
    provider = OpenAIProvider.from_environment(environment)
    assert [provider.model_id(tier) for tier in DEFAULT_TIERS] == list(DEFAULT_TIERS.values())


@pytest.mark.parametrize(
    ("variable", "tier"), [("MODEL_SMALL", "small"), ("MODEL_MEDIUM", "medium"), ("MODEL_LARGE", "large")]
)
def test_each_tier_has_its_variable(variable: str, tier: str) -> None:
    provider = OpenAIProvider.from_environment({variable: "gpt-5.5"})
    assert provider.model_id(tier) == "gpt-5.5"
    assert [provider.model_id(other) == DEFAULT_TIERS[other] for other in DEFAULT_TIERS].count(False) == 1


@pytest.mark.parametrize(
    "environment",
    [
        {"MODEL_READ_TIMEOUT": "soon"},
        {"MODEL_READ_TIMEOUT": "0"},
        {"MODEL_READ_TIMEOUT": "-1"},
        {"MODEL_READ_TIMEOUT": "1.5"},
        {"MODEL_READ_TIMEOUT": "450"},
        {"MODEL_STRUCTURED_OUTPUT": "maybe"},
        {"MODEL_TOKEN_LIMIT": "tokens"},
        {"MODEL_SMALL": " "},
        {"MODEL_LARGE": "a b"},
    ],
)
def test_a_malformed_variable_is_one_clear_line(environment: dict[str, str]) -> None:
    (variable, value), *_ = environment.items()
    with pytest.raises(OpenAIConfigurationError) as caught:
        provider_from_environment(environment | {"MODEL_PROVIDER": "openai"})
    assert variable in str(caught.value)
    assert repr(value) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, PermanentModelError), "nothing retries it"


@pytest.mark.parametrize("tiers", [{"tiny": "gpt-5.5"}, {"small": ""}])
def test_tiers_that_make_no_sense_are_refused(tiers: dict[str, str]) -> None:
    with pytest.raises(OpenAIConfigurationError, match=r"tiny|small"):
        OpenAIProvider(tiers=tiers)


@pytest.mark.parametrize("seconds", [0, -1, 450])
def test_a_read_timeout_that_makes_no_sense_is_refused(seconds: int) -> None:
    with pytest.raises(OpenAIConfigurationError, match=f"read_timeout={seconds} must be whole seconds, 1 to 449"):
        OpenAIProvider(read_timeout=seconds)


def test_without_a_key_nothing_is_run() -> None:
    with pytest.raises(OpenAIConfigurationError, match="no OPENAI_API_KEY; set it, to any word for a server"):
        check_provider("openai", ProviderSettings())


@pytest.mark.parametrize(("variable", "value"), [("OPENAI_API_KEY", "a\n"), ("OPENAI_BASE_URL", "localhost:1/v1")])
def test_what_makes_no_sense_is_said_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    check_access()
    monkeypatch.setenv(variable, value)
    with pytest.raises(OpenAIConfigurationError, match=variable):
        check_access()


@pytest.mark.parametrize("ask", ["check_provider('openai', s)", "make_provider('openai', s)"])
def test_without_the_package_the_extra_is_named(ask: str) -> None:
    """In a process of its own, where there is no such package."""
    code = f"""
import sys
sys.modules["openai"] = None  # as if it were not installed
from providers import PermanentModelError
from providers.selection import ProviderSettings, check_provider, make_provider
s = ProviderSettings()
try:
    {ask}
except PermanentModelError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "The provider openai needs the package openai: install durable-ai-patterns[openai].\n"


def test_the_command_line_runs_a_pattern_on_it(stand_in_that: StandInThat) -> None:
    stand_in = stand_in_that(Reply(text="Why do programmers mix up Halloween and Christmas?"))
    environment = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": stand_in.url, "PATH": "", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "durable_conformance", "run", "prompt_chaining", "--provider", "openai"]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert {request.model_id for request in stand_in.requests} == {DEFAULT_TIERS["small"]}
    assert len({request.label for request in stand_in.requests}) == len(stand_in.requests) >= 2

    del environment["OPENAI_API_KEY"]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "There is no OPENAI_API_KEY" in ran.stdout + ran.stderr


def test_who_chooses_another_provider_does_not_load_the_package() -> None:
    code = "import sys, providers.selection, providers.bedrock; print({'openai', 'httpx2'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"
