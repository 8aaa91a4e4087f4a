"""Checkpointed payloads as a reader wants them in a file: JSON as JSON, and still the text that was checkpointed."""

from __future__ import annotations

import json
from typing import Any, Literal, NoReturn, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_serializer, model_validator

type Layout = Literal["compact", "ascii", "spaced", "spaced ascii"]

_LAYOUTS: dict[Layout, dict[str, Any]] = {
    "compact": {"separators": (",", ":"), "ensure_ascii": False},  # what pydantic writes
    "ascii": {"separators": (",", ":")},  # what the SDK's default serializer writes
    "spaced": {"ensure_ascii": False},
    "spaced ascii": {},
}


class Frozen(BaseModel):
    """What stands in a history's file: immutable, and what it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Payload(Frozen):
    """A payload: its JSON where writing that again gives the same text, else the text."""

    json_: JsonValue = Field(default=None, alias="json")
    layout: Layout = "compact"
    text: str | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.text is None) == ("json_" not in self.model_fields_set):
            raise ValueError("a payload has either 'json' or 'text'")
        return self

    @classmethod
    def of(cls, text: str) -> Self:
        """The payload that stands for `text`."""
        try:
            value = json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError):
            return cls(text=text)
        for layout, style in _LAYOUTS.items():
            if json.dumps(value, **style) == text:
                return cls.model_validate({"json": value, "layout": layout})
        return cls(text=text)

    @model_serializer
    def _written(self) -> dict[str, JsonValue]:
        if self.text is not None:
            return {"text": self.text}
        return {"json": self.json_} if self.layout == "compact" else {"json": self.json_, "layout": self.layout}

    def __str__(self) -> str:
        """The text that was checkpointed."""
        return json.dumps(self.json_, **_LAYOUTS[self.layout]) if self.text is None else self.text


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
