"""What every model provider must guarantee, as tests that a provider's own test class inherits.

    class TestMyProvider(ProviderContract):
        @pytest.fixture
        def provider_for(self) -> ProviderFor:
            return lambda exchanges: MyProvider(…)  # answers each request as its exchange says

The vocabulary is small on purpose, so that any provider can play it: a text, a tool use, an error.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from pydantic import BaseModel, JsonValue

from providers import (
    Message,
    ModelAccessDeniedError,
    ModelError,
    ModelNotFoundError,
    ModelOutputError,
    ModelProvider,
    ModelRequest,
    ModelRequestError,
    ModelResponse,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
    RetryableModelError,
    StopReason,
    TextBlock,
    ToolResultBlock,
    ToolSpec,
    ToolUseBlock,
)

THREADS = 20
CALLS_PER_THREAD = 10
EXPLICIT_MODEL = "amazon.nova-lite-v1:0"


@dataclass(frozen=True)
class TextReply:
    """The model answers with one text block."""

    text: str
    stop_reason: StopReason = StopReason.END_TURN


@dataclass(frozen=True)
class ToolUseReply:
    """The model asks for a tool, after a word about it. The provider chooses the tool use's id."""

    name: str
    input: dict[str, JsonValue] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True)
class ErrorReply:
    """The call fails with `kind`. `ModelOutputError` means that an answer comes and cannot be read."""

    kind: type[ModelError]


type PlayedReply = TextReply | ToolUseReply | ErrorReply


@dataclass(frozen=True)
class Exchange:
    """A request, and what the provider shall make of it.

    Where one request stands in several exchanges, its calls get the replies in that order. Two requests of the contract
    that have the same label are equal, so a provider that plays replies by label plays them right.
    """

    request: ModelRequest
    reply: PlayedReply


def by_label[T](exchanges: Sequence[Exchange], played: Callable[[PlayedReply], T]) -> dict[str, list[T]]:
    """What each label is answered, in order.

    Args:
        exchanges: The conversation.
        played: What a provider plays for a reply of the contract.
    """
    answers: dict[str, list[T]] = {}
    for exchange in exchanges:
        answers.setdefault(exchange.request.label, []).append(played(exchange.reply))
    return answers


type ProviderFor = Callable[[Sequence[Exchange]], ModelProvider]

ERROR_KINDS: tuple[type[ModelError], ...] = (
    ModelThrottledError,
    ModelUnavailableError,
    ModelTimeoutError,
    ModelAccessDeniedError,
    ModelRequestError,
    ModelNotFoundError,
    ModelOutputError,
)
LOOK = ToolSpec(
    name="look",
    description="Look somewhere.",
    input_schema={"type": "object", "properties": {"where": {"type": "string"}}},
)


class Sighting(BaseModel):
    """What a structured reply parses as."""

    what: str
    count: int


def question(prompt: str = "What do you see?", label: str = "look-around", **options: object) -> ModelRequest:
    """A request; options are further fields of `ModelRequest`."""
    return ModelRequest.model_validate({"messages": (Message.user(prompt),), "label": label, **options})


