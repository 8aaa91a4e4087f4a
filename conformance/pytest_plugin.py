"""A pytest plugin: the fixture `durable_check`, so that a test of a durable handler is three lines.

def test_my_handler_survives_every_crash(durable_check):
durable_check(my_handler, event={"order": 7})
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from conformance.side_by_side import threads_left_behind

if TYPE_CHECKING:  # pytest loads every plugin at every start; the SDKs, half a second, only where a test asks for them
    from conformance.exploration import Exploration
    from conformance.findings import Report
    from conformance.html import Explored
    from conformance.scenario import CallbackAnswer
    from providers.scripted import Script

OPTION = "--durable-report"

_NO_FILE_NAME = re.compile(r"[^\w.]+")

PATCHING_FIXTURES = frozenset({"monkeypatch", "mocker"})
"""Fixtures whose doubles another process would not have: what they replace would be called for real there."""


class DurableCheck(Protocol):
    """What the fixture `durable_check` is."""

    def __call__(
        self,
        target: object,
        *,
        event: Any = None,
        script: Script | None = None,
        callbacks: Mapping[str, Sequence[CallbackAnswer]] | None = None,
        invokes: Mapping[str, Sequence[CallbackAnswer]] | None = None,
        exploration: Exploration | None = None,
        other_sandboxes: bool | None = None,
    ) -> Report:
        """Explore `target`, and fail the test with a table of what breaks.

        Args:
            target: A durable handler, or a function `(event, context, model)`.
            event: The execution's input; `{}` unless given.
            script: What the model answers (`providers.scripted`); without one it answers everything.
            callbacks: What people answer, by callback name; `"ok"` to whatever is not mentioned.
            invokes: What chained invocations come to, by operation name; `"ok"` for whatever is not mentioned.
            exploration: How far to go; everywhere, in every variant, unless given.
            other_sandboxes: Whether to run the handler in other processes, too, where it is imported afresh. Unless
                given, it is if it is bound to a name of its module and the test uses no fixture that patches.
        """
        ...


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


@pytest.fixture
def durable_check(request: pytest.FixtureRequest) -> Iterator[DurableCheck]:
    """Explores a durable handler and fails the test if it breaks a rule."""
    from conformance.durable_check import checked_by  # noqa: PLC0415  # see above

    in_other_processes = PATCHING_FIXTURES.isdisjoint(request.fixturenames)
    folder = request.config.getoption(OPTION)
    if not folder:
        yield checked_by(in_other_processes=in_other_processes)
        return
    kept: list[Explored] = []
    yield checked_by(in_other_processes=in_other_processes, keep=kept.append)
    if kept:
        from conformance.report_file import write_html  # noqa: PLC0415  # see above

        test = request.node.nodeid
        write_html(Path(folder) / f"{_NO_FILE_NAME.sub('-', test)}.html", test, kept)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End the process here if a handler still runs in it: the interpreter would wait for that thread for ever."""
    if threads_left_behind():
        status = int(config.stash.get(EXIT_STATUS, pytest.ExitCode.TESTS_FAILED))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


EXIT_STATUS: pytest.StashKey[int] = pytest.StashKey()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember what the process is to exit with."""
    session.config.stash[EXIT_STATUS] = int(exitstatus)
