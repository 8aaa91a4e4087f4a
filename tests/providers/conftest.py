"""What the tests of the providers share: no configuration of the machine's, and a Bedrock that behaves as told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.providers.bedrock_stand_in import StandInThat
from tests.stand_in import ConverseStandIn
from tests.stand_in.isolation import forget_aws_configuration


@pytest.fixture(autouse=True)
def no_aws_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the machine that runs the tests has configured must not matter."""
    forget_aws_configuration(monkeypatch, tmp_path)


@pytest.fixture
def stand_in_that() -> Iterator[StandInThat]:
    """Starts a stand-in that behaves the same way each time."""
    with ExitStack() as stand_ins:
        yield lambda behaviour: stand_ins.enter_context(ConverseStandIn(lambda _: behaviour))
