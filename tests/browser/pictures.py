"""Takes the README's pictures of a report: `python -m tests.browser.pictures`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from durable_conformance.reporting import write_html
from tests.browser.chromium import Scheme, browser, chromium, tab
from tests.browser.reports import NAME, support_desk_report

FOLDER = Path(__file__).parents[2] / "docs"
PICTURES: dict[str, Scheme] = {"report.png": "light", "report-dark.png": "dark"}
HEIGHT = 1_650
"""Down to the end of the matrix."""


def main() -> int:
    """Explore, and take one picture light and one dark; returns the exit code."""
    executable = chromium()
    if executable is None:
        print("There is no Chromium here: install it, or name it with CHROMIUM=FILE.", file=sys.stderr)  # noqa: T201
        return 2
    with tempfile.TemporaryDirectory() as folder, browser(executable) as opened:
        file = Path(folder) / "report.html"
        write_html(file, NAME, [support_desk_report(other_sandboxes=False)])
        for name, scheme in PICTURES.items():
            with tab(opened, scheme, HEIGHT) as shown:
                shown.open(file)
                shown.page.screenshot(path=FOLDER / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
