"""Who answers the model calls of a scenario, whichever tap they come by."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from durable_conformance.identity import alike
from durable_conformance.model import bedrock
from durable_conformance.model.aws_answers import GivenAnswers
from durable_conformance.model.boto_tap import MODEL_SERVICE, BedrockQuestion
from durable_conformance.model.call import Answer, Failure, ModelCall, untagged
from durable_conformance.model.provider_tap import ProviderQuestion, ProviderSource, request_of, scripted
from durable_conformance.model.tap import Asking, Question

if TYPE_CHECKING:
    from providers import ModelProvider


def question_of(call: ModelCall) -> Question:
    """The question that `call` was."""
    if "operation" in json.loads(call.request.whole):
        return BedrockQuestion(bedrock.asked_again(call.request.whole))
    return ProviderQuestion(request_of(call))


class ScenarioSource:
    """Asks the `ModelProvider` that `make` makes; but where nobody scripted one, Bedrock's calls are answered as given.

    `answers` are by name, such as `bedrock-runtime.Converse`: see `GivenAnswers`.
    """

    def __init__(self, make: Callable[[], ModelProvider], answers: Mapping[str, Any]) -> None:
        self._provider = ProviderSource(make)
        self._is_scripted = make is not scripted
        self._given = GivenAnswers(answers)

    def answer(self, question: Question, asking: Asking) -> Answer | Failure:
        if not isinstance(question, BedrockQuestion):
            return self._provider.answer(question, asking)
        text = alike(question.asked.text)
        asked = bedrock.asked_again(untagged(text) if asking.untagged else text)
        given = self._given.value(f"{MODEL_SERVICE}.{asked.operation}", asked.body, asking)
        if given is not None:
            reply = bedrock.from_answer(asked, given)
            if isinstance(reply, bedrock.Wire):
                return Failure(reply.headers["x-amzn-errortype"], json.loads(reply.body).get("message", ""))
            return reply.answer
        if self._is_scripted:
            return self._provider.bedrock_answer(asked, asking)
        return bedrock.made_up(asked).answer

    def question(self, call: ModelCall) -> Question:
        return question_of(call)
