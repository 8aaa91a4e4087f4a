"""What the environment says about models, whoever serves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

from providers.errors import PermanentModelError
from providers.openai.chat import Limit

DEFAULT_TIERS: Mapping[str, str] = MappingProxyType(
    {"small": "gpt-5.6-luna", "medium": "gpt-5.6-terra", "large": "gpt-5.6-sol"}
)
"""The model id each tier stands for unless told otherwise: OpenAI's. Any other endpoint has names of its own."""

READ_TIMEOUT_SECONDS = 120
"""Longest silence, in seconds, before an answer and within it; an answer that trickles is given up on after as long."""

LONGEST_READ_TIMEOUT_SECONDS = 449
"""A call lasts at most twice the read timeout: this leaves it below the longest timeout of a function, 900 seconds."""

_SWITCH = {"on": True, "off": False}
_LIMITS: Mapping[str, Limit] = {"max_tokens": "max_tokens", "max_completion_tokens": "max_completion_tokens"}


class OpenAIConfigurationError(PermanentModelError):
    """A setting of the OpenAI provider makes no sense: the message says which, and what it may be."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a provider is made from.

    Attributes:
        tiers: Model ids for some or all of the tiers; the others keep `DEFAULT_TIERS`.
        structured_output: Send a request's output schema.
        read_timeout: Longest silence, in seconds.
        limit: The parameter that bounds a reply; None is what the endpoint's host takes.

    Raises:
        OpenAIConfigurationError: One of them makes no sense.
    """

    tiers: Mapping[str, str] = field(default_factory=dict)
    structured_output: bool = True
    read_timeout: int = READ_TIMEOUT_SECONDS
    limit: Limit | None = None

    def __post_init__(self) -> None:
        for tier, model_id in self.tiers.items():
            if tier not in DEFAULT_TIERS:
                raise OpenAIConfigurationError(f"There is no tier {tier!r}; there are {', '.join(DEFAULT_TIERS)}.")
            if not model_id or any(character.isspace() for character in model_id):
                raise OpenAIConfigurationError(
                    f"The model id of tier {tier!r} (MODEL_{tier.upper()}) must be one word, and is {model_id!r}."
                )
        if not 1 <= self.read_timeout <= LONGEST_READ_TIMEOUT_SECONDS:
            raise OpenAIConfigurationError(_timeout(f"read_timeout={self.read_timeout}"))

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """The settings in `environ`, all optional.

        Raises:
            OpenAIConfigurationError: One of them is malformed.
        """
        switch = environ.get("MODEL_STRUCTURED_OUTPUT") or "on"
        if switch not in _SWITCH:
            raise OpenAIConfigurationError(f"MODEL_STRUCTURED_OUTPUT={switch!r} must be 'on' or 'off'.")
        seconds = environ.get("MODEL_READ_TIMEOUT") or str(READ_TIMEOUT_SECONDS)
        if not (seconds.isdecimal() and 1 <= int(seconds) <= LONGEST_READ_TIMEOUT_SECONDS):
            raise OpenAIConfigurationError(_timeout(f"MODEL_READ_TIMEOUT={seconds!r}"))
        limit = environ.get("MODEL_TOKEN_LIMIT") or None
        if limit is not None and limit not in _LIMITS:
            raise OpenAIConfigurationError(
                f"MODEL_TOKEN_LIMIT={limit!r} must be 'max_tokens' or 'max_completion_tokens'."
            )
        return cls(
            tiers={tier: value for tier in DEFAULT_TIERS if (value := environ.get(f"MODEL_{tier.upper()}"))},
            structured_output=_SWITCH[switch],
            read_timeout=int(seconds),
            limit=_LIMITS[limit] if limit else None,
        )

    def model_id(self, model: str) -> str:
        """The model id that a request's `model` stands for: a tier's, or the id itself."""
        return self.tiers.get(model) or DEFAULT_TIERS.get(model, model)


def _timeout(given: str) -> str:
    return (
        f"{given} must be whole seconds, 1 to {LONGEST_READ_TIMEOUT_SECONDS}, and below half of the function's timeout."
    )
