"""What the environment and the constructor may say to the Bedrock provider, and what they may not."""

from __future__ import annotations

import pytest

from providers import (
    ModelTimeoutError,
    PermanentModelError,
)
from providers.bedrock import (
    DEFAULT_TIERS,
    BedrockConfigurationError,
    BedrockProvider,
)
from providers.selection import provider_from_environment
from tests.providers.bedrock.stand_in import StandInThat
from tests.providers.contract import Sighting, question
from tests.stand_in import (
    Reply,
    Stall,
)


def test_boto3s_endpoint_variable_leads_to_the_stand_in(
    stand_in_that: StandInThat, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = stand_in_that(Reply(text="hi"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", stand_in.url)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "stand-in")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "stand-in")
    assert BedrockProvider().converse(question()).text == "hi"
    assert len(stand_in.requests) == 1


def test_the_environment_names_models_timeout_and_structured_output(
    stand_in_that: StandInThat, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = stand_in_that(Stall())
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", stand_in.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "stand-in")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "stand-in")
    provider = BedrockProvider.from_environment(
        {"MODEL_SMALL": "amazon.nova-micro-v1:0", "MODEL_READ_TIMEOUT": "1", "MODEL_STRUCTURED_OUTPUT": "off"}
    )
    with pytest.raises(ModelTimeoutError):
        provider.converse(question(output_schema=Sighting))
    (received,) = stand_in.requests
    assert received.model_id == "amazon.nova-micro-v1:0"
    assert "outputConfig" not in received.body


@pytest.mark.parametrize(
    "environment", [{}, {"MODEL_SMALL": "", "MODEL_READ_TIMEOUT": "", "MODEL_STRUCTURED_OUTPUT": ""}]
)
def test_an_empty_environment_is_the_defaults(environment: dict[str, str]) -> None:
    provider = BedrockProvider.from_environment(environment)
    assert [provider.model_id(tier) for tier in DEFAULT_TIERS] == list(DEFAULT_TIERS.values())


@pytest.mark.parametrize(
    ("variable", "tier"), [("MODEL_SMALL", "small"), ("MODEL_MEDIUM", "medium"), ("MODEL_LARGE", "large")]
)
def test_each_tier_has_its_variable(variable: str, tier: str) -> None:
    provider = BedrockProvider.from_environment({variable: "amazon.nova-pro-v1:0"})
    assert provider.model_id(tier) == "amazon.nova-pro-v1:0"
    assert [provider.model_id(other) == DEFAULT_TIERS[other] for other in DEFAULT_TIERS].count(False) == 1


@pytest.mark.parametrize(
    "environment",
    [
        {"MODEL_READ_TIMEOUT": "soon"},
        {"MODEL_READ_TIMEOUT": "0"},
        {"MODEL_READ_TIMEOUT": "-1"},
        {"MODEL_READ_TIMEOUT": "1.5"},
        {"MODEL_READ_TIMEOUT": "900"},
        {"MODEL_STRUCTURED_OUTPUT": "maybe"},
        {"MODEL_SMALL": " "},
        {"MODEL_LARGE": "a b"},
    ],
)
def test_a_malformed_variable_is_one_clear_line(environment: dict[str, str]) -> None:
    (variable, value), *_ = environment.items()
    with pytest.raises(BedrockConfigurationError) as caught:
        provider_from_environment(environment)
    assert variable in str(caught.value)
    assert repr(value) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, PermanentModelError), "nothing retries it"


@pytest.mark.parametrize("tiers", [{"tiny": "amazon.nova-micro-v1:0"}, {"small": ""}])
def test_tiers_that_make_no_sense_are_refused(tiers: dict[str, str]) -> None:
    with pytest.raises(BedrockConfigurationError, match=r"tiny|small"):
        BedrockProvider(tiers=tiers)


@pytest.mark.parametrize("seconds", [0, -1, 900])
def test_a_read_timeout_that_makes_no_sense_is_refused(seconds: int) -> None:
    with pytest.raises(BedrockConfigurationError, match=f"read_timeout={seconds} must be whole seconds, 1 to 899"):
        BedrockProvider(read_timeout=seconds)
