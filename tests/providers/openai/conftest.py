"""What the tests of the OpenAI provider share: a server that behaves as told, and an environment without a key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.chat_stand_in import ChatStandIn
from tests.providers.openai.stand_in import StandInThat


@pytest.fixture(autouse=True)
def no_openai_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OPENAI_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def stand_in_that() -> Iterator[StandInThat]:
    """Starts a stand-in that behaves the same way each time."""
    with ExitStack() as stand_ins:
        yield lambda behaviour: stand_ins.enter_context(ChatStandIn(lambda _: behaviour))
