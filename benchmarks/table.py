"""The performance table, for people and as JSON."""

from __future__ import annotations

import dataclasses
import json
import platform
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from benchmarks.comparison import Row

_VERDICTS = {True: "met", False: "missed", None: "not measured"}


def table(rows: Sequence[Row]) -> Table:
    """The rows, with the spread of their ratios; what is to be said about them comes below."""
    notes = list(dict.fromkeys(row.note for row in rows if row.note))
    drawn = Table(
        title="Ratios: medians, with quartiles",
        caption="\n".join(f"{number}: {note}" for number, note in enumerate(notes, 1)),
        caption_justify="left",
    )
    for heading in ("what", "ours", "against", "theirs", "ratio", "target", ""):
        drawn.add_column(heading, overflow="fold")
    for row in rows:
        mark = f" ({notes.index(row.note) + 1})" if row.note else ""
        drawn.add_row(
            row.target.what,
            row.ours,
            row.target.against,
            row.theirs,
            str(row.ratio or ""),
            str(row.target),
            f"{_VERDICTS[row.met]}{mark}",
        )
    return drawn


def write_json(rows: Sequence[Row], path: Path) -> None:
    """Write the same to a file, and what it was measured on."""
    document = {
        "machine": platform.platform(),
        "python": platform.python_version(),
        "rows": [dataclasses.asdict(row) | {"met": row.met} for row in rows],
    }
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
