"""Who answers, by name: the one place where providers are registered. The environment and the command line read it.

In the environment, `MODEL_PROVIDER` is `bedrock` (the default), `openai` (any OpenAI-compatible endpoint), `cassette`
(then `MODEL_CASSETTE` names the file) or `scripted` (then `MODEL_SCRIPT` names a JSON file, as
`ScriptedProvider.from_file` reads it). It is read at the first call and not at import; the choice is made once per
process. Nothing of a provider is loaded before it is chosen.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from providers.errors import PermanentModelError
from providers.model import ModelProvider

BEDROCK, CASSETTE, OPENAI, SCRIPTED = "bedrock", "cassette", "openai", "scripted"


class ProviderSelectionError(PermanentModelError):
    """No provider that exists is named, or what the named one needs is left out."""


@dataclass(frozen=True, kw_only=True)
class ProviderSettings:
    """What providers are made from. Each takes what is its own, and leaves the rest alone.

    Attributes:
        environment: Variables for what has no field here, such as Bedrock's `MODEL_SMALL` and `MODEL_READ_TIMEOUT`.
        cassette: The recording that `cassette` replays.
        script: The JSON script that `scripted` answers from; None answers whatever fits the request.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    cassette: Path | None = None
    script: Path | None = None


type _Maker = Callable[[ProviderSettings], ModelProvider]


@dataclass(frozen=True)
class _Registration:
    make: _Maker
    needs: Mapping[str, str]
    check: Callable[[], None]


_PROVIDERS: dict[str, _Registration] = {}


def _registered(
    name: str, *, needs: Mapping[str, str] | None = None, check: Callable[[], None] = lambda: None
) -> Callable[[_Maker], _Maker]:
    """Register a provider.

    Args:
        name: What it is chosen by.
        needs: The variables without which the environment cannot choose it, each with what it names.
        check: Raises `PermanentModelError` where the provider can be made, and still not be asked from here.
    """

    def register(make: _Maker) -> _Maker:
        _PROVIDERS[name] = _Registration(make, needs or {}, check)
        return make

    return register


def _check_bedrock() -> None:
    from providers.bedrock import check_access  # noqa: PLC0415  # boto3 is loaded only by who uses it

    check_access()


@_registered(BEDROCK, check=_check_bedrock)
def _bedrock(settings: ProviderSettings) -> ModelProvider:
    from providers.bedrock import BedrockProvider  # noqa: PLC0415  # boto3 is loaded only by who uses it

    return BedrockProvider.from_environment(settings.environment)


def _check_openai() -> None:
    from providers.openai import check_access  # noqa: PLC0415  # an extra, loaded only by who uses it

    check_access()


@_registered(OPENAI, check=_check_openai)
def _openai(settings: ProviderSettings) -> ModelProvider:
    try:
        from providers.openai import OpenAIProvider  # noqa: PLC0415  # an extra, loaded only by who uses it
    except ModuleNotFoundError as error:
        raise ProviderSelectionError(str(error)) from error
    return OpenAIProvider.from_environment(settings.environment)


@_registered(CASSETTE, needs={"MODEL_CASSETTE": "the cassette file to replay"})
def _cassette(settings: ProviderSettings) -> ModelProvider:
    from providers.cassette import CassetteProvider  # noqa: PLC0415  # needs PyYAML, which is not deployed

    if settings.cassette is None:
        raise ProviderSelectionError(f"The provider {CASSETTE} needs a recording to replay; name a file.")
    return CassetteProvider(settings.cassette)


@_registered(SCRIPTED, needs={"MODEL_SCRIPT": "the JSON script to answer from"})
def _scripted(settings: ProviderSettings) -> ModelProvider:
    from providers.scripted import ScriptedProvider  # noqa: PLC0415  # not needed in production

    return ScriptedProvider.from_file(settings.script) if settings.script else ScriptedProvider()


def provider_names() -> tuple[str, ...]:
    """The names that a provider can be chosen by."""
    return tuple(_PROVIDERS)


def make_provider(name: str, settings: ProviderSettings) -> ModelProvider:
    """A new provider.

    Raises:
        PermanentModelError: It cannot be made: `ProviderSelectionError` if there is none of this name or a setting is
            left out, otherwise the provider's own error, which says what is wrong with its file or its settings.
    """
    return _registration(name).make(settings)


def check_provider(name: str, settings: ProviderSettings) -> None:
    """Make sure, before anything runs, that a provider can be made and asked from here; no model is asked.

    Raises:
        PermanentModelError: See `make_provider`; or what a call needs is missing, such as credentials.
    """
    make_provider(name, settings)
    _registration(name).check()


def _registration(name: str) -> _Registration:
    if name not in _PROVIDERS:
        raise ProviderSelectionError(f"The provider {name!r} is unknown; use one of: {', '.join(_PROVIDERS)}.")
    return _PROVIDERS[name]


def provider_from_environment(environment: Mapping[str, str]) -> ModelProvider:
    """The provider that `environment` asks for.

    Raises:
        PermanentModelError: See `make_provider`; `ProviderSelectionError` where a variable that it needs is missing.
    """
    name = environment.get("MODEL_PROVIDER") or BEDROCK
    for variable, meaning in _registration(name).needs.items():
        if not environment.get(variable):
            raise ProviderSelectionError(f"MODEL_PROVIDER={name} needs {variable}: {meaning}.")
    cassette, script = environment.get("MODEL_CASSETTE"), environment.get("MODEL_SCRIPT")
    settings = ProviderSettings(
        environment=environment,
        cassette=Path(cassette) if cassette else None,
        script=Path(script) if script else None,
    )
    return make_provider(name, settings)


@functools.cache
def selected_provider() -> ModelProvider:
    """The provider that this process's environment asks for: the same object at every call."""
    return provider_from_environment(os.environ)
