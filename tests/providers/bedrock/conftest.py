"""What the tests of the Bedrock provider share: a Bedrock that behaves as told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.providers.bedrock.stand_in import StandInThat
from tests.stand_in import ConverseStandIn


@pytest.fixture
def stand_in_that() -> Iterator[StandInThat]:
    """Starts a stand-in that behaves the same way each time."""
    with ExitStack() as stand_ins:
        yield lambda behaviour: stand_ins.enter_context(ConverseStandIn(lambda _: behaviour))
