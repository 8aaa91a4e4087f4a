"""One MiniStack for all tests here, and the template on it; all are skipped where MiniStack could not be installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stranger.ministack import MiniStack
from tests.stranger.stack import Stack, deployed

VARIABLE = "MINISTACK"


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    """An empty account."""
    if VARIABLE not in os.environ:
        pytest.fail(f"{VARIABLE} names no program: `tox -e stranger` installs it and says where it is.")
    program = Path(os.environ[VARIABLE])
    if not program.exists():
        pytest.skip("MiniStack could not be installed here; uv has said why, before the tests")
    with MiniStack(program, tmp_path_factory.mktemp("ministack")) as ministack:
        yield ministack


@pytest.fixture(scope="session")
def stack(ministack: MiniStack) -> Stack:
    """The template, deployed."""
    return deployed(ministack)
