"""Which provider a command asks, as it was typed: the command line's reader of `providers.selection`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from durable_conformance.errors import CannotRunError

if TYPE_CHECKING:
    from providers import ModelProvider

CASSETTE = "cassette"
SCRIPTED = "scripted"


def known_provider(typed: str) -> str:
    """The parser of `--provider`."""
    from providers.selection import provider_names  # noqa: PLC0415  # only where a provider is at play

    if typed not in provider_names():
        raise typer.BadParameter(f"{typed!r} is not one of {', '.join(provider_names())}.")
    return typed


def chosen_model(name: str, *, cassette: Path | None = None, script: Path | None = None) -> Callable[[], ModelProvider]:
    """Makes the provider `name`, a new one for each execution: `cassette` replays a file; `scripted` may have one.

    Raises:
        CannotRunError: The file is missing or unreadable, or there are no credentials.
    """
    from providers import PermanentModelError  # noqa: PLC0415  # only where a provider is at play
    from providers.selection import ProviderSettings, check_provider, make_provider  # noqa: PLC0415

    if cassette and not cassette.is_file():
        raise CannotRunError(
            f"There is no cassette {cassette}; run this in the repository, or name another with --cassette."
        )
    settings = ProviderSettings(environment=os.environ, cassette=cassette, script=script)
    try:
        check_provider(name, settings)
    except PermanentModelError as error:
        raise CannotRunError(str(error)) from error
    return lambda: make_provider(name, settings)
