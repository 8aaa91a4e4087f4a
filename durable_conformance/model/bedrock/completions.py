"""Families that answer a prompt with a text and nothing else: one table row each.

Shapes: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html, a page for each
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from durable_conformance.model.bedrock.asked import Asked
from durable_conformance.model.bedrock.dialect import (
    EACH,
    Asks,
    Json,
    Path,
    Said,
    at,
    every,
    pieces,
    reason,
    strings,
    word,
)
from durable_conformance.model.bedrock.reply import Reply


@dataclass(frozen=True)
class Completion:
    """A text, why it ends, and how long it is."""

    name: str
    stop: Path  # where a request says what ends the text
    text: Path
    ending: Path
    words: dict[str, str]
    write: Callable[[Asked, Reply, str], Json]
    """The body of the response, from the reply and its stop reason in the family's words."""
    part: Callable[[str, str | None], Json]
    """A part of the stream: a piece of the text, and the stop reason in the last."""
    schema: Path = ()  # where a request has the schema of its answer
    tokens: tuple[Path, Path] | None = None  # where a response says how many it took, and how many it made
    ids: tuple[Path, ...] = ()

    @property
    def texts(self) -> tuple[Path, ...]:
        """See `Dialect`."""
        return (self.text,)

    def asks(self, body: Json) -> Asks:
        """See `Dialect`."""
        schema = at(body, *self.schema, of=dict) if self.schema else None
        return Asks(schema=schema or None, stop=strings(at(body, *self.stop, of=list)))

    def body(self, asked: Asked, reply: Reply) -> Json:
        """See `Dialect`."""
        return self.write(asked, reply, word(self.words, reply.stop_reason))

    def said(self, body: Json) -> Said | None:
        """See `Dialect`."""
        texts = strings(list(every(body, self.text)))
        if not texts:
            return None
        used, made = (next(every(body, path), None) for path in self.tokens or ((), ()))
        return Said(
            texts,
            stop_reason=reason(self.words, next(strings_at(body, self.ending), "")),
            input_tokens=used if isinstance(used, int) else None,
            output_tokens=made if isinstance(made, int) else None,
        )

    def chunks(self, body: Json) -> Iterator[Json]:
        """See `Dialect`."""
        *first, last = pieces(next(strings_at(body, self.text), "")) or [""]
        yield from (self.part(piece, None) for piece in first)
        yield self.part(last, next(strings_at(body, self.ending), self.words["end_turn"]))


def strings_at(body: Json, path: Path) -> Iterator[str]:
    """The texts that stand at `path`."""
    return (value for value in every(body, path) if isinstance(value, str))


LLAMA = Completion(
    "llama",
    stop=("stop",),
    text=("generation",),
    ending=("stop_reason",),
    words={"end_turn": "stop", "max_tokens": "length"},
    write=lambda _asked, reply, ending: {
        "generation": reply.text,
        "prompt_token_count": reply.input_tokens,
        "generation_token_count": reply.output_tokens,
        "stop_reason": ending,
    },
    part=lambda piece, ending: {
        "generation": piece,
        "prompt_token_count": None,
        "generation_token_count": None,
        "stop_reason": ending,
    },
    tokens=(("prompt_token_count",), ("generation_token_count",)),
)

TITAN = Completion(
    "titan",
    stop=("textGenerationConfig", "stopSequences"),
    text=("results", EACH, "outputText"),
    ending=("results", EACH, "completionReason"),
    words={"end_turn": "FINISH", "max_tokens": "LENGTH", "stop_sequence": "STOP_CRITERIA_MET"}
    | {"content_filtered": "CONTENT_FILTERED"},
    write=lambda _asked, reply, ending: {
        "inputTextTokenCount": reply.input_tokens,
        "results": [{"tokenCount": reply.output_tokens, "outputText": reply.text, "completionReason": ending}],
    },
    part=lambda piece, ending: {
        "outputText": piece,
        "index": 0,
        "totalOutputTextTokenCount": None,
        "completionReason": ending,
        "inputTextTokenCount": None,
    },
    tokens=(("inputTextTokenCount",), ("results", EACH, "tokenCount")),
)

ANTHROPIC_TEXT = Completion(
    "anthropic_text",
    stop=("stop_sequences",),
    text=("completion",),
    ending=("stop_reason",),
    words={"end_turn": "stop_sequence", "max_tokens": "max_tokens"},
    write=lambda _asked, reply, ending: {
        "type": "completion",
        "completion": reply.text,
        "stop_reason": ending,
        "stop": "\n\nHuman:" if ending == "stop_sequence" else None,
    },
    part=lambda piece, ending: {
        "type": "completion",
        "completion": piece,
        "stop_reason": ending,
        "stop": "\n\nHuman:" if ending == "stop_sequence" else None,
    },
)

MISTRAL = Completion(
    "mistral",
    stop=("stop",),
    text=("outputs", EACH, "text"),
    ending=("outputs", EACH, "stop_reason"),
    words={"end_turn": "stop", "max_tokens": "length"},
    write=lambda _asked, reply, ending: {"outputs": [{"text": reply.text, "stop_reason": ending}]},
    part=lambda piece, ending: {"outputs": [{"text": piece, "stop_reason": ending}]},
)

DEEPSEEK = Completion(
    "deepseek",
    stop=("stop",),
    text=("choices", EACH, "text"),
    ending=("choices", EACH, "stop_reason"),
    words={"end_turn": "stop", "max_tokens": "length"},
    write=lambda _asked, reply, ending: {"choices": [{"index": 0, "text": reply.text, "stop_reason": ending}]},
    part=lambda piece, ending: {"choices": [{"index": 0, "text": piece, "stop_reason": ending}]},
)

_COHERE_WORDS = {"end_turn": "COMPLETE", "max_tokens": "MAX_TOKENS", "content_filtered": "ERROR_TOXIC"}

COHERE = Completion(
    "cohere",
    stop=("stop_sequences",),
    text=("generations", EACH, "text"),
    ending=("generations", EACH, "finish_reason"),
    words=_COHERE_WORDS,
    write=lambda asked, reply, ending: {
        "id": asked.identity[:32],
        "generations": [{"id": asked.identity[32:], "text": reply.text, "finish_reason": ending}],
        "prompt": at(asked.body, "prompt", of=str),
    },
    part=lambda piece, ending: {
        "text": piece,
        "is_finished": ending is not None,
        "index": 0,
        **({"finish_reason": ending} if ending else {}),
    },
)

COHERE_CHAT = Completion(
    "cohere_chat",
    stop=("stop_sequences",),
    text=("text",),
    ending=("finish_reason",),
    words=_COHERE_WORDS,
    schema=("response_format", "schema"),
    write=lambda asked, reply, ending: {
        "response_id": asked.identity[:32],
        "generation_id": asked.identity[32:],
        "text": reply.text,
        "finish_reason": ending,
        "chat_history": [
            *at(asked.body, "chat_history", of=list),
            {"role": "USER", "message": at(asked.body, "message", of=str)},
            {"role": "CHATBOT", "message": reply.text},
        ],
    },
    part=lambda piece, ending: {
        "event_type": "text-generation" if ending is None else "stream-end",
        "text": piece,
        "is_finished": ending is not None,
        **({"finish_reason": ending} if ending else {}),
    },
)
