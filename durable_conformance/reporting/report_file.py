"""Files that a command writes at its end: that they can be written is made sure of at its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from durable_conformance.errors import CannotRunError
from durable_conformance.reporting.html import Explored, rendered


def make_sure_of(option: str, file: Path) -> None:
    """That `file` can be written, told before an exploration that may be long rather than after it. It stays as it is.

    Args:
        option: The option that names it.
        file: Where the report goes.

    Raises:
        CannotRunError: It cannot.
    """
    there = file.exists()
    try:
        file.open("a", encoding="utf-8").close()
        if not there:
            file.unlink()
    except OSError as error:
        raise CannotRunError(f"{option} cannot be written to {file}: {error.strerror}.") from error


def write_html(file: Path, title: str, explorations: Sequence[Explored]) -> None:
    """Write a report.

    Args:
        file: Where it goes; what was there is replaced.
        title: Its heading.
        explorations: What it is about.
    """
    # Half of a surrogate pair, which a handler's text can hold and UTF-8 cannot, is shown as its escape.
    file.write_bytes(rendered(title, explorations).encode("utf-8", errors="backslashreplace"))
