"""A pytest plugin: the fixture `durable_check`, so that a test of a durable handler is three lines.

def test_my_handler_survives_every_crash(durable_check):
durable_check(my_handler, event={"order": 7})
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # pytest loads every plugin at every start; the SDKs, half a second, only where a test asks for them
    from durable_conformance.durable_check import DurableCheck
    from durable_conformance.evidence import Explored
    from durable_conformance.workers import Templates

OPTION = "--durable-report"

_NO_FILE_NAME = re.compile(r"[^\w.]+")

PATCHING_FIXTURES = frozenset({"monkeypatch", "mocker"})
"""Fixtures whose doubles another process would not have: what they replace would be called for real there."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that names a folder for reports."""
    parser.getgroup("durable").addoption(
        OPTION, metavar="FOLDER", help="Write a page about every run of each durable_check to this folder, one a test."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder, so that what keeps a report from being written is told before any test."""
    if folder := config.getoption(OPTION):
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise pytest.UsageError(f"{OPTION} cannot be written to {folder}: {error.strerror}.") from error


@pytest.fixture(scope="session")
def _durable_templates() -> Iterator[Templates]:
    """What checks of this session need not start and import again; under xdist, each of its processes has its own."""
    from durable_conformance.workers import Templates  # noqa: PLC0415  # see above

    with Templates() as templates:
        yield templates


@pytest.fixture
def durable_check(request: pytest.FixtureRequest, _durable_templates: Templates) -> Iterator[DurableCheck]:
    """Explores a durable handler and fails the test if it breaks a rule."""
    from durable_conformance.durable_check import DurableCheck  # noqa: PLC0415  # see above

    in_other_processes = PATCHING_FIXTURES.isdisjoint(request.fixturenames)
    folder = request.config.getoption(OPTION)
    kept: list[Explored] = []
    yield DurableCheck(in_other_processes, kept.append if folder else None, _durable_templates)
    if kept:
        from durable_conformance.reporting import write_html  # noqa: PLC0415  # see above

        test = request.node.nodeid
        write_html(Path(folder) / f"{_NO_FILE_NAME.sub('-', test)}.html", test, kept)
