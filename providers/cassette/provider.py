"""A provider that replays a recorded conversation: Bedrock's, over everything but the network.

The request is serialised, the response parsed and errors are mapped by the code that does it in production; only the
HTTP exchange comes from the file, through botocore's public `before-send` event.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import botocore.session
from boto3.session import Session
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from providers.bedrock import BedrockProvider, make_client
from providers.cassette.file import ENDPOINT, RECORD_ADVICE, read_cassette
from providers.cassette.match import Key, explain_miss
from providers.cassette.player import CassettePlayer, answer
from providers.errors import FatalModelError
from providers.model import ModelRequest, ModelResponse

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

MAX_STALE = 10
"""How many interactions that were not played a message lists."""

_REGION = "us-east-1"
_making_clients = threading.Lock()


class CassetteMiss(FatalModelError):  # noqa: N818  # the field's word for it
    """A request is not in the cassette, or not any more: no answer would be the recorded one."""


class CassetteStale(AssertionError):  # noqa: N818  # the field's word for it
    """Interactions of a cassette were not played: what it recorded is no longer what happens."""


class CassetteProvider:
    """Answers model requests from a cassette. Safe from any number of threads.

    It needs no credentials, no region and no network, and nothing that AWS variables or files say can get in its way.
    Use it as a context manager, or call `verify` at the end:

        with CassetteProvider("cassettes/prompt_chaining/default.yaml") as model:
            ...

    Args:
        path: The file.
        tiers: Model ids for some or all of the tiers; None takes those it was recorded with.
        structured_output: Whether output schemas are sent; None does as when recording.

    Raises:
        CassetteError: The file is missing or is no cassette.
    """

    def __init__(
        self, path: str | Path, *, tiers: Mapping[str, str] | None = None, structured_output: bool | None = None
    ) -> None:
        self._path = Path(path)
        cassette = read_cassette(self._path)
        recorded = cassette.provenance
        if tiers is None:
            tiers = recorded.tiers if recorded else {}
        if structured_output is None:
            structured_output = recorded.structured_output if recorded else True
        self._player = CassettePlayer(self._path, cassette)
        self._bedrock = BedrockProvider(
            client_factory=self._client, tiers=tiers, structured_output=structured_output, bounded=False
        )
        self._misses: list[CassetteMiss] = []

    @property
    def misses(self) -> tuple[CassetteMiss, ...]:
        """Every miss so far: a handler that catches everything cannot hide one."""
        return tuple(self._misses)

    def converse(self, request: ModelRequest) -> ModelResponse:
        """Answer with the next recording of `request`.

        Raises:
            ModelError: The recording is of a failure.
            CassetteMiss: There is none, or none left; the message says what changed.
        """
        return self._bedrock.converse(request)

    def verify(self) -> None:
        """Check that the conversation went as recorded.

        Raises:
            CassetteMiss: A request was not in the cassette: the first one.
            CassetteStale: Something recorded was not asked for.
        """
        if self._misses:
            raise self._misses[0]
        recordings = self._player.recordings
        left = [recording for recording in recordings if not recording.played]
        if left:
            listed = "".join(f"\n  interaction {item.number}: {item.key}" for item in left[:MAX_STALE])
            more = f"\n  and {len(left) - MAX_STALE} more" if len(left) > MAX_STALE else ""
            raise CassetteStale(
                f"{self._path}: {len(left)} of {len(recordings)} recorded interactions were not asked for:"
                f"{listed}{more}\n{RECORD_ADVICE}"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.verify()
        elif self._misses and isinstance(error, Exception) and not isinstance(error, CassetteMiss):
            raise self._misses[0]  # most likely the error's cause; what was not asked for certainly is its effect

    def _client(self) -> BedrockRuntimeClient:
        with _making_clients:  # a session is not for use by several threads; a client is
            client = make_client(
                session=_offline_session(),
                region_name=_REGION,
                endpoint_url=ENDPOINT,
                config=Config(signature_version=UNSIGNED),
            )
        events: Any = client.meta.events  # its stubs know only handlers that return nothing
        events.register("before-send.bedrock-runtime.Converse", self._play)
        return client

    def _play(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        key = Key.of(request.method, request.url, request.body)
        interaction = self._player.take(key)
        if interaction is None:
            miss = CassetteMiss(explain_miss(str(self._path), key, self._player.recordings))
            self._misses.append(miss)
            raise miss
        return answer(interaction, request.url)


def isolated_session() -> botocore.session.Session:
    """A botocore session that looks at no environment variable and at no file of the user's for its settings."""
    nowhere = {"config_file": os.devnull, "credentials_file": os.devnull}
    variables = {
        name: (None, None, nowhere.get(name, default), convert)
        for name, (_, _, default, convert) in botocore.session.Session.SESSION_VARIABLES.items()
    }
    return botocore.session.Session(session_vars=variables)


@functools.cache
def _offline_session() -> Session:
    """One for the process: the first client of a session takes 70 ms, to read the service model; the next ones 2."""
    return Session(botocore_session=isolated_session())