class ProviderContract:
    """Inherit it in a class whose name starts with `Test`, and override `provider_for`."""

    @pytest.fixture
    def provider_for(self) -> ProviderFor:
        """Makes a provider that plays exchanges. It may be called more than once in a test."""
        raise NotImplementedError("Override the fixture provider_for.")

    def test_a_text(self, provider_for: ProviderFor) -> None:
        request = question()
        response = provider_for([Exchange(request, TextReply("A cat. “Miau” — 猫 🐈\nAnd a dog."))]).converse(request)
        assert response.text == "A cat. “Miau” — 猫 🐈\nAnd a dog."
        assert response.message == Message.assistant("A cat. “Miau” — 猫 🐈\nAnd a dog.")
        assert response.stop_reason is StopReason.END_TURN
        assert response.tool_uses == ()

    def test_usage_is_counted(self, provider_for: ProviderFor) -> None:
        request = question()
        response = provider_for([Exchange(request, TextReply("A cat."))]).converse(request)
        assert response.usage.input_tokens > 0
        assert response.usage.output_tokens > 0
        assert response.latency_ms >= 0

    @pytest.mark.parametrize("reason", [StopReason.MAX_TOKENS, StopReason.CONTENT_FILTERED, StopReason.STOP_SEQUENCE])
    def test_the_stop_reason_is_told_not_judged(self, provider_for: ProviderFor, reason: StopReason) -> None:
        request = question()
        response = provider_for([Exchange(request, TextReply("A c", reason))]).converse(request)
        assert (response.text, response.stop_reason) == ("A c", reason)

    def test_a_tool_use_and_the_conversation_after_it(self, provider_for: ProviderFor) -> None:
        first = question(label="turn-1", tools=(LOOK,))
        asked: dict[str, JsonValue] = {"where": "roof", "deep": [1, 2.5, None, True, {"a": "ü"}]}
        provider = provider_for([Exchange(first, ToolUseReply("look", asked, "I will look."))])
        response = provider.converse(first)
        assert response.stop_reason is StopReason.TOOL_USE
        (use,) = response.tool_uses
        assert (use.name, use.input) == ("look", asked)
        assert use.tool_use_id
        assert response.message.content == (TextBlock(text="I will look."), use)

        turns = (*first.messages, response.message, Message.user(ToolResultBlock.success(use.tool_use_id, "A cat.")))
        second = first.model_copy(update={"messages": turns, "label": "turn-2"})
        assert provider_for([Exchange(second, TextReply("There is a cat."))]).converse(second).text == "There is a cat."

    def test_tool_uses_of_different_requests_have_different_ids(self, provider_for: ProviderFor) -> None:
        requests = [question(prompt, label=label, tools=(LOOK,)) for prompt, label in (("One?", "a"), ("Two?", "b"))]
        provider = provider_for([Exchange(request, ToolUseReply("look")) for request in requests])
        ids = [use.tool_use_id for request in requests for use in provider.converse(request).tool_uses]
        assert len(set(ids)) == 2

    def test_a_structured_reply(self, provider_for: ProviderFor) -> None:
        request = question("What, and how many? Answer in JSON: what, count.", output_schema=Sighting)
        response = provider_for([Exchange(request, TextReply('{"what": "cat", "count": 2}'))]).converse(request)
        assert response.parse(Sighting) == Sighting(what="cat", count=2)

    @pytest.mark.parametrize("kind", ERROR_KINDS)
    def test_each_error_surfaces_as_its_own_type_with_a_message(
        self, provider_for: ProviderFor, kind: type[ModelError]
    ) -> None:
        request = question()
        with pytest.raises(ModelError) as caught:
            provider_for([Exchange(request, ErrorReply(kind))]).converse(request)
        assert type(caught.value) is kind
        assert str(caught.value).strip()

    @pytest.mark.parametrize("kind", [kind for kind in ERROR_KINDS if issubclass(kind, RetryableModelError)])
    def test_after_an_error_that_may_pass_the_same_request_can_be_asked_again(
        self, provider_for: ProviderFor, kind: type[ModelError]
    ) -> None:
        request = question()
        provider = provider_for([Exchange(request, ErrorReply(kind)), Exchange(request, TextReply("A cat."))])
        with pytest.raises(kind):
            provider.converse(request)
        assert provider.converse(request).text == "A cat."

    def test_one_call_plays_one_reply_even_if_it_fails(self, provider_for: ProviderFor) -> None:
        """A provider never asks again by itself: retrying belongs to the durable step."""
        request = question()
        replies = (ErrorReply(ModelThrottledError), ErrorReply(ModelUnavailableError), TextReply("A cat."))
        provider = provider_for([Exchange(request, reply) for reply in replies])
        for kind in (ModelThrottledError, ModelUnavailableError):
            with pytest.raises(kind):
                provider.converse(request)
        assert provider.converse(request).text == "A cat."

    def test_equal_prompts_under_different_labels_are_different_requests(self, provider_for: ProviderFor) -> None:
        requests = [question(label=f"candidate-{number}") for number in (1, 2, 3)]
        provider = provider_for([Exchange(request, TextReply(request.label)) for request in requests])
        assert [provider.converse(request).text for request in reversed(requests)] == [
            "candidate-3",
            "candidate-2",
            "candidate-1",
        ]

    def test_an_explicit_model_id_is_reported_as_it_is(self, provider_for: ProviderFor) -> None:
        request = question(model=EXPLICIT_MODEL)
        assert provider_for([Exchange(request, TextReply("A cat."))]).converse(request).model == EXPLICIT_MODEL

    def test_each_tier_is_reported_as_the_model_it_stands_for(self, provider_for: ProviderFor) -> None:
        requests = [question(model=tier, label=tier) for tier in ("small", "medium", "large")]
        provider = provider_for([Exchange(request, TextReply("A cat.")) for request in requests])
        models = [provider.converse(request).model for request in requests]
        assert len(set(models)) == 3
        assert not {"small", "medium", "large", ""} & set(models)

    def test_a_response_survives_a_checkpoint(self, provider_for: ProviderFor) -> None:
        request = question(tools=(LOOK,))
        reply = ToolUseReply("look", {"where": "ü", "n": 1.5, "m": None}, "Looking.")
        response = provider_for([Exchange(request, reply)]).converse(request)
        assert ModelResponse.model_validate_json(response.model_dump_json()) == response

    def test_the_request_is_left_as_it_was(self, provider_for: ProviderFor) -> None:
        use = ToolUseBlock(tool_use_id="use-1", name="look", input={"where": ["roof"]})
        request = question(
            system="Be brief.", tools=(LOOK,), output_schema=Sighting, temperature=0.5, stop_sequences=("END",)
        )
        turns = (*request.messages, Message.assistant(use), Message.user(ToolResultBlock.error("use-1", "too dark")))
        request = request.model_copy(update={"messages": turns})
        before, digest = request.model_dump_json(), request.digest()
        provider_for([Exchange(request, TextReply("Nothing."))]).converse(request)
        assert (request.model_dump_json(), request.digest()) == (before, digest)

    def test_many_threads_each_get_their_own_answers(self, provider_for: ProviderFor) -> None:
        """Map and parallel branches call one provider at the same time."""
        requests = [
            [
                question(f"Thread {thread}, call {call}?", label=f"thread-{thread}-call-{call}")
                for call in range(CALLS_PER_THREAD)
            ]
            for thread in range(THREADS)
        ]
        exchanges = [Exchange(request, TextReply(f"To {request.label}")) for own in requests for request in own]
        provider = provider_for(exchanges)
        together = threading.Barrier(THREADS)

        def ask_all(own: list[ModelRequest]) -> list[tuple[str, str]]:
            together.wait()
            return [(f"To {request.label}", provider.converse(request).text) for request in own]

        with ThreadPoolExecutor(THREADS) as pool:
            answered = [pair for pairs in pool.map(ask_all, requests) for pair in pairs]
        assert len(answered) == THREADS * CALLS_PER_THREAD
        assert [pair for pair in answered if pair[0] != pair[1]] == []

    def test_many_threads_share_the_replies_of_one_request(self, provider_for: ProviderFor) -> None:
        """Each reply is given once: none lost, none twice."""
        request = question()
        texts = [f"Answer {number}" for number in range(THREADS)]
        provider = provider_for([Exchange(request, TextReply(text)) for text in texts])
        together = threading.Barrier(THREADS)

        def ask_once(_: int) -> str:
            together.wait()
            return provider.converse(request).text

        with ThreadPoolExecutor(THREADS) as pool:
            assert sorted(pool.map(ask_once, range(THREADS))) == sorted(texts)
