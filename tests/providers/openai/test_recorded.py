"""Conversations that were recorded with a real model, SmolLM2-135M-Instruct, and are replayed: no answer is made up.

`tox -e local-model -- --record` records them anew; `cassettes/README.md` beside this says what they are.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from durable_conformance import Scenario
from durable_conformance.runtime import run_in_process
from patterns.durable import durable_handler
from patterns.prompt_chaining import prompt_chaining
from providers import Message, StopReason, ToolChoice, ToolResultBlock
from providers.openai import OpenAIProvider, make_client
from providers.openai import vcr_config as recording
from tests.local_model.server import ALIAS
from tests.providers.contract import LOOK, question

URL = os.environ.get("LOCAL_MODEL_URL", "http://127.0.0.1:9/v1")
"""Where the model is while it is recorded; there is nothing on that port."""


@pytest.fixture(scope="module")
def vcr_config() -> dict[str, Any]:
    return recording()


@pytest.fixture
def model() -> OpenAIProvider:
    client = make_client(api_key="none-is-wanted", base_url=URL)
    return OpenAIProvider(
        client_factory=lambda: client, tiers=dict.fromkeys(("small", "medium", "large"), ALIAS), structured_output=False
    )


@pytest.mark.vcr
def test_a_text_and_one_that_is_cut_short(model: OpenAIProvider) -> None:
    said = model.converse(question("Say hello.", label="hello", max_tokens=60))
    assert (said.model, said.stop_reason) == (ALIAS, StopReason.END_TURN)
    assert said.text.strip()
    assert said.usage.input_tokens > said.usage.output_tokens / 10 > 0
    cut = model.converse(question("Tell me a long story.", label="story", max_tokens=5))
    assert (cut.stop_reason, cut.usage.output_tokens) == (StopReason.MAX_TOKENS, 5)


@pytest.mark.vcr
def test_a_tool_and_what_is_said_about_its_result(model: OpenAIProvider) -> None:
    first = question(
        "Look on the roof.",
        label="turn-1",
        tools=(LOOK,),
        tool_choice=ToolChoice(type="tool", name="look"),
        max_tokens=60,
    )
    response = model.converse(first)
    assert response.stop_reason is StopReason.TOOL_USE
    (use,) = response.tool_uses
    assert use.name == "look"
    assert isinstance(use.input, dict)
    turns = (*first.messages, response.message, Message.user(ToolResultBlock.success(use.tool_use_id, "A cat.")))
    second = question(label="turn-2", max_tokens=60).model_copy(update={"messages": turns})
    assert model.converse(second).text.strip()


@pytest.mark.vcr
def test_a_pattern(model: OpenAIProvider) -> None:
    run = run_in_process(lambda _: durable_handler(prompt_chaining, model=model), Scenario({"topic": "cats"}))
    assert (run.status, run.error_message) == ("SUCCEEDED", None)
    assert isinstance(run.result, dict)
    assert all(str(text).strip() for text in run.result.values())
