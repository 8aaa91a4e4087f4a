"""Plays a cassette's interactions into botocore: each once, equal requests in the recorded order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import botocore.exceptions as bx
from botocore.awsrequest import AWSResponse
from botocore.exceptions import BotoCoreError

from providers.cassette.file import FAULT_STATUS, RECORD_ADVICE, Cassette, CassetteError, Interaction
from providers.cassette.match import Key, Recording

_TRANSPORT = (bx.HTTPClientError, bx.ConnectionError, bx.IncompleteReadError)

FAULTS: Mapping[str, type[BotoCoreError]] = MappingProxyType(
    {name: kind for name, kind in vars(bx).items() if isinstance(kind, type) and issubclass(kind, _TRANSPORT)}
)
"""What botocore raises when no answer comes, by class name: the faults that a cassette can hold."""


class CassettePlayer:
    """The interactions of a cassette that are still to be played. Safe from any number of threads.

    Playing costs the same however many there are. `path` is for messages.

    Raises:
        CassetteError: A recorded fault has a name that no botocore exception of this version has.
    """

    def __init__(self, path: Path, cassette: Cassette) -> None:
        self._interactions = cassette.interactions
        self._keys = [Key.of(item.method, item.uri, item.request_body) for item in cassette.interactions]
        self._waiting: dict[Key, deque[int]] = {}
        self._lock = threading.Lock()
        for position, (key, interaction) in enumerate(zip(self._keys, self._interactions, strict=True)):
            if interaction.status == FAULT_STATUS and interaction.reason not in FAULTS:
                raise CassetteError(
                    f"{path}, interaction {position + 1}: botocore has no exception {interaction.reason!r} for a call "
                    f"that got no answer; there are {', '.join(FAULTS)}. {RECORD_ADVICE}"
                )
            self._waiting.setdefault(key, deque()).append(position)

    def take(self, key: Key) -> Interaction | None:
        """The next recording of a request, which is then played; None if there is none left."""
        with self._lock:
            waiting = self._waiting.get(key)
            return self._interactions[waiting.popleft()] if waiting else None

    @property
    def recordings(self) -> tuple[Recording, ...]:
        """Every recorded request, and whether it was played."""
        with self._lock:
            left = {position for positions in self._waiting.values() for position in positions}
        return tuple(
            Recording(position + 1, key, played=position not in left) for position, key in enumerate(self._keys)
        )


def answer(interaction: Interaction, url: str) -> AWSResponse:
    """The HTTP response that was recorded, for botocore to parse as the answer from `url`.

    Raises:
        BotoCoreError: No answer came when recording: the exception that botocore raised then.
    """
    if interaction.status == FAULT_STATUS:
        raise FAULTS[interaction.reason](
            # Every field that one of their messages may name.
            endpoint_url=url,
            proxy_url=url,
            error="recorded in a cassette",
            actual_bytes=0,
            expected_bytes=0,
        )
    body = interaction.body if isinstance(interaction.body, bytes) else interaction.body.encode()
    headers = {name: ", ".join(values) for name, values in interaction.headers.items()}
    return AWSResponse(url, interaction.status, headers, _Body(body))  # type: ignore[arg-type]  # any mapping will do


class _Body:
    """The part of urllib3's response that botocore reads a body from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        yield self._content
