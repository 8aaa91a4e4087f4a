"""A scenario's model, over HTTP: the stand-in's answers to one execution, in the words of the scenario's script."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from durable_conformance import Scenario
from durable_conformance.execution import Run
from durable_conformance.model import request_of
from providers import ModelError, ModelProvider, ModelResponse
from providers.bedrock import DEFAULT_TIERS, from_boto
from providers.model import TextBlock, ToolUseBlock
from tests.patterns.catalogue.pattern import Recorded
from tests.providers.bedrock.stand_in import FAILURES
from tests.stand_in import Behaviour, Fail, ReceivedRequest, Reply, error_statuses, plausible
from tests.wire.execution import Requests

SCRIPTED_TIERS = {tier: f"scripted:{tier}" for tier in DEFAULT_TIERS}
"""What a script calls its models: messages and results name it."""


class UnknownRequestError(AssertionError):
    """A handler asked a model what it does not ask on this machine. The message says what."""


class Modelled:
    """Answers the requests of one execution. Safe from any number of threads.

    Attributes:
        environment: What the handler's process is told about its models.
        ledger: For each operation that asked, how each call ended, in order.
    """

    def __init__(self, scenario: Scenario, local: Run) -> None:
        self._recorded = isinstance(scenario, Recorded)
        tiers = DEFAULT_TIERS if self._recorded else SCRIPTED_TIERS
        self._provider = _provider_of(scenario)
        self._requests = Requests(local, tiers)
        self._lock = threading.Lock()
        self._wording: dict[str, str] = {}
        self.environment = {f"MODEL_{tier.upper()}": model_id for tier, model_id in tiers.items()}
        self.ledger: defaultdict[str, list[str]] = defaultdict(list)

    def __call__(self, received: ReceivedRequest) -> Behaviour:
        answer: Behaviour
        known = self._requests.find(received)
        if known is None or known.path is None:
            raise UnknownRequestError(f"{received.label} asks {received.model_id}: {received.body}")
        try:
            # What has been recorded is what the stand-in says.
            answer = plausible(received) if self._recorded else reply_of(self._provider.converse(request_of(known)))
            outcome = "answered"
        except ModelError as error:
            answer, outcome = self._failing(error, received), type(error).__name__
        with self._lock:
            self.ledger[known.path].append(outcome)
        return answer

    def _failing(self, error: ModelError, received: ReceivedRequest) -> Fail:
        """The service's error that stands for a scripted one, and what the provider makes of it on the way."""
        template = FAILURES[type(error)]
        assert isinstance(template, Fail)
        fail = Fail(template.code, str(error))
        status = error_statuses()[fail.code]
        response: Any = {
            "Error": {"Code": fail.code, "Message": fail.message},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        with self._lock:
            came = from_boto(ClientError(response, "Converse"), received.model_id, received.label)
            self._wording[str(came)] = str(error)
        return fail

    def as_scripted(self, told: Any) -> Any:
        """JSON in which errors are worded as the script words them, which the provider adds its advice to."""
        if isinstance(told, str):
            for ours, scripted in self._wording.items():
                told = told.replace(ours, scripted)
            return told
        if isinstance(told, list):
            return [self.as_scripted(one) for one in told]
        return {key: self.as_scripted(one) for key, one in told.items()} if isinstance(told, Mapping) else told


def _provider_of(scenario: Scenario) -> ModelProvider:
    provider: Any = scenario.model()  # type: ignore[operator]  # the catalogue's scenarios are asked through a provider
    return provider  # type: ignore[no-any-return]


def reply_of(response: ModelResponse) -> Reply:
    """What Converse answers where a script answers this."""
    content: list[dict[str, Any]] = []
    for block in response.message.content:
        match block:
            case TextBlock():
                content.append({"text": block.text})
            case ToolUseBlock():
                use = {"toolUseId": block.tool_use_id, "name": block.name, "input": block.input}
                content.append({"toolUse": use})
            case _:
                raise NotImplementedError(f"no script holds a {type(block).__name__}")
    asked, said = response.usage.input_tokens, response.usage.output_tokens
    return Reply(
        body={
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": response.stop_reason.value,
            "usage": {"inputTokens": asked, "outputTokens": said, "totalTokens": asked + said},
            "metrics": {"latencyMs": response.latency_ms},
        }
    )
