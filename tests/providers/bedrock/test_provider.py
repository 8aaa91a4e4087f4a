"""The Bedrock provider over real HTTP: the contract, what it asks, and its client."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import botocore.exceptions as bx
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from providers import (
    Message,
    ModelAccessDeniedError,
    ModelRequest,
)
from providers.bedrock import (
    CONNECT_TIMEOUT_SECONDS,
    DEFAULT_TIERS,
    MAX_CONNECTIONS,
    READ_TIMEOUT_SECONDS,
    BedrockProvider,
    make_client,
)
from tests.providers.bedrock.stand_in import StandInThat, answering, keys, provider_at
from tests.providers.contract import Sighting, question
from tests.stand_in import (
    ConverseStandIn,
    Reply,
)

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient


def test_the_request_arrives_as_converse_has_it(stand_in_that: StandInThat) -> None:
    stand_in = stand_in_that(Reply(text="hi"))
    provider_at(stand_in.url).converse(question(model="large", system="Be brief.", max_tokens=7))
    (received,) = stand_in.requests
    assert received.model_id == DEFAULT_TIERS["large"]
    assert received.label == "look-around"
    assert received.body["messages"] == [{"role": "user", "content": [{"text": "What do you see?"}]}]
    assert received.body["system"] == [{"text": "Be brief."}]
    assert received.body["inferenceConfig"] == {"maxTokens": 7}
    assert received.headers["authorization"].startswith("AWS4-HMAC-SHA256 ")


def test_the_output_schema_is_sent_unless_switched_off(stand_in_that: StandInThat) -> None:
    stand_in = stand_in_that(Reply(text="{}"))
    provider_at(stand_in.url).converse(question(output_schema=Sighting))
    provider_at(stand_in.url, structured_output=False).converse(question(output_schema=Sighting))
    assert ["outputConfig" in request.body for request in stand_in.requests] == [True, False]


def test_tiers_can_be_replaced_one_by_one(stand_in_that: StandInThat) -> None:
    provider = provider_at(stand_in_that(Reply(text="hi")).url, tiers={"small": "amazon.nova-micro-v1:0"})
    assert provider.converse(question()).model == "amazon.nova-micro-v1:0"
    assert provider.converse(question(model="medium")).model == DEFAULT_TIERS["medium"]


def test_the_default_tiers_are_those_of_the_public_sample() -> None:
    assert dict(DEFAULT_TIERS) == {
        "small": "global.anthropic.claude-haiku-4-5-20251001-v1:0",
        "medium": "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "large": "global.anthropic.claude-opus-4-5-20251101-v1:0",
    }


def test_a_plausible_conversation_from_end_to_end() -> None:
    with ConverseStandIn() as stand_in:
        joke = provider_at(stand_in.url).converse(
            ModelRequest(messages=(Message.user("Make a joke about programming"),), label="generate-joke")
        )
    assert "bugs" in joke.text


def test_the_client_is_made_at_the_first_call_and_once_however_many_threads_call(stand_in_that: StandInThat) -> None:
    stand_in = stand_in_that(Reply(text="hi"))
    made: list[BedrockRuntimeClient] = []
    together = threading.Barrier(8)

    def factory() -> BedrockRuntimeClient:
        hashlib.pbkdf2_hmac("sha256", b"", b"", 100_000)  # leaves the other threads time to come in, if they can
        made.append(make_client(session=keys(), endpoint_url=stand_in.url))
        return made[-1]

    provider = BedrockProvider(client_factory=factory)
    assert made == []

    def ask(_: int) -> str:
        together.wait()
        return provider.converse(question()).text

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == ["hi"] * 8
    assert len(made) == 1


def test_a_client_that_could_not_be_made_is_tried_again(stand_in_that: StandInThat) -> None:
    stand_in = stand_in_that(Reply(text="hi"))
    tries: list[None] = []

    def factory() -> BedrockRuntimeClient:
        tries.append(None)
        if len(tries) == 1:
            raise bx.CredentialRetrievalError(provider="a role", error_msg="not yet")
        return make_client(session=keys(), endpoint_url=stand_in.url)

    provider = BedrockProvider(client_factory=factory)
    with pytest.raises(ModelAccessDeniedError, match="not yet"):
        provider.converse(question())
    assert provider.converse(question()).text == "hi"


def test_the_clients_settings() -> None:
    config: Any = make_client(session=keys()).meta.config
    assert config.read_timeout == READ_TIMEOUT_SECONDS == 120
    assert config.connect_timeout == CONNECT_TIMEOUT_SECONDS == 5
    assert config.max_pool_connections == MAX_CONNECTIONS == 50
    assert config.retries["total_max_attempts"] == 1


def test_a_config_given_to_the_client_adds_to_its_settings() -> None:
    config: Any = make_client(read_timeout=9, session=keys(), config=Config(signature_version=UNSIGNED)).meta.config
    assert config.signature_version is UNSIGNED
    assert config.read_timeout == 9
    assert config.retries["total_max_attempts"] == 1


def test_a_clients_before_send_handler_can_answer_for_bedrock() -> None:
    """As a cassette does: without a network, and without credentials."""

    client = make_client(region_name="us-east-1", config=Config(signature_version=UNSIGNED))
    provider = BedrockProvider(client_factory=lambda: answering(client, "from tape"))
    assert provider.converse(question()).text == "from tape"
