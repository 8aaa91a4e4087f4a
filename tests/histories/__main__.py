"""Records the histories of `tests/histories` and `tests/bad_histories`; see the package."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from durable_conformance.histories import History, alike, load_history, provenance, record, save_history
from tests.histories.older import OLDER
from tests.histories.selection import selected
from tests.patterns.catalogue import CATALOGUE


def recordings(now: dt.datetime) -> Iterator[tuple[Path, History]]:
    """Every history, recorded now, and its file."""
    for golden in selected():
        pattern = CATALOGUE[golden.pattern]
        scenario = pattern.scenarios[golden.scenario]
        yield golden.path, record(pattern.handler_for, scenario, provenance(golden.pattern, golden.scenario, now))
    for version in OLDER:
        said = provenance(version.pattern, f"on an older version: {version.name}", now)
        yield version.path, record(version.handler, version.scenario, said)


def main() -> None:
    logging.getLogger("aws_durable_execution_sdk_python").setLevel(logging.CRITICAL + 1)
    console = Console()
    for path, history in recordings(dt.datetime.now(dt.UTC)):
        changed = not path.exists() or not alike(load_history(path), history)
        if changed:
            save_history(history, path)
        console.print(f"{'recorded' if changed else 'unchanged'}: {path.relative_to(Path.cwd())}", soft_wrap=True)


if __name__ == "__main__":
    main()
