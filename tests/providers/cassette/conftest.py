"""What the tests of cassettes share: a file, cassettes to play, and models that are recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from providers.cassette import CassetteProvider, Interaction, Provenance, write_cassette
from tests.providers.cassette.interactions import PROVENANCE, ProviderOf, cassette
from tests.providers.cassette.recording import RecordingOf, recordings


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a cassette goes, in a folder that is not there yet."""
    return tmp_path / "look" / "around.yaml"


@pytest.fixture
def provider_of(path: Path) -> ProviderOf:
    """Writes interactions to `path`, and plays them."""

    def provider(*interactions: Interaction, provenance: Provenance = PROVENANCE) -> CassetteProvider:
        write_cassette(path, cassette(*interactions, provenance=provenance))
        return CassetteProvider(path)

    return provider


@pytest.fixture
def recording_of(path: Path) -> Iterator[RecordingOf]:
    """Makes models whose calls are recorded to `path`, and their recorders."""
    with recordings(path) as recording_of:
        yield recording_of
