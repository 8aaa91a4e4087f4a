"""What the environment says about models, whoever serves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from providers.errors import PermanentModelError

READ_TIMEOUT_SECONDS = 120
"""Longest wait unless told otherwise, in seconds. A call must end before its function's timeout: one that outlives its
function is interrupted, which counts as no attempt, so it would be made again and again."""

_SWITCH = {"on": True, "off": False}


@dataclass(frozen=True)
class Terms:
    """What a provider's settings may be.

    Attributes:
        tiers: The model id each tier stands for unless told otherwise.
        longest_read_timeout: In seconds.
        below: What the read timeout must stay below.
        error: What a setting that makes no sense is.
    """

    tiers: Mapping[str, str]
    longest_read_timeout: int
    below: str
    error: type[PermanentModelError]


@dataclass(frozen=True)
class Settings:
    """What a provider is made from.

    Attributes:
        terms: The provider's own.
        tiers: Model ids for some or all of the tiers; the others are the provider's.
        structured_output: Send a request's output schema.
        read_timeout: In seconds.

    Raises:
        PermanentModelError: One of them makes no sense; it is the provider's `error`.
    """

    terms: Terms
    tiers: Mapping[str, str] = field(default_factory=dict)
    structured_output: bool = True
    read_timeout: int = READ_TIMEOUT_SECONDS

    def __post_init__(self) -> None:
        for tier, model_id in self.tiers.items():
            if tier not in self.terms.tiers:
                raise self.terms.error(f"There is no tier {tier!r}; there are {', '.join(self.terms.tiers)}.")
            if not model_id or any(character.isspace() for character in model_id):
                raise self.terms.error(
                    f"The model id of tier {tier!r} (MODEL_{tier.upper()}) must be one word, and is {model_id!r}."
                )
        _check_timeout(self.terms, "read_timeout", str(self.read_timeout), self.read_timeout)

    @classmethod
    def of(cls, environ: Mapping[str, str], terms: Terms) -> Self:
        """The settings in `environ`, all optional.

        `MODEL_SMALL`, `MODEL_MEDIUM` and `MODEL_LARGE` are model ids, `MODEL_READ_TIMEOUT` is in seconds,
        `MODEL_STRUCTURED_OUTPUT` is `on` or `off`.

        Raises:
            PermanentModelError: One of them is malformed; it is the provider's `error`.
        """
        switch = environ.get("MODEL_STRUCTURED_OUTPUT") or "on"
        if switch not in _SWITCH:
            raise terms.error(f"MODEL_STRUCTURED_OUTPUT={switch!r} must be 'on' or 'off'.")
        seconds = environ.get("MODEL_READ_TIMEOUT") or str(READ_TIMEOUT_SECONDS)
        whole = int(seconds) if seconds.isdecimal() else 0
        _check_timeout(terms, "MODEL_READ_TIMEOUT", repr(seconds), whole)
        tiers = {tier: value for tier in terms.tiers if (value := environ.get(f"MODEL_{tier.upper()}"))}
        return cls(terms, tiers, _SWITCH[switch], whole)

    def model_id(self, model: str) -> str:
        """The model id that a request's `model` stands for: a tier's, or the id itself."""
        return self.tiers.get(model) or self.terms.tiers.get(model, model)


def _check_timeout(terms: Terms, name: str, given: str, seconds: int) -> None:
    if not 1 <= seconds <= terms.longest_read_timeout:
        raise terms.error(
            f"{name}={given} must be whole seconds, 1 to {terms.longest_read_timeout}, and below {terms.below}."
        )
