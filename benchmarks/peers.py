"""The broken corpus through a peer, and through ours: `python -m benchmarks.peers`.

`replayguard` reads code and runs none. It is installed from the package index into an environment of its own, made for
this and removed after; where it cannot be, its column is left out, with the reason. Both are asked about the broken
corpus, handlers on plain boto3, and the correct corpus: caught, the line of the fault named, false alarms, seconds.
"""

from __future__ import annotations

import argparse
import inspect
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from durable_conformance import Finding
from durable_conformance.reporting import by_cause
from tests.conformance import test_as_found
from tests.conformance.as_found import broken as plain
from tests.conformance.cause_table import faults
from tests.conformance.corpus import BROKEN, CORRECT
from tests.conformance.corpus.entry import Entry, Shelf

PEER = "replayguard"
PLAIN = Path(plain.__file__)


@dataclass(frozen=True)
class Handler:
    """Where a handler is written, and where its fault is, as far as somebody has marked that."""

    name: str
    file: Path
    lines: range
    fault: frozenset[int] = frozenset()

    @classmethod
    def of(cls, name: str, function: Any, fault: Iterable[str] = ()) -> Handler:
        """The handler that `function` is, or makes; `fault` are lines, as `handler.py:12`."""
        function = inspect.unwrap(function)
        source, first = inspect.getsourcelines(function)
        numbers = frozenset(int(line.rpartition(":")[2]) for line in fault)
        return cls(name, Path(inspect.getfile(function)), range(first, first + len(source)), numbers)


@dataclass
class Tally:
    """What one of the two says of one group of handlers."""

    handlers: int = 0
    told: int = 0  # with an error
    named: int = 0  # with the line of the fault
    seconds: float = 0.0


def entries(shelves: Mapping[str, Shelf]) -> list[Entry]:
    """Those of all shelves."""
    return [entry for shelf in shelves.values() for entry in shelf.entries.values()]


def installed(folder: Path) -> Path | str:
    """Where the peer's command is, in an environment of its own; or why it is not."""
    made = subprocess.run([sys.executable, "-m", "venv", folder], capture_output=True, text=True, check=False)
    pip = folder / "bin" / "pip"
    if not made.returncode:
        made = subprocess.run([pip, "install", "--quiet", PEER], capture_output=True, text=True, check=False)
    return f"{PEER} cannot be installed: {made.stderr.strip()[-200:]}" if made.returncode else folder / "bin" / PEER


def peers_lines(command: Path, files: Iterable[Path]) -> tuple[set[tuple[Path, int]], float]:
    """The lines of `files` that the peer calls an error or a warning, and the seconds that it takes."""
    began = time.perf_counter()
    done = subprocess.run(
        [command, "check", "--format", "sarif", "--fail-on", "never", *sorted(set(files))],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - began
    lines = set()
    for result in (one for run in json.loads(done.stdout)["runs"] for one in run["results"]):
        place = result["locations"][0]["physicalLocation"]
        if result.get("level", "warning") in {"error", "warning"}:
            uri = place["artifactLocation"]["uri"].removeprefix("file://")
            lines.add((Path(uri).resolve(), place["region"]["startLine"]))
    return lines, seconds


def peer(command: Path, handlers: Sequence[Handler]) -> Tally:
    """What the peer says of `handlers`: a line of theirs is told."""
    lines, seconds = peers_lines(command, [one.file for one in handlers])
    tally = Tally(len(handlers), seconds=seconds)
    for one in handlers:
        its_own = {number for file, number in lines if file == one.file.resolve() and number in one.lines}
        tally.told += bool(its_own)
        tally.named += bool(its_own & one.fault)
    return tally


def ours(handlers: Sequence[Handler], findings: Iterable[Sequence[Finding]]) -> Tally:
    """What ours says of `handlers`, one after the other: the first cause counts."""
    tally = Tally(len(handlers))
    began = time.perf_counter()
    for one, found in zip(handlers, findings, strict=True):
        tally.told += bool(found)
        first = next((group[0] for _, group in by_cause(found)), None)
        line = "" if first is None else first.cause.line if first.cause else first.line
        tally.named += line.rpartition(":")[2] in {str(number) for number in one.fault}
    tally.seconds = time.perf_counter() - began
    return tally


def main() -> None:
    """Ask both, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--first", type=int, help="as many handlers of each group alone")
    most = parser.parse_args().first
    console = Console()
    broken, correct = entries(BROKEN)[:most], entries(CORRECT)[:most]
    boto = [one for one in test_as_found.ALL if one.module == PLAIN.stem][:most]
    groups: dict[str, tuple[list[Handler], Callable[[], Iterable[Sequence[Finding]]]]] = {
        "broken, decorated": (
            [Handler.of(one.name, one.module, faults(one)) for one in broken],
            lambda: ((one.explored(whole=True).errors or one.explored().warnings) for one in broken),
        ),
        "broken, plain boto3": (
            [Handler.of(one.name, one.handler) for one in boto],
            lambda: (test_as_found.explored(one).errors for one in boto),
        ),
        "correct: false alarms": (
            [Handler.of(one.name, one.module) for one in correct],
            lambda: (one.explored().errors for one in correct),
        ),
    }
    table = Table(title=f"{PEER}, and ours")
    for heading in ("handlers", "by", "told", "line of the fault", "seconds"):
        table.add_column(heading)
    with tempfile.TemporaryDirectory() as folder:
        command = installed(Path(folder) / PEER)
        for name, (handlers, explored) in groups.items():
            rows = [("ours", ours(handlers, explored()))]
            if isinstance(command, Path):
                rows.insert(0, (PEER, peer(command, handlers)))
            for who, tally in rows:
                marked = any(one.fault for one in handlers)
                named = f"{tally.named}" if marked else "not marked"
                table.add_row(name, who, f"{tally.told} of {tally.handlers}", named, f"{tally.seconds:.1f}")
    console.print(table)
    if isinstance(command, str):
        console.print(command)


if __name__ == "__main__":
    main()
