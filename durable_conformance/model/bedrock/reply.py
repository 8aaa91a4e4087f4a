"""What a model answers, in neutral words."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from durable_conformance.model.call import Answer


@dataclass(frozen=True)
class ToolUse:
    """A tool that the model asks for."""

    id: str
    name: str
    input: Any  # JSON


@dataclass(frozen=True)
class Reply:
    """One turn of the model."""

    text: str = ""
    tool_uses: tuple[ToolUse, ...] = ()
    stop_reason: str = "end_turn"  # in Converse's words
    input_tokens: int = 0
    output_tokens: int = 0
    body: dict[str, Any] | None = field(default=None, repr=False)
    """The response that was given whole, in the request's dialect: it is sent as it is."""

    def as_json(self) -> str:
        """The reply as JSON, with sorted keys: equal replies have equal texts."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @property
    def answer(self) -> Answer:
        """The reply as a run keeps it."""
        return Answer(self.as_json(), self.input_tokens, self.output_tokens)

    @classmethod
    def from_json(cls, text: str) -> Reply:
        """The reply that `as_json` wrote."""
        fields = json.loads(text)
        return cls(**fields | {"tool_uses": tuple(ToolUse(**use) for use in fields["tool_uses"])})
