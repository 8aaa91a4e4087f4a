"""Bases of what goes into a workflow and what comes out of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel

Text = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=100_000)]
"""Text that a caller sends: not empty, and short enough for a model's context window (about 25,000 tokens)."""


class Event(BaseModel):
    """Base of a workflow's input. An unknown field is an error: a misspelt one must not silently mean the default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Result(BaseModel):
    """Base of a workflow's result. Its JSON keys are camelCase, as the fields' names would be in JavaScript."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True)
