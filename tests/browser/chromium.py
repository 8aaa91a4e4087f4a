"""Headless Chromium, driven as a person would, that tells what a page says to its console and asks the network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

VARIABLE = "CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",  # Chromium refuses its sandbox to root; the pages here are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LAPTOP_WIDTH, LAPTOP_HEIGHT = 1280, 800

type Scheme = Literal["light", "dark"]


def chromium() -> str | None:
    """Where this machine's Chromium is; None if it has none."""
    named = os.environ.get(VARIABLE)
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def browser(executable: str) -> Iterator[Browser]:
    """A browser with a profile of its own, which is gone afterwards."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        try:
            yield launched
        finally:
            launched.close()


@dataclass
class Tab:
    """A page in a window of a laptop's size.

    Attributes:
        page: The page.
        said: What it wrote to its console, and errors that nobody caught.
        asked: The addresses that it asked for.
    """

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open(self, file: Path, fragment: str = "") -> None:
        """Load a file, at `#fragment` if given."""
        self.page.goto(f"{file.as_uri()}{fragment and '#'}{fragment}")


@contextmanager
def tab(
    browser: Browser, scheme: Scheme = "light", height: int = LAPTOP_HEIGHT, *, script: bool = True
) -> Iterator[Tab]:
    """A new tab of a new profile.

    Args:
        browser: The browser.
        scheme: What the system prefers.
        height: Of the window, in pixels.
        script: Whether JavaScript is on.
    """
    context: BrowserContext = browser.new_context(
        viewport={"width": LAPTOP_WIDTH, "height": height}, color_scheme=scheme, java_script_enabled=script
    )
    try:
        opened = Tab(context.new_page())
        opened.page.on("console", lambda message: opened.said.append(message.text))
        opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.page.on("request", lambda request: opened.asked.append(request.url))
        yield opened
    finally:
        context.close()
