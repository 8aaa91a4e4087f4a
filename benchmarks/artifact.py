"""What is deployed: a listing with sizes, and its size and import time against its libraries alone.

    python -m benchmarks.artifact FOLDER

`FOLDER` is what `sam build` made. Import times are CPU times on this machine, of the same artifact built for it: each
in a fresh interpreter that sees nothing else, all subjects in turn, so that a busy moment meets all of them.
"""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.imports import Kind, Subject, seconds, subjects
from benchmarks.targets import IMPORTS, ROOT

ROUNDS = 15
"""Imports of each subject; the median counts."""

MEGABYTE = 1024 * 1024


def main(folder: Path) -> None:
    """Print the listing and the measurements of what `sam build` left in `folder`."""
    console = Console()
    for names, artifact in distinct(folder).items():
        console.print(listing(names, artifact))
    host = f"build/manylinux2014_{platform.machine()}-3.13"
    for kind in Kind:
        make(f"{host}/artifact-{kind}")
    console.print(sizes(ROOT / host))
    console.print(imports(ROOT / host, console))


def make(target: str) -> None:
    """Build a target of the Makefile for this machine.

    Raises:
        SystemExit: It cannot be built; what make printed says why.
    """
    command = ["make", target, f"PLATFORM=manylinux2014_{platform.machine()}"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if made.returncode:
        sys.exit(made.stderr)


def distinct(folder: Path) -> dict[str, Path]:
    """The different artifacts in `folder`, each under the names of the functions that run it.

    Raises:
        SystemExit: There is none.
    """
    functions: dict[frozenset[tuple[str, int]], list[Path]] = {}
    for artifact in sorted(path for path in folder.iterdir() if path.is_dir()):
        functions.setdefault(frozenset(files(artifact).items()), []).append(artifact)
    if not functions:
        sys.exit(f"{folder} holds no function: run `sam build --build-dir {folder}` first.")
    return {", ".join(path.name for path in alike): alike[0] for alike in functions.values()}


def files(folder: Path) -> dict[str, int]:
    """Size in bytes by path of every file below `folder`."""
    return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def listing(names: str, artifact: Path) -> Table:
    """What stands at the top of an artifact, and how much is below it; distributions' metadata as one line."""
    table = Table(title=names, title_justify="left", caption_justify="left")
    for column in ("", "files", "MB"):
        table.add_column(column, justify="left" if not column else "right")
    groups: dict[str, list[int]] = {}
    for path, size in files(artifact).items():
        top = path.partition("/")[0]
        groups.setdefault("*.dist-info" if top.endswith(".dist-info") else top, []).append(size)
    for name, found in sorted(groups.items()):
        table.add_row(name, str(len(found)), f"{sum(found) / MEGABYTE:.2f}")
    everything = [size for found in groups.values() for size in found]
    table.add_section()
    table.add_row("unzipped", str(len(everything)), f"{sum(everything) / MEGABYTE:.2f}")
    table.add_row("zipped", "", f"{zipped(artifact) / MEGABYTE:.2f}")
    return table


def zipped(folder: Path) -> int:
    """Bytes of the archive that is uploaded."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files(folder):
                archive.write(folder / path, path)
        return file.tell()


def sizes(host: Path) -> Table:
    """Each artifact's size against its libraries'."""
    table = Table(title="Size, MB unzipped", title_justify="left")
    for column in ("artifact", "its libraries alone", "whole", "ratio"):
        table.add_column(column, justify="left" if column == "artifact" else "right")
    for kind in Kind:
        libraries, whole = (
            sum(files(host / f"{part}-{kind}").values()) / MEGABYTE for part in ("requirements", "artifact")
        )
        table.add_row(kind, f"{libraries:.2f}", f"{whole:.2f}", f"{whole / libraries:.3f}")
    return table


def imports(host: Path, console: Console) -> Table:
    """Each pattern's import time against its libraries'."""
    kinds = {part: {kind: host / f"{part}-{kind}" for kind in Kind} for part in ("requirements", "artifact")}
    chosen = list(subjects(kinds["requirements"], kinds["artifact"]))
    times: dict[str, list[float]] = {subject.name: [] for subject in chosen}
    for _ in track(range(ROUNDS), "Importing", console=console, transient=True):
        for subject in chosen:
            times[subject.name].append(seconds(subject))
    return compared(chosen, {name: statistics.median(taken) for name, taken in times.items()})


def compared(chosen: Sequence[Subject], medians: Mapping[str, float]) -> Table:
    """The table of import times."""
    bound = min(target.bound for target in IMPORTS.values())
    table = Table(
        title=f"Import, ms of CPU, median of {ROUNDS}; target: ratio of at most {bound}", title_justify="left"
    )
    for column in ("", "ms", "ratio"):
        table.add_column(column, justify="left" if not column else "right")
    for subject in chosen:
        ratio = medians[subject.name] / medians[subject.against]
        shown = "" if subject.against == subject.name else f"{ratio:.2f}"
        table.add_row(subject.name, f"{medians[subject.name] * 1000:.0f}", shown)
    return table


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Say where `sam build` built: python -m benchmarks.artifact FOLDER")
    main(Path(sys.argv[1]))
