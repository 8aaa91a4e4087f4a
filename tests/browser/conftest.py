"""One browser and three reports for all tests here; all are skipped where there is no Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from durable_conformance.evidence import Explored
from durable_conformance.reporting import write_html
from tests.browser.chromium import VARIABLE, Tab, browser, chromium, tab
from tests.browser.reports import NAME, support_desk_report
from tests.conformance.made_up_reports import HOSTILE, everywhere, sized, wordy

MANY = 2_000


@pytest.fixture(scope="session")
def window() -> Iterator[Browser]:
    """The machine's Chromium."""
    executable = chromium()
    if executable is None:
        pytest.skip(f"there is no Chromium here: install it, or name it with {VARIABLE}=FILE")
    with browser(executable) as opened:
        yield opened


@pytest.fixture(scope="session")
def broken(window: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report about a handler with a defect."""
    return _written(tmp_path_factory, "broken", NAME, support_desk_report(other_sandboxes=False))


@pytest.fixture(scope="session")
def hostile(window: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report about a handler that writes markup wherever it can."""
    return _written(tmp_path_factory, "hostile", HOSTILE, wordy(HOSTILE))


@pytest.fixture(scope="session")
def many(window: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of 2,000 runs."""
    return _written(tmp_path_factory, "many", "Many runs", sized(MANY))


@pytest.fixture(scope="session")
def alike(window: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report about a handler that calls a model outside steps: every run shows it."""
    return _written(tmp_path_factory, "alike", "Alike", everywhere(operations=6))


@pytest.fixture
def opened(window: Browser) -> Iterator[Tab]:
    """A tab; when the test has ended, no page of it has complained, or asked for anything but itself."""
    with tab(window) as shown:
        yield shown
        assert shown.said == []
        assert [address for address in shown.asked if not address.startswith("file:")] == []


def _written(factory: pytest.TempPathFactory, name: str, title: str, explored: Explored) -> Path:
    file = factory.mktemp("reports") / f"{name}.html"
    write_html(file, title, [explored])
    return file
