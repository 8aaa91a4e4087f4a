"""A model whose calls are recorded, for tests of what a recorder writes."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from boto3.session import Session

from providers.bedrock import BedrockProvider, make_client
from providers.cassette import CassetteRecorder, isolated_session
from tests.stand_in import Behave, Behaviour, ConverseStandIn, environment_for, plausible

NEW_YEAR = dt.datetime(2031, 1, 1, 1, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))


def isolated_keys(key_id: str = "stand-in", secret: str = "stand-in", token: str | None = None) -> Session:
    """A session with these credentials, whatever the machine that runs the tests has configured."""
    return Session(key_id, secret, token, region_name="us-east-1", botocore_session=isolated_session())


def lead_to(stand_in: ConverseStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment's boto3 talk to `stand_in`, and look at nothing of the machine's configuration."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    for name, value in (environment_for(stand_in.url, {}) | nowhere).items():
        monkeypatch.setenv(name, value)


type Recording = tuple[BedrockProvider, CassetteRecorder]
type RecordingOf = Callable[..., Recording]


@contextmanager
def recordings(path: Path) -> Iterator[RecordingOf]:
    """Makes providers that ask a stand-in of some behaviour, and the recorders that listen."""
    with ExitStack() as stand_ins:

        def recording(
            behave: Behave | Behaviour = plausible,
            *,
            session: Session | None = None,
            read_timeout: int = 60,
            keep: bool = False,
        ) -> Recording:
            behaviour = behave if callable(behave) else lambda _: behave
            stand_in = stand_ins.enter_context(ConverseStandIn(behaviour))
            recorder = CassetteRecorder(path, keep=keep, clock=lambda: NEW_YEAR)
            client = recorder.attach(
                make_client(session=session or isolated_keys(), endpoint_url=stand_in.url, read_timeout=read_timeout)
            )
            return BedrockProvider(client_factory=lambda: client), recorder

        yield recording
