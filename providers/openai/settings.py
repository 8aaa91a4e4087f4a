"""What the environment says about models behind an OpenAI-compatible endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from providers.errors import PermanentModelError
from providers.openai.chat import Limit
from providers.settings import Terms

DEFAULT_TIERS: Mapping[str, str] = MappingProxyType(
    {"small": "gpt-5.6-luna", "medium": "gpt-5.6-terra", "large": "gpt-5.6-sol"}
)
"""The model id each tier stands for unless told otherwise: OpenAI's. Any other endpoint has names of its own."""

_LIMITS: Mapping[str, Limit] = {"max_tokens": "max_tokens", "max_completion_tokens": "max_completion_tokens"}


class OpenAIConfigurationError(PermanentModelError):
    """A setting of the OpenAI provider makes no sense: the message says which, and what it may be."""


TERMS = Terms(
    tiers=DEFAULT_TIERS,
    longest_read_timeout=449,  # a call lasts at most twice as long, and a function 900 seconds
    below="half of the function's timeout",
    error=OpenAIConfigurationError,
)


def limit_of(environ: Mapping[str, str]) -> Limit | None:
    """The parameter that bounds a reply; None is what the endpoint's host takes.

    Raises:
        OpenAIConfigurationError: There is no such parameter.
    """
    limit = environ.get("MODEL_TOKEN_LIMIT") or None
    if limit is not None and limit not in _LIMITS:
        raise OpenAIConfigurationError(f"MODEL_TOKEN_LIMIT={limit!r} must be 'max_tokens' or 'max_completion_tokens'.")
    return _LIMITS[limit] if limit else None
