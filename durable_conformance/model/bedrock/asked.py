"""What a request asks, in neutral words."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from durable_conformance.model.call import Request, untagged

_PROMPTS = ("prompt", "inputText", "message", "inputs", "texts")
"""Where bodies without messages have their text."""


def _text_of(content: Any) -> str:
    blocks = content if isinstance(content, list) else [content]
    texts = (block.get("text") if isinstance(block, dict) else block for block in blocks)
    return "\n".join(
        text if isinstance(text, str) else json.dumps(block) for text, block in zip(texts, blocks, strict=True)
    )


@dataclass(frozen=True)
class Tool:
    """A tool that the request offers."""

    name: str
    schema: dict[str, Any]  # of its input


@dataclass(frozen=True)
class Asked:
    """A request. `text` is all of it; the rest is what the text says."""

    text: str  # JSON with sorted keys: the operation, the model and the body. Equal requests have equal texts
    operation: str
    model: str  # as the request names it: an id, an inference profile, an ARN
    family: str  # the dialect of its body: `converse`, `anthropic`, `llama`, …; empty if nobody knows it
    tools: tuple[Tool, ...] = ()
    forced: str = ""  # the tool that the reply must use; empty if the model may choose
    schema: dict[str, Any] | None = None  # of the JSON that the reply's text must be
    stop: tuple[str, ...] = ()  # texts that end the reply
    embedding: int = 0  # how many numbers the answer has, where it is a vector
    unsupported: str = ""  # why nobody can answer it, as a sentence

    @property
    def streams(self) -> bool:
        """Whether the answer comes as a stream of events."""
        return self.operation.endswith("Stream")

    @cached_property
    def body(self) -> Any:
        """What was sent: JSON, or the text as it is where it was none."""
        return json.loads(self.text)["body"]

    @property
    def turns(self) -> list[tuple[str, str]]:
        """The conversation: whose turn it is (`user`, `assistant`, `system`), and its text; what is no text as JSON."""
        body = self.body if isinstance(self.body, dict) else {"prompt": self.body}
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            return [("user", next((str(body[key]) for key in _PROMPTS if key in body), self.text))]
        return [
            (str(one.get("role", "user")), _text_of(one.get("content"))) for one in messages if isinstance(one, dict)
        ]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the request, hexadecimal."""
        return hashlib.sha256(self.text.encode(errors="surrogatepass")).hexdigest()

    @cached_property
    def identity(self) -> str:
        """SHA-256 of the request without tags: what must not differ between runs is made of this."""
        return hashlib.sha256(untagged(self.text).encode(errors="surrogatepass")).hexdigest()

    @property
    def request(self) -> Request:
        """The request as a run keeps it. `asked_again` reads it back."""
        return Request(self.text, self.digest, self.model, self.text)
