"""Which provider `durable-ai run` asks, and whether it can be asked at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from boto3.session import Session
from botocore.exceptions import BotoCoreError

from conformance.errors import CannotRunError
from providers import ModelProvider
from providers.bedrock import BedrockConfigurationError, BedrockProvider
from providers.cassette import CassetteError, CassetteProvider
from providers.scripted import ScriptedProvider, ScriptError


class ProviderName(StrEnum):
    """Who answers."""

    CASSETTE = "cassette"
    SCRIPTED = "scripted"
    BEDROCK = "bedrock"


def chosen_model(name: ProviderName, *, cassette: Path, script: Path | None) -> Callable[[], ModelProvider]:
    """Makes the provider named `name`.

    Args:
        name: Which.
        cassette: The file that `cassette` replays.
        script: The file that `scripted` answers from; None answers whatever is asked.

    Raises:
        CannotRunError: The file is missing or unreadable, or there are no credentials.
    """
    match name:
        case ProviderName.CASSETTE:
            if not cassette.is_file():
                raise CannotRunError(
                    f"There is no cassette {cassette}; run this in the repository, or name another with --cassette."
                )
            try:
                CassetteProvider(cassette)
            except CassetteError as error:
                raise CannotRunError(str(error)) from error
            return lambda: CassetteProvider(cassette)
        case ProviderName.SCRIPTED:
            if script is None:
                return ScriptedProvider
            return _scripted(script)
        case ProviderName.BEDROCK:
            return _bedrock()


def _scripted(script: Path) -> Callable[[], ModelProvider]:
    try:
        provider = ScriptedProvider.from_file(script)
    except ScriptError as error:
        raise CannotRunError(str(error)) from error
    return lambda: provider


def _bedrock() -> Callable[[], ModelProvider]:
    try:
        session = Session()
        credentials, region = session.get_credentials(), session.region_name
        provider = BedrockProvider.from_environment(os.environ)
    except (BotoCoreError, BedrockConfigurationError) as error:
        raise CannotRunError(f"Amazon Bedrock cannot be asked: {error}") from error
    if credentials is None:
        raise CannotRunError("There are no AWS credentials; log in, or use --provider cassette, which needs none.")
    if region is None:
        raise CannotRunError(
            "There is no AWS region; set AWS_DEFAULT_REGION, or use --provider cassette, which needs none."
        )
    return lambda: provider
