"""Recorded conversations with Bedrock. This is the room's door: the rest is private to it.

`CassetteProvider` plays a cassette, `CassetteRecorder` makes one, `read_cassette` and `write_cassette` know the file.
`Key` says which requests are the same, `explain_miss` what an unrecorded one differs in. All of it needs PyYAML, which
is not deployed: install durable-ai-patterns[cassettes].
"""

from providers.cassette.file import (
    ENDPOINT,
    FAULT_STATUS,
    Cassette,
    CassetteError,
    Interaction,
    Provenance,
    read_cassette,
    read_provenance,
    render,
    write_cassette,
)
from providers.cassette.match import Key, Recording, differences, explain_miss
from providers.cassette.player import FAULTS
from providers.cassette.provider import CassetteMiss, CassetteProvider, CassetteStale, isolated_session
from providers.cassette.recorder import CassetteRecorder

__all__ = [
    "ENDPOINT",
    "FAULTS",
    "FAULT_STATUS",
    "Cassette",
    "CassetteError",
    "CassetteMiss",
    "CassetteProvider",
    "CassetteRecorder",
    "CassetteStale",
    "Interaction",
    "Key",
    "Provenance",
    "Recording",
    "differences",
    "explain_miss",
    "isolated_session",
    "read_cassette",
    "read_provenance",
    "render",
    "write_cassette",
]
