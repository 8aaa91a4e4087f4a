"""Which provider answers, by environment. Reads nothing at import; the choice is made once per process.

`MODEL_PROVIDER` is `bedrock` (the default), `cassette` (then `MODEL_CASSETTE` names the file) or `scripted` (then
`MODEL_SCRIPT` names a JSON file, as `ScriptedProvider.from_file` reads it).
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping

from providers.errors import PermanentModelError
from providers.model import ModelProvider


class ProviderSelectionError(PermanentModelError):
    """The environment names no provider that exists, or leaves out what the provider needs."""


def _bedrock(environment: Mapping[str, str]) -> ModelProvider:
    from providers.bedrock import BedrockProvider  # noqa: PLC0415  # boto3 is loaded only by who uses it

    return BedrockProvider.from_environment(environment)


def _cassette(environment: Mapping[str, str]) -> ModelProvider:
    from providers.cassette import CassetteProvider  # noqa: PLC0415  # needs PyYAML, which is not deployed

    return CassetteProvider(_required(environment, "MODEL_CASSETTE", "the cassette file to replay"))


def _scripted(environment: Mapping[str, str]) -> ModelProvider:
    from providers.scripted import ScriptedProvider  # noqa: PLC0415  # not needed in production

    return ScriptedProvider.from_file(_required(environment, "MODEL_SCRIPT", "the JSON script to answer from"))


def _required(environment: Mapping[str, str], variable: str, meaning: str) -> str:
    if value := environment.get(variable):
        return value
    raise ProviderSelectionError(f"MODEL_PROVIDER={environment['MODEL_PROVIDER']} needs {variable}: {meaning}.")


_PROVIDERS: dict[str, Callable[[Mapping[str, str]], ModelProvider]] = {
    "bedrock": _bedrock,
    "cassette": _cassette,
    "scripted": _scripted,
}


def provider_from_environment(environment: Mapping[str, str]) -> ModelProvider:
    """The provider that `environment` asks for.

    Raises:
        ProviderSelectionError: It asks for one that does not exist, or leaves out what that one needs.
    """
    name = environment.get("MODEL_PROVIDER") or "bedrock"
    if name not in _PROVIDERS:
        raise ProviderSelectionError(f"MODEL_PROVIDER={name!r} is unknown; use one of: {', '.join(_PROVIDERS)}.")
    return _PROVIDERS[name](environment)


@functools.cache
def selected_provider() -> ModelProvider:
    """The provider that this process's environment asks for: the same object at every call."""
    return provider_from_environment(os.environ)
