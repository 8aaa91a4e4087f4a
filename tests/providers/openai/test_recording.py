"""Conversations with an OpenAI-compatible server are recorded and replayed with pytest-recording as it is."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import vcr  # type: ignore[import-untyped]  # it has no types

from providers import ModelError
from providers.openai import ENDPOINT, LABEL_HEADER, RecordingRefusedError, vcr_config
from providers.scrub import findings
from tests.cassette_fixture.project import Project
from tests.chat_stand_in import ChatStandIn, fail
from tests.providers.contract import question
from tests.providers.openai.stand_in import KEY, provider_at
from tests.stand_in import Behaviour, ReceivedRequest, Reply, Sequenced, ToolUse
from tests.stand_in.environment import LOOPBACK

# Processes are started through a socket of this machine's.
pytestmark = pytest.mark.block_network(allowed_hosts=[re.escape(LOOPBACK), f".*{os.sep}pymp-.*"])

ACCOUNT = "1234" * 3
ARN = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/x"

TESTS = f"""
    from providers import ToolSpec
    from providers.openai import OpenAIProvider, vcr_config as recording

    @pytest.fixture(scope="module")
    def vcr_config():
        return recording()

    @pytest.mark.vcr
    def test_conversation():
        model = OpenAIProvider()
        seen = []
        for _ in range(3):
            try:
                seen.append(ask(model, tier={ARN!r}))
            except ModelError as error:
                seen.append(type(error).__name__)
        assert seen == ["ModelThrottledError", "ModelUnavailableError", "At last. “Miau” 🐈"]
        look = ToolSpec(name="look", description="Look.", input_schema={{}})
        asked = ModelRequest(messages=(Message.user("Where?"),), label="tools", tools=(look,))
        (use,) = model.converse(asked).tool_uses
        assert use.input == {{"where": ["roof", 1.5, None]}}

    @pytest.mark.vcr
    def test_labels():
        model = OpenAIProvider()
        labels = ["b", "a"] if os.environ.get("REPLAYED") else ["a", "b"]
        assert [ask(model, label=label) for label in labels] == [f"To {{label}}." for label in labels]
"""


def behaving(request: ReceivedRequest) -> Behaviour:
    return Reply(text=f"To {request.label}.")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.add(TESTS, "test_chat")
    return made


def test_recording_and_replaying(project: Project) -> None:
    failures: list[Behaviour] = [
        fail("rate_limit_exceeded", f"Account {ACCOUNT} asks too much."),
        fail("overloaded"),
        Reply(text="At last. “Miau” 🐈"),
    ]
    tools: list[Behaviour] = [Reply(tool_uses=(ToolUse("look", {"where": ["roof", 1.5, None]}),))]
    environment = {"OPENAI_API_KEY": KEY}
    with ChatStandIn(Sequenced({"ask": failures, "tools": tools}, behaving)) as server:
        recorded = project.run("--record-mode=rewrite", **environment, OPENAI_BASE_URL=server.url)
        asked = server.requests
    assert recorded.outcome == "2 passed", recorded.output
    assert len(asked) == 6
    assert asked[0].headers["authorization"] == f"Bearer {KEY}", "the key was used"
    files = {path.stem: path.read_text() for path in project.cassettes.rglob("*.yaml")}
    assert set(files) == {"test_conversation", "test_labels"}
    written = "".join(files.values())
    for kept_out in (
        KEY,
        ACCOUNT,
        "uthorization",
        "127.0.0.1",
        "stainless",
        "req_0",
        LABEL_HEADER.lower(),
        "user-agent",
    ):
        assert kept_out not in written
    assert findings(written) == ()
    assert f"{ENDPOINT}/chat/completions?label=a" in written
    assert "000000000000" in written

    elsewhere = "http://127.0.0.1:9/v1"
    replayed = project.run("--block-network", **environment, OPENAI_BASE_URL=elsewhere, REPLAYED="1")
    assert replayed.outcome == "2 passed", replayed.output
    assert {path.stem: path.read_text() for path in project.cassettes.rglob("*.yaml")} == files


def test_what_was_not_recorded_fails_the_test_that_asks(project: Project) -> None:
    ran = project.run("--block-network", OPENAI_API_KEY=KEY)
    assert ran.outcome == "2 failed", ran.output
    assert "CannotOverwriteExistingCassette" in ran.output


def test_an_interaction_with_a_secret_is_not_recorded(tmp_path: Path) -> None:
    secret = "AKIA" + "ABCDEFGH" * 2
    recorder = vcr.VCR(record_mode="all", **vcr_config())
    for prompt, said in ((f"My key is {secret}.", "Fine."), ("What?", f"It is {secret}.")):
        path = tmp_path / "refused.yaml"
        with ChatStandIn(lambda _, said=said: Reply(text=said)) as server, recorder.use_cassette(str(path)):  # type: ignore[misc]
            with pytest.raises(RecordingRefusedError, match="an AWS access key id") as caught:
                provider_at(server.url).converse(question(prompt))
            assert isinstance(caught.value, ModelError), "no step asks again"
        assert not path.exists() or secret not in path.read_text()


def test_what_asks_no_model_is_left_alone() -> None:
    forget: Callable[[Any], Any] = vcr_config()["before_record_request"]
    assert forget(SimpleNamespace(uri="https://sts.amazonaws.com/", headers={}, body=b"secret")) is None


def test_branches_that_ask_different_things_at_once_are_replayed(tmp_path: Path) -> None:
    """vcrpy has no lock; what that means for equal requests is said in `providers.openai.recording`."""
    requests = [question("What?", label=f"branch-{number}") for number in range(200)]
    recorder = vcr.VCR(**vcr_config())
    for mode in ("all", "none"):
        with (
            ChatStandIn(behaving) as server,
            recorder.use_cassette(str(tmp_path / "many.yaml"), record_mode=mode) as cassette,
            ThreadPoolExecutor(20) as pool,
        ):
            model = provider_at(server.url)
            texts = [response.text for response in pool.map(model.converse, requests)]
            assert texts == [f"To {request.label}." for request in requests]
            assert len(server.requests) == (len(requests) if mode == "all" else 0)
    assert cassette.all_played
