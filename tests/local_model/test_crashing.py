"""The crash runs themselves, on a model that never says the same twice and is no model: what they find, and do not."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import httpx2
import pytest
from aws_durable_execution_sdk_python import DurableContext
from pydantic import BaseModel, Field

from patterns.durable import ask
from patterns.prompt_chaining import prompt_chaining
from providers import Message, ModelOutputError, ModelProvider, ModelRequest, ModelResponse, StopReason
from providers.openai import OpenAIProvider, make_client
from tests.local_model.crashing import MAX_TOKENS, crashed, executed
from tests.local_model.dialect import OlderSchema
from tests.local_model.server import LocalModel, ServerError
from tests.local_model.showing import rows
from tests.providers.contract import Sighting, question
from tests.providers.openai.stand_in import ANSWER


class NeverTheSame:
    """Answers each call with its number."""

    def __init__(self, stop_reason: StopReason = StopReason.END_TURN) -> None:
        self._numbers = itertools.count(1)
        self._stop_reason = stop_reason
        self.asked: list[ModelRequest] = []

    def converse(self, request: ModelRequest) -> ModelResponse:
        self.asked.append(request)
        answer = Message.assistant(f"Answer {next(self._numbers)}.")
        return ModelResponse(message=answer, stop_reason=self._stop_reason, model="never-the-same")


def test_a_pattern_that_dies_everywhere_keeps_what_it_was_told() -> None:
    model = NeverTheSame()
    done = crashed(prompt_chaining, {}, model)
    assert done.undisturbed.run.status == "SUCCEEDED"
    assert len(done.executions) >= 14
    assert [one.findings for one in (done.undisturbed, *done.executions) if one.findings] == []
    assert all(one.died and one.run.status == "SUCCEEDED" for one in done.executions)
    assert len({str(one.run.result) for one in done.executions}) == len(done.executions), "no two were told the same"
    again = [one for one in done.executions if one.run.calls_made_again]
    assert again, "a call that died is made again, and answered otherwise"
    assert len(model.asked) == sum(len(one.said) for one in (done.undisturbed, *done.executions))
    assert {request.max_tokens for request in model.asked} == {MAX_TOKENS}


def takes_the_last_answer(event: Any, context: DurableContext, model: ModelProvider) -> Any:
    """Asks outside any step."""
    first = ask(context, model, "first", "One?")
    second = model.converse(ModelRequest(messages=(Message.user("Two?"),), label="second"))
    third = ask(context, model, "third", f"And after {second.text}?")
    return {"first": first.text, "third": third.text}


def test_a_handler_that_depends_on_what_no_step_kept_is_found() -> None:
    done = crashed(takes_the_last_answer, {}, NeverTheSame())
    assert any("PromptDriftError" in found for one in done.executions for found in one.findings)


def test_a_model_that_cannot_is_no_finding_and_is_shown() -> None:
    one = executed(prompt_chaining, {}, NeverTheSame(StopReason.MAX_TOKENS), None)
    assert (one.run.status, one.run.error_type, one.findings) == ("FAILED", "providers.errors.ModelOutputError", ())
    shown = rows(crashed(prompt_chaining, {}, NeverTheSame(StopReason.MAX_TOKENS), kinds=()))
    assert shown.calls == 3
    assert shown.repairs == 2
    assert "ModelOutputError" in shown.ended


def test_a_model_that_fails_is_shown() -> None:
    class Failing:
        def converse(self, request: ModelRequest) -> ModelResponse:
            assert request.messages
            raise ModelOutputError("unreadable")

    one = executed(prompt_chaining, {}, Failing(), None)
    assert [type(said.error) for said in one.said] == [ModelOutputError]


def test_a_schema_is_sent_as_the_server_takes_it() -> None:
    sent: list[Any] = []

    def answered(request: httpx2.Request) -> httpx2.Response:
        sent.append(json.loads(request.content))
        assert int(request.headers["content-length"]) == len(request.content)
        return httpx2.Response(200, json=ANSWER)

    transport = OlderSchema(httpx2.MockTransport(answered))
    client = make_client(http={"transport": transport}, api_key="none", base_url="http://x/v1")

    class Told(BaseModel):
        pattern: Annotated[str, Field(pattern=r"\s")]

    for asked in (question(output_schema=Sighting), question(), question(output_schema=Told)):
        OpenAIProvider(client_factory=lambda: client).converse(asked)
    assert sent[0]["response_format"]["type"] == "json_object"
    assert sent[0]["response_format"]["schema"]["required"] == ["what", "count"]
    assert "response_format" not in sent[1]
    assert sent[2]["response_format"]["schema"]["properties"] == {"pattern": {"type": "string"}}


def test_without_the_package_the_server_says_so() -> None:
    with pytest.raises(ServerError, match="tox -e local-model"), LocalModel(Path(sys.executable)):
        pass
